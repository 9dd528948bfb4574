"""A seat that another page takes, in the middle of a call or while the first one has no line."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from signaling.calls.call import RECONNECT_GRACE
from signaling.wire.messages import PROTOCOL_VERSION
from signaling.wire.values import CLOSE_CODES
from tests.clock import MovableClock
from tests.media.support import until
from tests.people import Person
from tests.serving import serving
from tests.web.calling import NOW, Page, StartedSession, started_session
from web.keys import ROOMS, STORE, WAITS


async def take_seat(session: StartedSession, name: str) -> Page:
    """The same person opens the link on another device."""
    old = session.pages[name]
    return await session.sit(f"{name}-again", old.person, old.seat, f"{name}-other-page")


def member(page: Page, peer_id: str) -> dict[str, Any]:
    assert page.call is not None
    return next(each for each in page.call["members"] if each.get("peer_id") == peer_id)


async def test_who_went_to_another_device_reconnects_until_that_joins(tmp_path: Path) -> None:
    async with started_session(tmp_path, relay=False) as session:
        nurse, amina = await session.pair()
        phone = await take_seat(session, "amina")
        await until(
            lambda: member(nurse, amina.peer_id).get("reconnecting"),
            "the nurse sees that she waits",
        )
        await session.join(phone)
        await until(
            lambda: nurse.call and phone.peer_id in str(nurse.call), "she speaks with the phone"
        )
        assert not member(nurse, phone.peer_id).get("reconnecting")


async def test_who_took_the_seat_and_does_not_join_has_left_whoever_else_comes(
    tmp_path: Path,
) -> None:
    steady = MovableClock(NOW)
    async with started_session(tmp_path, "lee", relay=False, steady=steady) as session:
        nurse, amina = await session.pair()
        await take_seat(session, "amina")
        lee = await session.come("lee")
        await session.join(lee)
        await until(lambda: nurse.call and lee.peer_id in str(nurse.call), "lee has joined")
        assert member(nurse, amina.peer_id)["state"] == "joined"
        steady.move(RECONNECT_GRACE)
        await session.server.app[WAITS].run_due()
        await until(
            lambda: nurse.call and amina.peer_id not in str(nurse.call), "nobody waits for Amina"
        )


async def test_a_page_that_was_out_of_reach_does_not_take_the_seat_back_by_itself(
    tmp_path: Path,
) -> None:
    async with started_session(tmp_path, relay=False) as session:
        nurse, amina = session.pages["nurse"], session.pages["amina"]
        await nurse.close()
        phone = await session.sit("phone", nurse.person, nurse.seat, "phone-page")
        wire = await nurse.person.connect()
        await wire.send(
            "hello", version=PROTOCOL_VERSION, stream="room", peer_id=nurse.peer_id, **nurse.seat
        )
        assert await wire.frame() == {"type": "replaced"}
        with pytest.raises(ConnectionError):
            await wire.frame()
        assert wire.close_code == CLOSE_CODES["replaced"]
        await amina.command("chat_send", text="Are you on the phone?")
        await until(lambda: phone.of("chat_added"), "the phone still has the seat")


async def test_a_page_comes_back_to_a_seat_that_the_other_one_has_left(tmp_path: Path) -> None:
    async with started_session(tmp_path, relay=False) as session:
        nurse = session.pages["nurse"]
        await nurse.close()
        phone = await session.sit("phone", nurse.person, nurse.seat, "phone-page")
        await phone.close()
        room = session.server.app[ROOMS].hub.room(session.consultation_id)
        assert room is not None
        await until(lambda: not room.scheduler_attends, "the phone has left")
        await session.reload("nurse")
        assert room.scheduler_attends


async def hello(person: Person, **members: Any) -> dict[str, Any]:
    """The answer to a page that comes, or comes back."""
    wire = await person.connect()
    await wire.send("hello", version=PROTOCOL_VERSION, stream="room", **members)
    return await wire.frame()


@pytest.mark.parametrize("order", [("page-two", "page-one"), ("page-one", "page-two")])
async def test_after_a_restart_the_seat_is_with_the_page_that_took_it_last(
    tmp_path: Path, order: tuple[str, ...]
) -> None:
    """The other one was out of reach when it lost the seat, and says hello again by itself."""
    clock, pages = MovableClock(NOW), {}
    async with (
        serving(tmp_path, clock) as server,
        Person(server) as nurse,
        Person(server) as phone,
    ):
        await server.account()
        await nurse.sign_in()
        seat = await phone.join(await nurse.invite())
        for name in ("page-one", "page-two"):
            clock.move(timedelta(minutes=1))
            pages[name] = (await hello(phone, peer_id=name, invite_id=seat))["seated_at"]
        cookie = phone.cookie
    async with serving(tmp_path, clock) as server, Person(server) as phone:
        phone.plant(cookie)
        answers = {
            name: (await hello(phone, peer_id=name, invite_id=seat, seated_at=pages[name]))["type"]
            for name in order
        }
        assert answers["page-two"] == "welcome"
        invite = await server.app[STORE].read.invites.get(seat)
        room = invite and server.app[ROOMS].hub.room(invite.consultation_id)
        assert room and room.seats[seat].peer_id == "page-two"
        assert (answers["page-one"] == "replaced") == (order[0] == "page-two")
