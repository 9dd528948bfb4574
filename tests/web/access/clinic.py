"""A nurse, an administrator and Amina, each with something open that can end."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from signaling.account import Account
from signaling.wire.messages import PROTOCOL_VERSION
from storage.opening import open_database
from tests.clock import MovableClock
from tests.engines.databases import database_url
from tests.people import Person, Refused, Wire, consultation_of
from tests.serving import Server, moment, serving
from web.access.revocation import CHECK_EVERY
from web.keys import CLOCKWORK, STORE


@dataclass
class Clinic:
    """A nurse with a lobby and a room open, an administrator, and Amina in her seat."""

    server: Server
    clock: MovableClock
    folder: Path
    nurse: Person
    boss: Person
    amina: Person
    account: Account
    link: str
    invite_id: str
    consultation_id: str
    lobby: Wire
    room: Wire
    seat: Wire

    async def pass_time(self, by: timedelta) -> None:
        self.clock.move(by)
        await self.server.app[CLOCKWORK].run_due()

    async def behind_its_back(self, sql: str, *values: str) -> None:
        """Another program writes to the database; the server notices at its next check."""

        other = await open_database(self.folder, await database_url(self.folder))
        await other.write(lambda executor: executor.rows(sql, values))
        await other.close()
        await self.pass_time(CHECK_EVERY)


async def open_lobby(person: Person) -> Wire:
    wire = await person.connect()
    await wire.send("hello", version=PROTOCOL_VERSION, stream="lobby", peer_id="peer-lobby-0001")
    await wire.until("lobby")
    return wire


@asynccontextmanager
async def opened(folder: Path, **settings: str) -> AsyncIterator[Clinic]:
    async with AsyncExitStack() as stack:
        clock = MovableClock(moment("2026-12-07 14:30"))
        server = await stack.enter_async_context(serving(folder, clock, **settings))
        nurse, boss, amina = [await stack.enter_async_context(Person(server)) for _ in range(3)]
        account = await server.account()
        await server.account("boss@example.org", "The Boss", "administrator")
        await nurse.sign_in()
        await boss.sign_in("boss@example.org")
        link = await nurse.invite()
        invite_id = await amina.join(link)
        seat = await amina.enter(invite_id=invite_id)
        consultation_id = await consultation_of(seat)
        room = await nurse.enter(consultation_id=consultation_id)
        yield Clinic(
            server, clock, folder, nurse, boss, amina, account, link, invite_id, consultation_id,
            await open_lobby(nurse), room, seat,
        )  # fmt: skip


async def assert_ended(wire: Wire, code: int) -> None:
    """Wait until the socket ends with this code; what was sent at the same moment has no effect."""
    with pytest.raises((Refused, ConnectionError)):
        await wire.say("Written after the end")
    assert await wire.end() == code


async def half_hours(clinic: Clinic, count: int) -> None:
    for _ in range(count):
        await clinic.pass_time(timedelta(minutes=30))


async def pass_sessions_around(server: Server, boss: Person, nurse: Person) -> None:
    """A team is made, one of its sessions taken on and given back, shared, handed over, and it goes."""
    await server.account("remi@example.org", "Dr Remi")
    accounts = server.app[STORE].read.accounts
    joy, remi = [await accounts.by_email(f"{each}@example.org") for each in ("nurse", "remi")]
    assert joy is not None and remi is not None
    team = (await boss.post("/admin/teams", {"name": "Night"})).location
    await boss.post(f"{team}/rename", {"name": "Ward"})
    for member in (joy, remi):
        await boss.post(f"{team}/add-member", {"member": member.id})
    async with Person(server) as doctor, Person(server) as phone:
        await doctor.sign_in("remi@example.org")
        wire = await phone.enter(invite_id=await phone.join(await nurse.invite("Dana")))
        session = f"/sessions/{await consultation_of(wire)}"
        await doctor.post(f"{session}/take-part")
        await doctor.post(f"{session}/share/{remi.id}/end")
        await nurse.post(f"{session}/share", {"colleague": remi.id})
        await nurse.post(f"{session}/share/{remi.id}/end")
        await nurse.post(f"{session}/hand-over", {"colleague": remi.id})
    await boss.post(f"{team}/remove-member", {"member": remi.id})
    await boss.post(f"{team}/delete")
