"""A step of the machine's clock moves appointments, and reaches no call."""

from datetime import timedelta
from pathlib import Path

import pytest

from signaling.calls.call import RECONNECT_GRACE, RING_TIMEOUT
from signaling.calls.topology import CALM, MOVE_WITHIN
from signaling.flows.sessions.attending import LEAVE_GRACE
from tests.clock import MovableClock
from tests.people import Person, outbox
from tests.serving import moment, serving
from tests.web.calling import NOW, Page, StartedSession, started_session
from web.clockwork import Clockwork, SteadyClock
from web.keys import CLOCKWORK, ROOMS, WAITS

INSTANT = timedelta(milliseconds=1)
STEPS = [pytest.param(timedelta(hours=-1), id="back"), pytest.param(timedelta(hours=1), id="on")]


async def pass_steadily(session: StartedSession, steady: MovableClock, by: timedelta) -> None:
    steady.move(by)
    await session.server.app[WAITS].run_due()


async def catch_up(page: Page) -> None:
    """Everything that was said to this page so far has been read."""
    await page.command("chat_send", text="still here")


def test_a_steady_clock_goes_on_evenly_when_the_other_is_set() -> None:
    wall, seconds = MovableClock(NOW), [1000.0]
    steady = SteadyClock(wall, lambda: seconds[0])
    assert steady.now() == NOW
    for step in (timedelta(hours=-1), timedelta(seconds=60), timedelta(days=400)):
        wall.move(step)
        assert steady.now() == NOW
    seconds[0] += 12.5
    assert steady.now() == NOW + timedelta(seconds=12.5)


async def test_what_waits_by_a_steady_clock_is_due_after_its_time_whatever_the_wall_says() -> None:
    wall, seconds, done = MovableClock(NOW), [0.0], []

    async def ring() -> None:
        done.append(seconds[0])

    waits = Clockwork(SteadyClock(wall, lambda: seconds[0]))
    waits.set("ring", waits.now() + timedelta(seconds=10), ring)
    wall.move(timedelta(seconds=60))
    await waits.run_due()
    assert done == []
    wall.move(timedelta(hours=-2))
    seconds[0] = 10.0
    await waits.run_due()
    assert done == [10.0]


