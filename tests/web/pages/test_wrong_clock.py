"""A clock that was wrong in between neither keeps nor deletes more than it should."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from signaling.flows.timekeeping import LOOK_EVERY
from signaling.moments.clock_watch import DOWNTIME, HOLD
from tests.clock import MovableClock
from tests.people import Person
from tests.serving import Server, moment, serving
from tests.system.test_forgetting import one_closed
from web.keys import CLOCKWORK, STORE, WAITS

NOW = moment("2026-12-07 14:30")
HOUR, DAY, YEARS = timedelta(hours=1), timedelta(days=1), timedelta(days=3650)
RETENTION = DAY


class Machine:
    """The two clocks of a machine and the server that runs on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.wall, self.steady = MovableClock(NOW), MovableClock(NOW)
        self.server: Server
        self.nurse: Person

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        first = not (self.folder / "master.key").exists()
        async with serving(self.folder, self.wall, steady=self.steady) as self.server:
            if first:
                await self.server.account()
            async with Person(self.server) as self.nurse:
                await self.nurse.sign_in()
                yield

    async def pass_time(self, by: timedelta) -> None:
        self.wall.move(by)
        self.steady.move(by)
        await self.settle()

    async def set_clock(self, by: timedelta) -> None:
        self.wall.move(by)
        await self.pass_time(LOOK_EVERY)

    async def settle(self) -> None:
        """Everything that is due by either clock."""
        await self.server.app[WAITS].run_due()
        await self.server.app[CLOCKWORK].run_due()

    async def kept(self) -> int:
        rows = await self.server.app[STORE]._database.read.rows("SELECT 1 FROM vault_key")
        return len(rows)

    async def clock_state(self) -> str:
        async with self.nurse.http.get("/readyz") as answer:
            return str((await answer.json())["clock"])


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


async def test_a_clock_that_jumps_ahead_for_a_moment_deletes_nothing(machine: Machine) -> None:
    async with machine.running():
        await one_closed(machine.server, machine.nurse)
        await machine.nurse.invite("Bashir")
        await machine.set_clock(YEARS)
        await machine.pass_time(HOLD / 2)
        assert await machine.kept() == 2
        assert await machine.clock_state() == "doubted"
        await machine.set_clock(-YEARS)
        assert await machine.clock_state() == "ok"
        await machine.pass_time(HOUR)
        assert await machine.kept() == 2
        await machine.pass_time(RETENTION - 2 * HOUR)
        assert await machine.kept() == 2
        await machine.pass_time(HOUR)
        assert await machine.kept() == 1


async def test_a_clock_that_was_behind_and_is_put_right_deletes_after_an_hour(
    machine: Machine,
) -> None:
    async with machine.running():
        await one_closed(machine.server, machine.nurse)
        await machine.set_clock(2 * RETENTION)
        assert await machine.kept() == 1
        await machine.pass_time(HOLD + timedelta(minutes=1))
        assert await machine.kept() == 0


async def test_what_was_closed_while_the_clock_was_ahead_is_kept_one_retention_longer(
    machine: Machine,
) -> None:
    async with machine.running():
        await machine.set_clock(YEARS)
        await machine.pass_time(2 * HOLD)
        await machine.nurse.sign_in()
        await one_closed(machine.server, machine.nurse)
        await machine.set_clock(-YEARS)
        await machine.pass_time(HOLD + timedelta(minutes=1))
        await machine.pass_time(RETENTION - HOUR)
        assert await machine.kept() == 1
        await machine.pass_time(HOUR)
        assert await machine.kept() == 0


async def test_the_same_where_the_clock_was_mended_while_the_server_was_off(
    machine: Machine,
) -> None:
    machine.wall.move(YEARS)
    async with machine.running():
        await one_closed(machine.server, machine.nurse)
    machine.wall.move(-YEARS)
    async with machine.running():
        await machine.pass_time(HOLD + timedelta(minutes=1))
        await machine.pass_time(RETENTION)
        assert await machine.kept() == 0


async def test_a_start_far_ahead_deletes_nothing_before_the_clock_has_held(
    machine: Machine,
) -> None:
    async with machine.running():
        await one_closed(machine.server, machine.nurse)
    machine.wall.move(YEARS)
    async with machine.running():
        await machine.pass_time(HOLD - timedelta(minutes=1))
        assert await machine.kept() == 1
    machine.wall.move(-YEARS)
    async with machine.running():
        await machine.settle()
        assert await machine.kept() == 1


async def test_after_a_long_weekend_off_the_first_thing_is_to_delete(machine: Machine) -> None:
    async with machine.running():
        await one_closed(machine.server, machine.nurse)
    machine.wall.move(DOWNTIME - HOUR)
    async with machine.running():
        assert await machine.kept() == 0


async def test_nobody_stays_signed_in_for_years(machine: Machine) -> None:
    async with machine.running():
        await machine.set_clock(YEARS)
        await machine.pass_time(2 * HOLD)
        await machine.nurse.sign_in()
        await machine.set_clock(-YEARS)
        await machine.pass_time(2 * HOLD)
        assert (await machine.nurse.get("/invites")).status == 200
        await machine.pass_time(DAY)
        assert (await machine.nurse.get("/invites")).status in (303, 401)
