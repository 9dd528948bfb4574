"""Three hosts behind HAProxy: one is killed, stopped or hangs while people talk, and nobody loses a word."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from storage.engine.postgresql.holding import HOLDERS
from tests.people import consultation_of
from tests.web_hosts import Fleet, Talker, fleet

pytestmark = pytest.mark.postgresql
SESSIONS = 6
BACK_WITHIN = 5.0
"Seconds after a kill until everybody who talked is answered again."


@dataclass
class Talks:
    fleet: Fleet
    talkers: dict[str, list[Talker]]
    "By session."
    tasks: list[asyncio.Task[None]]

    @property
    def all(self) -> list[Talker]:
        return [each for talkers in self.talkers.values() for each in talkers]

    async def until_all_are_heard(self, more: int = 5) -> None:
        """Everybody is answered so many more times."""
        wanted = {id(each): len(each.acknowledged) + more for each in self.all}
        async with asyncio.timeout(60):
            while any(len(each.acknowledged) < wanted[id(each)] for each in self.all):  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    async def end(self) -> None:
        for each in self.all:
            each.stopped = True
        await asyncio.gather(*self.tasks)

    async def check(self) -> None:
        """What was acknowledged is there once, at its position, in every session."""
        for session, talkers in self.talkers.items():
            async with self.fleet.person() as reader:
                reader.plant(talkers[0].person.cookie)
                chat = await (await reader.enter(**talkers[0].room)).chat()  # type: ignore[arg-type]
            assert [line["position"] for line in chat] == list(range(1, len(chat) + 1)), session
            ids = [line["id"] for line in chat if line["kind"] == "text"]
            assert len(ids) == len(set(ids))
            positions = {line["id"]: line["position"] for line in chat}
            for each in talkers:
                for message_id, position in each.acknowledged.items():
                    assert positions[message_id] == position


@asynccontextmanager
async def talking(hosts: Fleet, sessions: int = SESSIONS) -> AsyncIterator[Talks]:
    """Two people in each session, both of whom write all the time."""
    async with AsyncExitStack() as opened:
        nurse = await opened.enter_async_context(hosts.person())
        assert (await nurse.sign_in()).status == 303
        talks = Talks(hosts, {}, [])
        for _ in range(sessions):
            phone = await opened.enter_async_context(hosts.person())
            seat = await phone.join(await nurse.invite())
            wire = await phone.enter(invite_id=seat)
            session = await consultation_of(wire)
            desk = await nurse.enter(consultation_id=session)
            await desk.command("start_consultation")
            await wire.ws.close()
            await desk.ws.close()
            talks.talkers[session] = [
                Talker(nurse, {"consultation_id": session}),
                Talker(phone, {"invite_id": seat}),
            ]
        talks.tasks = [asyncio.create_task(each.talk()) for each in talks.all]
        for task in talks.tasks:
            opened.callback(task.cancel)  # of a test that has failed
        await talks.until_all_are_heard()
        yield talks
        await talks.end()
        await talks.check()


async def busiest(talks: Talks) -> tuple[int, int]:
    """(the host that owns most of the rooms, how many there are on each)."""
    owners = [await talks.fleet.owner(session) for session in talks.talkers]
    most = max({each for each in owners if each is not None}, key=owners.count)
    return most, len(set(owners))


async def test_everybody_is_back_soon_after_the_owner_is_killed(tmp_path: Path) -> None:
    async with fleet(tmp_path) as hosts, talking(hosts) as talks:
        number, _ = await busiest(talks)
        began = asyncio.get_running_loop().time()
        await hosts.kill(number)
        await talks.until_all_are_heard()
        silences = [each.silence(began) for each in talks.all]
        print("seconds without an answer:", sorted(round(each, 2) for each in silences))
        assert max(silences) < BACK_WITHIN
        assert number not in {await hosts.owner(session) for session in talks.talkers}


async def test_a_host_that_hangs_owns_nothing_when_it_goes_on(tmp_path: Path) -> None:
    """SIGSTOP: others end it while it believes that no time has passed."""
    async with fleet(tmp_path) as hosts, talking(hosts) as talks:
        number, _ = await busiest(talks)
        began = asyncio.get_running_loop().time()
        hosts.running[number].send_signal(signal.SIGSTOP)
        await talks.until_all_are_heard()
        silences = [each.silence(began) for each in talks.all]
        print("seconds without an answer:", sorted(round(each, 2) for each in silences))
        assert max(silences) < 15
        hosts.running[number].send_signal(signal.SIGCONT)
        await talks.until_all_are_heard()


async def stop_within_a_transaction(hosts: Fleet, number: int) -> None:
    """SIGSTOP, at a moment when the database has answered and waits for what this host writes next."""
    process = hosts.running[number]
    (name,) = (
        host.id for host in await hosts.store.read.hosts.all() if host.name == f"host{number + 1}"
    )
    async with asyncio.timeout(60):
        while True:
            process.send_signal(signal.SIGSTOP)
            await asyncio.to_thread(until_stopped, process.pid)
            while (states := await transactions(hosts, name)) == ["active"]:
                pass
            if states == ["idle in transaction"]:
                return
            process.send_signal(signal.SIGCONT)
            await asyncio.sleep(0)


def until_stopped(pid: int) -> None:
    """Wait, by looking again and again: it is no child of this process."""
    state = Path(f"/proc/{pid}/stat")
    while state.read_text().rpartition(")")[2].split()[0] != "T":
        pass


async def transactions(hosts: Fleet, host_id: str) -> list[str]:
    """The states of what writes for a host."""
    rows = await hosts.store._database.read.rows(
        "SELECT state FROM pg_stat_activity WHERE pid IN (SELECT pid FROM pg_locks"
        " WHERE locktype = 'advisory' AND classid = ? AND objid ="
        " (hashtext(?)::bigint & 4294967295)::oid)",
        (HOLDERS, host_id),
    )
    return [row["state"] for row in rows]


async def test_a_host_that_is_stopped_within_a_transaction_holds_nobody_up(tmp_path: Path) -> None:
    """What it has locked is free once it has been ended, and no later."""
    async with fleet(tmp_path) as hosts, talking(hosts) as talks:
        number, _ = await busiest(talks)
        began = asyncio.get_running_loop().time()
        await stop_within_a_transaction(hosts, number)
        await talks.until_all_are_heard()
        silences = [each.silence(began) for each in talks.all]
        print("seconds without an answer:", sorted(round(each, 2) for each in silences))
        assert max(silences) < BACK_WITHIN
        hosts.running[number].send_signal(signal.SIGCONT)
        await talks.until_all_are_heard()


async def test_a_rolling_restart_loses_no_message(tmp_path: Path) -> None:
    async with fleet(tmp_path) as hosts, talking(hosts) as talks:
        began = asyncio.get_running_loop().time()
        for number in list(hosts.running):
            await hosts.stop(number)
            await hosts.start(number)
            await talks.until_all_are_heard()
        silences = [each.silence(began) for each in talks.all]
        print("seconds without an answer:", sorted(round(each, 2) for each in silences))
        assert max(silences) < BACK_WITHIN
