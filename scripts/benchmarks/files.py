"""Photos on their way into the chat: over a bad line, and while others write.

The bad line is a proxy on this machine that carries 2 Mbit/s in each direction and nothing at all for
ten seconds in the middle, after which its connections are gone. What is counted as sent twice is what
the line carried to the server beyond the file itself, the heads of the requests included.

Beside the chat, ten people send a photo of 12 megapixels each, again and again, while in fifty other
rooms messages are acknowledged; the idle figures are taken before and after in the same run. Growth is
the largest resident size of the web process while photos are taken in, less that before the first one
of them; one photo is taken in before, so that what is loaded once is there.
"""

import asyncio
import contextlib
import time
from typing import Any
from urllib.parse import urlsplit

from scripts.benchmarks._desks import Desk, heard, until_complete
from scripts.benchmarks._figures import lines, percentile
from scripts.traffic.server import (
    Server,
    client,
    connect_all,
    furnish,
    serving,
    temporary_folder,
)
from scripts.traffic.slow_link import slow_link
from scripts.traffic.uploads import Sender, noisy_photo, ordinary_photo

LINE_BITS_PER_SECOND = 2_000_000
CUT_SECONDS = 10.0
LARGEST = 20 * 2**20
ROOMS = 50
PER_SECOND = 100
SAMPLES = 1000
AT_ONCE = 10
MIB = 2**20


async def _over_a_bad_line() -> dict[str, Any]:
    photo = await asyncio.to_thread(noisy_photo, 4000, 3000, LARGEST)
    with temporary_folder() as folder:
        [place] = await furnish(folder / "data", 1)
        async with serving(folder / "data", TELECONNECT_RELAY_WORKERS="0") as server:
            port = urlsplit(server.url).port
            assert port is not None
            async with (
                client() as session,
                slow_link(port, LINE_BITS_PER_SECOND) as link,
                client() as near,
            ):
                [desk] = await connect_all(session, server, [place], scheduler=True)
                sender = Sender(near, f"http://127.0.0.1:{link.port}", place)
                started = time.perf_counter()
                sending = asyncio.create_task(sender.send(photo))
                while link.carried_up < len(photo) // 2 and not sending.done():
                    await asyncio.sleep(0.05)
                await link.cut(CUT_SECONDS)
                await sending
                seconds = time.perf_counter() - started
                arrived = await _photos(desk)
            return {
                "bytes": len(photo),
                "seconds": seconds,
                "least_seconds": len(photo) * 8 / LINE_BITS_PER_SECOND + CUT_SECONDS,
                "sent_twice": link.carried_up / len(photo) - 1,
                "arrived": arrived,
            }


async def _photos(socket: Any) -> int:
    """How many photos have been announced to a socket."""
    found = 0
    with contextlib.suppress(TimeoutError):
        while True:
            async with asyncio.timeout(2):
                frame = await socket.receive_str()
            found += '"chat_added"' in frame and '"kind":"photo"' in frame
    return found


async def _acknowledged(
    desks: list[Desk], listeners: list[asyncio.Task[None]]
) -> tuple[float, float]:
    """p50 and p99 in milliseconds of messages at a steady rate."""
    for desk in desks:
        for noted in (desk.sent, desk.acknowledged, desk.shown):
            noted.clear()
    started = time.perf_counter()
    for number in range(SAMPLES):
        wait = started + number / PER_SECOND - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        await desks[number % len(desks)].send()
    await until_complete(desks, listeners)
    waits = [
        (desk.acknowledged[message_id] - sent_at) * 1000
        for desk in desks
        for message_id, sent_at in desk.sent.items()
    ]
    return percentile(waits, 0.5), percentile(waits, 0.99)


class _Crowd:
    """Ten people who send photos without a pause, each in a room of their own."""

    def __init__(self, senders: list[Sender], photos: list[bytes]) -> None:
        self.taken_in = 0
        self._tasks = [
            asyncio.create_task(self._send(sender, photo))
            for sender, photo in zip(senders, photos, strict=True)
        ]

    async def _send(self, sender: Sender, photo: bytes) -> None:
        while True:
            await sender.send(photo)
            self.taken_in += 1

    async def stop(self) -> None:
        for task in self._tasks:
            if task.done():
                task.result()
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _largest(server: Server, over: asyncio.Event) -> int:
    """The largest resident size of the web process until `over`."""
    largest = 0
    while not over.is_set():
        largest = max(largest, server.memory_bytes())
        await asyncio.sleep(0.02)
    return largest


async def _beside_the_chat() -> dict[str, Any]:
    photos = [await asyncio.to_thread(ordinary_photo, seed) for seed in range(AT_ONCE)]
    with temporary_folder() as folder:
        places = await furnish(folder / "data", ROOMS + AT_ONCE)
        async with (
            serving(folder / "data", TELECONNECT_RELAY_WORKERS="0") as server,
            client() as session,
        ):
            writing = places[:ROOMS]
            schedulers = await connect_all(session, server, writing, scheduler=True)
            service_users = await connect_all(session, server, writing, scheduler=False)
            desks = [Desk(*pair) for pair in zip(service_users, schedulers, strict=True)]
            senders = [Sender(session, server.url, place) for place in places[ROOMS:]]
            await senders[0].send(photos[0])
            async with heard(desks) as listeners:
                await _acknowledged(desks, listeners)
                before = await _acknowledged(desks, listeners)
                small = server.memory_bytes()
                over = asyncio.Event()
                watching = asyncio.create_task(_largest(server, over))
                crowd = _Crowd(senders, photos)
                beside = await _acknowledged(desks, listeners)
                await crowd.stop()
                over.set()
                grown = await watching - small
                after = await _acknowledged(desks, listeners)
            return {
                "photos": crowd.taken_in,
                "photo_bytes": sum(map(len, photos)) // AT_ONCE,
                "idle_p50_ms": (before[0] + after[0]) / 2,
                "idle_p99_ms": (before[1] + after[1]) / 2,
                "beside_p50_ms": beside[0],
                "beside_p99_ms": beside[1],
                "ratio": beside[1] / ((before[1] + after[1]) / 2),
                "grown_bytes": grown,
            }


async def _run() -> dict[str, Any]:
    return {"line": await _over_a_bad_line(), "chat": await _beside_the_chat()}


def run() -> dict[str, Any]:
    return asyncio.run(_run())


def table(result: dict[str, Any]) -> str:
    line, chat = result["line"], result["chat"]
    bad_line = lines(
        [
            [f"a photo of {line['bytes'] / MIB:.1f} MB, cut for {CUT_SECONDS:.0f} s", ""],
            ["seconds at 2 Mbit/s", line["seconds"]],
            ["seconds that the line takes at least", line["least_seconds"]],
            ["sent twice, % (at most 5)", line["sent_twice"] * 100],
            ["times in the chat (1)", line["arrived"]],
        ]
    )
    beside = lines(
        [
            ["50 rooms, 100 messages a second", "ack p50 ms", "ack p99 ms"],
            ["idle", chat["idle_p50_ms"], chat["idle_p99_ms"]],
            [f"while {chat['photos']} photos are taken in", chat["beside_p50_ms"], chat["beside_p99_ms"]],
            ["ratio (p99 at most 1.5)", "", chat["ratio"]],
            ["growth of the web process in MB (below 20)", "", chat["grown_bytes"] / MIB],
        ]
    )  # fmt: skip
    return f"{bad_line}\n\n{beside}"
