"""Memory of the server for each service user who waits, at 2,000 of them.

Each waits in a room of their own with nothing said. The growth of resident memory is everything:
connection, request, socket, room, chat line of the arrival, cached key.
"""

import asyncio
from typing import Any

from scripts.benchmarks._figures import lines
from scripts.traffic.server import client, connect_all, furnish, serving, temporary_folder

SOCKETS = 2000
WARM_UP = 50
"Sockets opened before the first reading, so that one-time loads are not counted."


async def _run() -> dict[str, Any]:
    with temporary_folder() as folder:
        data_dir = folder / "data"
        places = await furnish(data_dir, SOCKETS + WARM_UP, state="planned")
        async with serving(data_dir) as server, client() as session:
            sockets = await connect_all(session, server, places[:WARM_UP], scheduler=False)
            before = await server.settled_memory_bytes()
            sockets += await connect_all(session, server, places[WARM_UP:], scheduler=False)
            after = await server.settled_memory_bytes()
            closed = sum(socket.closed for socket in sockets)
            if closed:
                raise RuntimeError(f"{closed} sockets did not stay open.")
            server.process.kill()
            await server.process.wait()
    return {
        "sockets": SOCKETS,
        "memory_before_bytes": before,
        "memory_after_bytes": after,
        "bytes_per_waiting_socket": (after - before) / SOCKETS,
    }


def run() -> dict[str, Any]:
    return asyncio.run(_run())


def table(result: dict[str, Any]) -> str:
    return lines(
        [
            ["", "kB"],
            ["server before", result["memory_before_bytes"] / 1000],
            [f"server with {result['sockets']:,} waiting", result["memory_after_bytes"] / 1000],
            ["each (at most 40)", result["bytes_per_waiting_socket"] / 1000],
        ]
    )
