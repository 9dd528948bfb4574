"""Sessions that were started and left: their scheduler is notified, then they are closed and purged."""

import sqlite3
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from signaling.wire.messages import PROTOCOL_VERSION
from tests.clock import MovableClock
from tests.people import Person, Wire, consultation_of, outbox
from tests.serving import Server, moment
from web.keys import CLOCKWORK, ROOMS, STORE

NOW = moment("2026-12-07 14:30")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
STATES = ["active", "kept_open"]


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(NOW)


class Left:
    """A session that was started and left by everybody."""

    def __init__(self, server: Server, clock: MovableClock, nurse: Person, phone: Person) -> None:
        self.server, self.clock, self.nurse, self.phone = server, clock, nurse, phone
        self.link = self.seat = self.id = ""

    async def begin(self, state: str) -> None:
        await self.nurse.sign_in()
        self.link = await self.nurse.invite("Amina")
        self.seat = await self.phone.join(self.link)
        amina = await self.phone.enter(invite_id=self.seat)
        self.id = await consultation_of(amina)
        desk = await self.nurse.enter(consultation_id=self.id)
        await desk.command("start_consultation")
        if state == "kept_open":
            await desk.command("terminate_consultation", choice="keep_open")
        await self.leave(amina, desk)

    async def leave(self, *wires: Wire) -> None:
        room = self.server.app[ROOMS].hub.room(self.id)
        assert room is not None
        for wire in wires:
            await wire.ws.close()
        while any(seat.online for seat in room.seats.values()):
            await self.phone.get("/healthz")
        await self.pass_time(timedelta(seconds=30))

    async def pass_time(self, by: timedelta) -> None:
        self.clock.move(by)
        await self.server.app[CLOCKWORK].run_due()

    async def state(self) -> str | None:
        found = await self.server.app[STORE].read.consultations.get(self.id)
        return found.state if found else None

    async def warnings(self) -> list[str]:
        notices = await outbox(self.server)
        return [each.text for each in notices if each.to == "nurse@example.org"]


@pytest.fixture
async def left(server: Server, clock: MovableClock) -> AsyncIterator[Left]:
    async with Person(server) as nurse, Person(server) as phone:
        yield Left(server, clock, nurse, phone)


@pytest.mark.parametrize("state", STATES)
async def test_what_was_left_open_is_told_of_closed_and_forgotten(left: Left, state: str) -> None:
    await left.begin(state)
    await left.pass_time(6 * DAY - HOUR)
    assert await left.warnings() == []
    await left.pass_time(HOUR)
    (text,) = await left.warnings()
    assert f"/sessions/{left.id}" in text
    assert "Amina" not in text
    await left.nurse.sign_in()
    page = (await left.nurse.get("/opened")).text
    assert "Will be closed" in page
    assert "2026-12-14" in page
    await left.pass_time(DAY - HOUR)
    assert await left.state() == state
    assert len(await left.warnings()) == 1
    await left.pass_time(HOUR)
    assert await left.state() == "closed"
    assert (await left.phone.get(left.link)).status == 410
    again = await left.phone.connect()
    await again.send(
        "hello",
        version=PROTOCOL_VERSION,
        stream="room",
        peer_id="peer-0001",
        consultation_id=left.id,
    )
    assert await again.end() in (4401, 4404, 4410)
    await left.pass_time(DAY)
    assert await left.state() is None
    assert await left.warnings() == []


async def test_whoever_writes_in_time_keeps_it_and_is_told_again_a_week_later(left: Left) -> None:
    await left.begin("kept_open")
    await left.pass_time(6 * DAY)
    assert len(await left.warnings()) == 1
    amina = await left.phone.enter(invite_id=left.seat)
    await amina.say("I am still here")
    await left.leave(amina)
    await left.nurse.sign_in()
    assert "Will be closed" not in (await left.nurse.get("/opened")).text
    await left.pass_time(5 * DAY)
    assert await left.state() == "kept_open"
    await left.pass_time(DAY)
    assert len(await left.warnings()) == 2
    await left.pass_time(DAY)
    assert await left.state() == "closed"


async def test_a_session_with_somebody_in_it_is_not_abandoned(left: Left) -> None:
    await left.begin("active")
    amina = await left.phone.enter(invite_id=left.seat)
    await left.pass_time(30 * DAY)
    assert await left.warnings() == []
    assert await left.state() == "active"
    await amina.ws.close()


@pytest.mark.sqlite
async def test_a_server_that_was_off_tells_first_and_closes_a_day_later(
    tmp_path: Path, left: Left, clock: MovableClock
) -> None:
    await left.begin("active")
    with sqlite3.connect(tmp_path / "teleconnect.sqlite3") as older:
        older.execute("UPDATE consultation SET last_event_at = last_event_at - 400 * 86400000")
    older.close()
    await left.pass_time(HOUR)
    assert len(await left.warnings()) == 1
    await left.pass_time(DAY - HOUR)
    assert await left.state() == "active"
    await left.pass_time(2 * HOUR)
    assert await left.state() == "closed"


async def test_a_session_that_nobody_came_to_is_closed_a_day_after_its_time(left: Left) -> None:
    await left.nurse.sign_in()
    left.link = await left.nurse.invite("Amina")
    await left.pass_time(DAY - HOUR)
    assert (await left.phone.get(left.link)).status == 200
    await left.pass_time(HOUR)
    assert (await left.phone.get(left.link)).status == 410
    await left.pass_time(DAY)
    read = left.server.app[STORE].read
    account = await read.accounts.by_email("nurse@example.org")
    assert account is not None
    states = ("planned", "waiting", "active", "kept_open", "closed", "canceled")
    assert await read.consultations.visible_to(account.id, states) == []


async def test_somebody_who_sits_there_and_waits_is_not_sent_away(left: Left) -> None:
    await left.nurse.sign_in()
    seat = await left.phone.join(await left.nurse.invite("Amina"))
    amina = await left.phone.enter(invite_id=seat)
    left.id = await consultation_of(amina)
    await left.pass_time(3 * DAY)
    assert await left.state() == "waiting"
    await left.leave(amina)
    await left.pass_time(HOUR)
    assert await left.state() == "closed"
