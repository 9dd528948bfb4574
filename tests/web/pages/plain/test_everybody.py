"""Everybody who comes by a link has the page without scripts, with what they may do."""

import pytest

from signaling.identifier import new_id
from signaling.invite import Invite, Role
from signaling.invite import Person as Invited
from signaling.ports.store import Records
from signaling.token import token_digest
from tests.clock import MovableClock
from tests.people import Person
from tests.serving import Server
from tests.web.pages.plain.seat import Plain, words
from web.keys import STORE
from web.routes import path


async def link_of(server: Server, consultation_id: str, role: Role, now: MovableClock) -> str:
    """Invite somebody to a session; the path of their link."""

    async def work(records: Records) -> str:
        invite_id = new_id()
        token: str = await records.invites.token(consultation_id, invite_id)
        who = Invited("Sami", "", "none", "", "en")
        digest = token_digest(token)
        invite = Invite(invite_id, consultation_id, role, who, digest, now.now())
        await records.invites.add(invite)
        return token

    return path("landing", token=await server.app[STORE].write(work))


@pytest.mark.parametrize("role", ["companion", "colleague", "interpreter"])
async def test_whoever_is_invited_waits_reads_and_writes(
    server: Server, nurse: Person, plain: Plain, clock: MovableClock, role: Role
) -> None:
    invite = await server.app[STORE].read.invites.get(plain.invite_id)
    assert invite is not None
    consultation_id = invite.consultation_id
    link = await link_of(server, consultation_id, role, clock)
    async with Person(server) as person:
        other = Plain(person, await person.join(link))
        page = await other.page()
        assert (page.status, "Session with Nurse Joy" in words(page.text)) == (200, True)
        assert "You are in the waiting room" in words((await other.lines()).text)
        desk = await nurse.enter(consultation_id=consultation_id)
        snapshot = next(each for each in desk.frames if each["type"] == "snapshot")
        seat = next(
            each for each in snapshot["participants"] if each["participant_id"] == other.invite_id
        )
        assert (seat["role"], seat["online"]) == (role, True)
        await desk.command("start_consultation")
        assert (await other.write("I am here, too")).status == 303
        assert (await plain.write("And so am I")).status == 303
        for lines in (await other.lines(), await plain.lines()):
            assert ">I am here, too<" in lines.text
            assert ">And so am I<" in lines.text
        assert (await person.post(path("seat_phone_call", invite_id=other.invite_id))).status == 303
        assert "You have asked for a call by phone" in words((await other.page()).text)
        assert "You have asked" not in words((await plain.page()).text)
        await desk.command("terminate_consultation", choice="close")
        assert (await other.page()).status == 410
