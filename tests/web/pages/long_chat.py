"""Sessions in which very much was written: made through the store, read by real sockets."""

from dataclasses import dataclass
from typing import Any

from signaling.chat import LineKind
from tests.people import Person, an_id
from tests.serving import Server
from web.keys import CLOCK, STORE

AT_ONCE = 1000
"Lines that are written in one transaction."


@dataclass
class Written:
    """A session of nurse and Amina, nobody connected yet."""

    nurse: Person
    phone: Person
    seat: str
    consultation_id: str
    scheduler_id: str


async def planned(server: Server, nurse: Person, phone: Person) -> Written:
    await nurse.sign_in()
    seat = await phone.join(await nurse.invite())
    invite = await server.app[STORE].read.invites.get(seat)
    assert invite is not None
    consultation = await server.app[STORE].read.consultations.get(invite.consultation_id)
    assert consultation is not None
    return Written(nurse, phone, seat, consultation.id, consultation.scheduler_id)


async def write(
    server: Server, consultation_id: str, lines: list[tuple[str, str]], kind: LineKind = "text"
) -> None:
    """Store (author, text) lines as the flows do, many in one transaction."""
    store, now = server.app[STORE], server.app[CLOCK].now()

    for start in range(0, len(lines), AT_ONCE):

        async def work(records: Any, some: list[tuple[str, str]]) -> None:
            for author, text in some:
                await records.chat.append(consultation_id, an_id("stored"), author, kind, text, now)

        await store.write(lambda records, at=start: work(records, lines[at : at + AT_ONCE]))