async def test_a_server_of_its_own_clocks_waits_by_a_steady_one(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        assert isinstance(server.app[WAITS].clock, SteadyClock)
        assert not isinstance(server.app[CLOCKWORK].clock, SteadyClock)


async def three_going_to_the_relay(session: StartedSession) -> tuple[Page, Page, Page]:
    """Nurse, Amina and Lee in a call that begins to move to the relay."""
    nurse, amina = await session.pair()
    lee = await session.come("lee")
    await session.join(lee)
    await nurse.goes("mesh", "forwarded")
    return nurse, amina, lee


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
async def test_a_step_of_the_clock_neither_ends_a_change_of_path_nor_holds_it_up(
    tmp_path: Path, step: timedelta
) -> None:
    steady = MovableClock(NOW)
    async with started_session(tmp_path, "lee", steady=steady) as session:
        nurse, amina, _ = await three_going_to_the_relay(session)
        await session.pass_time(step)
        await pass_steadily(session, steady, MOVE_WITHIN - INSTANT)
        await catch_up(nurse)
        await nurse.goes("mesh", "forwarded")
        await pass_steadily(session, steady, INSTANT)
        await nurse.goes("mesh")
        assert nurse.call is not None
        assert nurse.call["state"] == "ongoing"
        assert amina.call is not None


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
async def test_the_way_back_from_the_relay_begins_after_its_time(
    tmp_path: Path, step: timedelta
) -> None:
    steady = MovableClock(NOW)
    async with started_session(tmp_path, "lee", steady=steady) as session:
        nurse, amina, lee = await three_going_to_the_relay(session)
        await session.ready(nurse, amina, lee)
        await nurse.goes("forwarded")
        assert lee.call is not None
        await lee.command("call_leave", call_id=lee.call["call_id"])
        await session.pass_time(step)
        await catch_up(nurse)
        await nurse.goes("forwarded")
        await pass_steadily(session, steady, CALM)
        await nurse.goes("forwarded", "mesh")


@pytest.mark.parametrize("step", STEPS)
async def test_a_step_of_the_clock_neither_ends_a_ring_nor_holds_it_up(
    tmp_path: Path, step: timedelta
) -> None:
    steady = MovableClock(NOW)
    async with started_session(tmp_path, relay=False, steady=steady) as session:
        nurse = session.pages["nurse"]
        await nurse.command("call_start", media="audio")
        call = session.server.app[ROOMS].hub.room(session.consultation_id)
        assert call is not None and call.call is not None
        assert call.call.started_at == NOW, "people are shown the wall clock's time"
        await session.pass_time(step)
        await pass_steadily(session, steady, RING_TIMEOUT - INSTANT)
        assert call.call.state == "ringing"
        await pass_steadily(session, steady, INSTANT)
        assert call.call.state == "missed"
        assert call.call.ended_at == NOW + step


@pytest.mark.parametrize("step", STEPS)
async def test_who_is_out_of_reach_is_waited_for_whatever_the_clock_says(
    tmp_path: Path, step: timedelta
) -> None:
    steady = MovableClock(NOW)
    async with started_session(tmp_path, relay=False, steady=steady) as session:
        nurse, amina = await session.pair()
        await amina.close()
        room = session.server.app[ROOMS].hub.room(session.consultation_id)
        assert room is not None and room.call is not None
        amina_id = next(seat.participant_id for seat in room.seats.values() if seat.name == "Amina")
        while room.seats[amina_id].online:
            await catch_up(nurse)
        await session.pass_time(step)
        await pass_steadily(session, steady, LEAVE_GRACE - INSTANT)
        assert room.chat.lines[-1].kind != "left"
        await pass_steadily(session, steady, INSTANT)
        assert room.chat.lines[-1].kind == "left"
        assert amina_id in room.call.joined()
        await pass_steadily(session, steady, RECONNECT_GRACE - LEAVE_GRACE)
        assert room.call.over


async def test_a_ring_of_before_a_restart_is_no_longer_than_others_where_the_clock_was_set_back(
    tmp_path: Path,
) -> None:
    async with started_session(tmp_path, relay=False) as session:
        await session.pages["nurse"].command("call_start", media="audio")
        consultation_id, nurse_page = session.consultation_id, session.pages["nurse"].peer_id
    clock, steady = MovableClock(NOW - timedelta(hours=1)), MovableClock(NOW)
    async with serving(tmp_path, clock, steady=steady) as server, Person(server) as nurse:
        await nurse.sign_in()
        await nurse.enter(consultation_id=consultation_id, peer_id=nurse_page)
        room = server.app[ROOMS].hub.room(consultation_id)
        assert room is not None and room.call is not None
        assert room.call.state == "ringing"
        steady.move(RING_TIMEOUT)
        await server.app[WAITS].run_due()
        assert room.call.state == "missed"


async def test_reminders_follow_the_wall_clock(tmp_path: Path) -> None:
    clock, steady = MovableClock(moment("2026-12-07 08:00")), MovableClock(NOW)
    settings = {"TELECONNECT_REMINDER_MINUTES": "60"}
    async with serving(tmp_path, clock, steady=steady, **settings) as server:
        await server.account()
        async with Person(server) as nurse:
            await nurse.sign_in()
            await nurse.invite(plan_later="on", date="2026-12-07", time="14:30", time_zone="UTC")
            (invitation,) = await outbox(server)
            steady.move(timedelta(days=1))
            await server.app[WAITS].run_due()
            assert len(await outbox(server)) == 1
            clock.move(timedelta(hours=6))
            assert len(await outbox(server)) == 2
            assert invitation.to == "amina@example.org"
