"""What one host holds: memory and processor time for each person who waits and each open session.

One process on SQLite. People wait each in a session of their own; then sessions are open, with two people
in each, one of whom writes every half minute. Their sockets ping as those of pages do. What the same process
used with a few of them is taken off.
"""

import asyncio
import contextlib
import random
from collections.abc import Sequence
from typing import Any

import aiohttp

from scripts.benchmarks._figures import lines
from scripts.traffic.desks import Desk, heard
from scripts.traffic.server import (
    Place,
    Server,
    client,
    connect_all,
    furnish,
    serving,
    temporary_folder,
)

WAITING, SESSIONS = 2000, 500
WARM_UP = 50
"Of each kind, before the first reading."
PING_EVERY = 10.0
WRITE_EVERY = 30.0
"Seconds: how often a page without news pings, and how often somebody writes in a session."
WINDOW = 40.0
"Seconds that are measured."
PROCESSOR = 0.7
"Of one processor: what may be used in the long run."


async def measure() -> dict[str, Any]:
    return {"waiting": await _waiting(), "session": await _sessions()}


async def _waiting() -> dict[str, float]:
    with temporary_folder() as folder:
        places = await furnish(folder / "data", WAITING + WARM_UP, state="planned")
        async with serving(folder / "data") as server, client() as session:
            sockets = await connect_all(session, server, places[:WARM_UP], scheduler=False)
            before = await _use(server, sockets)
            sockets += await connect_all(session, server, places[WARM_UP:], scheduler=False)
            return _each(before, await _use(server, sockets), WAITING)


async def _sessions() -> dict[str, float]:
    with temporary_folder() as folder:
        places = await furnish(folder / "data", SESSIONS + WARM_UP)
        async with serving(folder / "data") as server, client() as session:

            async def use(places: Sequence[Place]) -> dict[str, float]:
                """Of these sessions, which end afterwards."""
                pairs = [
                    await connect_all(session, server, places, scheduler=scheduler)
                    for scheduler in (True, False)
                ]
                desks = [Desk(guest, desk) for desk, guest in zip(*pairs, strict=True)]
                async with heard(desks):
                    found = await _use(server, pairs[0] + pairs[1], desks)
                await asyncio.gather(*(socket.close() for pair in pairs for socket in pair))
                return found

            return _each(await use(places[:WARM_UP]), await use(places), SESSIONS)


async def _use(
    server: Server, sockets: list[aiohttp.ClientWebSocketResponse], desks: Sequence[Desk] = ()
) -> dict[str, float]:
    """Memory in bytes, and processors, while these sockets ping and somebody in these rooms writes."""
    chance = random.Random(len(sockets))

    async def every(seconds: float, send: Any) -> None:
        await asyncio.sleep(chance.random() * seconds)
        while True:
            await send()
            await asyncio.sleep(seconds)

    async with contextlib.AsyncExitStack() as stack:
        tasks = [
            asyncio.create_task(
                every(PING_EVERY, lambda each=each: each.send_str('{"type":"ping"}'))
            )
            for each in sockets
        ] + [asyncio.create_task(every(WRITE_EVERY, desk.send)) for desk in desks]
        stack.callback(lambda: [task.cancel() for task in tasks])
        await asyncio.sleep(WRITE_EVERY)
        before = server.cpu_seconds()
        await asyncio.sleep(WINDOW)
        used = server.cpu_seconds() - before
        return {"bytes": server.memory_bytes(), "processors": used / WINDOW}


def _each(before: dict[str, float], after: dict[str, float], count: int) -> dict[str, float]:
    return {key: (after[key] - before[key]) / count for key in before}


def capacity_table(found: dict[str, Any]) -> str:
    rows: list[list[object]] = [
        ["", "kB each", "thousandths of a processor each", f"on {PROCESSOR} of one", "MB then"]
    ]
    for key, name in (("waiting", "somebody waits"), ("session", "an open session of two")):
        each = found[key]
        fit = round(PROCESSOR / each["processors"])
        rows.append(
            [name, each["bytes"] / 1000, each["processors"] * 1000, fit, fit * each["bytes"] / 1e6]
        )
    return lines(rows)
