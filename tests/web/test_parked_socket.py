"""A socket that was opened before its page had a seat, and the ticket that it says hello with."""

import html
import json
import re
from datetime import timedelta
from typing import Any

import pytest

from tests.clock import MovableClock
from tests.people import Person, Wire
from tests.serving import Server, moment
from web.access.seat_tickets import VALID_FOR
from web.keys import ROOMS, STORE


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(moment("2026-12-07 14:30"))


async def take_seat(phone: Person, link: str) -> dict[str, Any]:
    """Join as the landing page's script does; the hello that it is given."""
    answer = await phone.post(link, {"room": "part"})
    assert answer.status == 200, answer.text
    found = re.search(r'data-hello="([^"]*)"', answer.text)
    assert found is not None
    hello: dict[str, Any] = json.loads(html.unescape(found[1]))
    return {**hello, "peer_id": "peer-0001"}


async def say(wire: Wire, hello: dict[str, Any]) -> dict[str, Any]:
    await wire.ws.send_str(json.dumps(hello))
    return await wire.frame()


async def test_a_socket_that_is_older_than_the_seat_is_welcome_with_a_ticket(
    server: Server, nurse: Person
) -> None:
    link = await nurse.invite()
    async with Person(server) as phone:
        parked = await phone.connect()
        hello = await take_seat(phone, link)
        assert (await say(parked, hello))["type"] == "welcome"
        room = await parked.until("snapshot")
        [amina] = [each for each in room["participants"] if each["role"] == "service_user"]
        assert amina["online"]
        assert (await phone.get(f"/seat/{hello['invite_id']}")).status == 200


async def test_nobody_is_there_who_only_reads(server: Server, nurse: Person) -> None:
    link = await nurse.invite()
    lobby = await nurse.connect()
    await lobby.send("hello", version=3, stream="lobby", peer_id="lobby-0001")
    assert (await lobby.until("lobby"))["waiting"] == []
    async with Person(server) as phone:
        await phone.get(link)
        parked = await phone.connect()
        invite = await server.app[STORE].read.invites.by_token(link.rpartition("/")[2])
        assert invite is not None
        assert invite.state != "redeemed"
        assert server.app[ROOMS].hub.room(invite.consultation_id) is None
        await say(parked, await take_seat(phone, link))
        [entry] = (await lobby.until("lobby"))["waiting"]
        assert entry["consultation_id"] == invite.consultation_id


@pytest.mark.parametrize("what", ["used", "expired", "of another seat", "made up", "none"])
async def test_any_other_ticket_is_answered_as_no_seat_is(
    server: Server, nurse: Person, clock: MovableClock, what: str
) -> None:
    link, other = await nurse.invite(), await nurse.invite("Paul")
    async with Person(server) as phone, Person(server) as stranger:
        parked = await stranger.connect()
        hello = await take_seat(phone, link)
        if what == "used":
            assert (await say(await phone.connect(), hello))["type"] == "welcome"
        elif what == "expired":
            clock.move(VALID_FOR + timedelta(seconds=1))
        elif what == "of another seat":
            hello["ticket"] = (await take_seat(stranger, other))["ticket"]
        elif what == "made up":
            hello["ticket"] = "0123456789abcdef"
        else:
            del hello["ticket"]
        assert (await say(parked, hello))["code"] == "not_found"
        assert await parked.end() == 4404


async def test_a_ticket_in_an_address_is_invalid(server: Server, nurse: Person) -> None:
    link = await nurse.invite()
    async with Person(server) as phone:
        hello = await take_seat(phone, link)
        wire = await phone.connect(json.dumps(hello))
        assert (await wire.frame())["code"] == "invalid_message"
        assert await wire.end() == 4400


async def test_whoever_leaves_the_device_loses_that_socket_too(
    server: Server, nurse: Person
) -> None:
    link = await nurse.invite()
    async with Person(server) as phone:
        parked = await phone.connect()
        await say(parked, await take_seat(phone, link))
        assert (await phone.post("/leave", {"language": "en"})).status == 303
        assert await parked.end() == 4401
