"""Several hosts over one PostgreSQL: two processes beside one, and what a message costs with many rooms.

Three parts. In the first, 200 rooms write as fast as they can to one web process and then to two, over the
same PostgreSQL; the clients are in this process, and all of it shares the machine's processors: their
share is shown, since it is what limits the ratio. In the second, ten processes own 100, 1,000 and 10,000
rooms with both people in each, without sockets and media, and people write at the same steady rate. The
third is what one host holds (`capacity.py`).
"""

import argparse
import asyncio
import base64
import contextlib
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.benchmarks._figures import lines, percentile
from scripts.benchmarks.hosts.capacity import capacity_table, measure
from scripts.traffic.desks import Desk, heard, until_complete
from scripts.traffic.postgresql import Cluster, cluster
from scripts.traffic.server import Place, client, connect_all, furnish, serving, temporary_folder

PARTS = ("flood", "rooms", "capacity")
FLOOD_ROOMS = 200
FLOOD_MESSAGES = 60
"Of each room: below the burst that one socket is allowed."
OWNERS = 10
REST = 5
"Seconds for which nobody writes, before."
ROOMS = (100, 1000, 10_000)
PER_SECOND = 200
"Messages of all owners together."
SECONDS = 10
"That people write, for each number of rooms."


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--part", choices=PARTS, help="only this one")


def run_with(chosen: argparse.Namespace) -> dict[str, Any]:
    return asyncio.run(_run(chosen.part))


async def _run(part: str | None) -> dict[str, Any]:
    chosen = PARTS if part is None else (part,)
    result: dict[str, Any] = {}
    if "flood" in chosen:
        result["flood"] = [await _flood(1), await _flood(2), await _flood(1), await _flood(2)]
    if "rooms" in chosen:
        result["rooms"] = await _rooms()
    if "capacity" in chosen:
        result["capacity"] = await measure()
    return result


@dataclass(frozen=True)
class Shared:
    folder: Path
    cluster: Cluster
    settings: dict[str, str]

    async def furnish(self, count: int) -> list[Place]:
        return await furnish(
            self.folder / "furnished",
            count,
            database_url=self.cluster.url,
            master_key=self.settings["TELECONNECT_MASTER_KEY"],
        )


@contextlib.asynccontextmanager
async def _shared() -> AsyncIterator[Shared]:
    with temporary_folder() as folder, cluster(folder) as postgresql:
        settings = {
            "TELECONNECT_DATABASE_URL": postgresql.url,
            "TELECONNECT_MASTER_KEY": base64.b64encode(os.urandom(32)).decode(),
            "TELECONNECT_RELAY_WORKERS": "0",
            "TELECONNECT_COTURN": "no",
        }
        yield Shared(folder, postgresql, settings)


async def _flood(hosts: int) -> dict[str, Any]:
    """Messages a second from all rooms to so many web processes, each of which owns its share."""
    async with _shared() as shared, contextlib.AsyncExitStack() as running:
        places = await shared.furnish(FLOOD_ROOMS)
        servers = []
        for number in range(hosts):
            own = shared.folder / f"host-{number}"
            await asyncio.to_thread(own.mkdir)
            servers.append(
                await running.enter_async_context(
                    serving(own / "data", descriptors=None, **shared.settings)
                )
            )
        session = await running.enter_async_context(client())
        desks: list[Desk] = []
        for number, server in enumerate(servers):
            mine = places[number::hosts]
            schedulers = await connect_all(session, server, mine, scheduler=True)
            guests = await connect_all(session, server, mine, scheduler=False)
            desks += [Desk(*pair) for pair in zip(guests, schedulers, strict=True)]
        async with heard(desks) as listeners:
            await asyncio.sleep(1)

            async def pour(desk: Desk) -> None:
                for _ in range(FLOOD_MESSAGES):
                    await desk.send()

            def used() -> dict[str, float]:
                return {
                    "web": sum(server.cpu_seconds() for server in servers),
                    "postgresql": shared.cluster.cpu_seconds(),
                    "clients": time.process_time(),
                }

            before, started = used(), time.perf_counter()
            await asyncio.gather(*(pour(desk) for desk in desks))
            await until_complete(desks, listeners)
            after = used()
    last = max(moment for desk in desks for moment in desk.acknowledged.values())
    elapsed, count = last - started, len(desks) * FLOOD_MESSAGES
    return {
        "hosts": hosts,
        "messages": count,
        "per_second": count / elapsed,
        "processors": {each: (after[each] - before[each]) / elapsed for each in after},
        "ms_each": {each: (after[each] - before[each]) / count * 1000 for each in after},
    }


class Owner:
    """One process of `scripts.traffic.owner`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, folder: Path, settings: dict[str, str]) -> "Owner":
        await asyncio.to_thread(folder.mkdir)
        log = await asyncio.to_thread((folder / "log").open, "wb")
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "scripts.traffic.owner",
            cwd=Path(__file__).parents[3], limit=2**24,
            env={"PORT": "0", "TELECONNECT_DATA_DIR": str(folder / "data"), **settings},
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )  # fmt: skip
        owner = cls(process)
        await owner._answer()
        return owner

    async def ask(self, order: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write((json.dumps(order) + "\n").encode())
        return await self._answer()

    async def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError("An owner ended; its log is beside its data.")
        found: dict[str, Any] = json.loads(line)
        return found

    async def stop(self) -> None:
        self._process.kill()
        await self._process.wait()


async def _rooms() -> list[dict[str, Any]]:
    async with _shared() as shared, contextlib.AsyncExitStack() as running:
        owners = []
        places = await shared.furnish(max(ROOMS))
        for number in range(OWNERS):
            owner = await Owner.start(shared.folder / f"owner-{number}", shared.settings)
            running.push_async_callback(owner.stop)
            owners.append(owner)
        found, opened = [], 0
        for count in ROOMS:
            new, opened = places[opened:count], count
            await asyncio.gather(
                *(
                    owner.ask({"open": [_ids(each) for each in new[number::OWNERS]]})
                    for number, owner in enumerate(owners)
                )
            )
            resting = await asyncio.gather(*(owner.ask({"rest": REST}) for owner in owners))
            found.append(await _steady(shared, owners, count))
            found[-1]["resting"] = sum(each["cpu_seconds"] for each in resting) / REST
        return found


def _ids(place: Place) -> list[str]:
    return [place.consultation_id, place.invite_id, place.scheduler_id]


async def _steady(shared: Shared, owners: list[Owner], count: int) -> dict[str, Any]:
    """People in `count` rooms write at the steady rate."""
    each = PER_SECOND * SECONDS // OWNERS
    order = {"messages": each, "per_second": PER_SECOND / OWNERS}
    before = shared.cluster.cpu_seconds()
    answers = await asyncio.gather(*(owner.ask(order) for owner in owners))
    postgresql = shared.cluster.cpu_seconds() - before
    waits = [wait for answer in answers for wait in answer["waits_ms"]]
    messages = each * OWNERS
    return {
        "rooms": count,
        "messages": messages,
        "owners_ms_each": sum(answer["cpu_seconds"] for answer in answers) / messages * 1000,
        "postgresql_ms_each": postgresql / messages * 1000,
        "ack_p50_ms": percentile(waits, 0.5),
        "ack_p99_ms": percentile(waits, 0.99),
    }


def failed(result: dict[str, Any]) -> bool:
    """What depends on the machine fails nobody."""
    return False


def table(result: dict[str, Any]) -> str:
    tables = []
    if "flood" in result:
        tables.append(_flood_table(result["flood"]))
    if "rooms" in result:
        tables.append(_rooms_table(result["rooms"]))
    if "capacity" in result:
        tables.append(capacity_table(result["capacity"]))
    return "\n\n".join(tables)


def _flood_table(runs: list[dict[str, Any]]) -> str:
    parts = ("web", "postgresql", "clients")
    rows: list[list[object]] = [
        ["web processes", "acknowledged a second", *(f"{part}, processors" for part in parts),
         *(f"{part}, ms each" for part in parts)]
    ]  # fmt: skip
    for run in runs:
        rows.append(
            [str(run["hosts"]), run["per_second"], *(run["processors"][part] for part in parts),
             *(run["ms_each"][part] for part in parts)]
        )  # fmt: skip
    speed = {
        hosts: [run["per_second"] for run in runs if run["hosts"] == hosts] for hosts in (1, 2)
    }
    ratio = sum(speed[2]) / sum(speed[1])
    return (
        f"{lines(rows)}\n\ntwo beside one: {ratio:.2f} (at least 1.60, where processors are left)"
    )


def _rooms_table(runs: list[dict[str, Any]]) -> str:
    rows: list[list[object]] = [
        ["open rooms", "owners, ms each", "PostgreSQL, ms each", "both", "ack p50 ms", "ack p99 ms",
         "processors, when nobody writes"]
    ]  # fmt: skip
    costs = []
    for run in runs:
        costs.append(run["owners_ms_each"] + run["postgresql_ms_each"])
        rows.append(
            [f"{run['rooms']:,}", run["owners_ms_each"], run["postgresql_ms_each"], costs[-1],
             run["ack_p50_ms"], run["ack_p99_ms"], run["resting"]]
        )  # fmt: skip
    return f"{lines(rows)}\n\nmost beside fewest rooms: {costs[-1] / costs[0]:.2f} (at most 1.15)"
