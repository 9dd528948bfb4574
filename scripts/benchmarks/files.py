"""Photos on their way into the chat: over a bad line, and while others write.

The bad line is a proxy on this machine that carries 2 Mbit/s in each direction and nothing at all for
ten seconds in the middle, after which its connections are gone. What is counted as sent twice is what
the line carried to the server beyond the file itself, the heads of the requests included.

Beside the chat, ten people in ten rooms send a photo of 12 megapixels each, all at once and each over a
line of 10 Mbit/s, while in fifty other rooms messages are acknowledged. They send from a process of their
own, which gives way to all others as what examines photos does: what is waited for is the server's work
and not theirs. Rounds alternate: messages alone, then with photos. Growth is the largest resident size of the web process while photos are taken
in, less that just before; one photo is taken in before the first round, so that what is loaded once is
there.

What requests cost is the processor time of the web process, all its threads included but not the process
that examines files; no two requests at once.
"""

import asyncio
import itertools
import secrets
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from scripts.benchmarks._figures import lines, percentile
from scripts.traffic.desks import Desk, heard, until_complete
from scripts.traffic.server import (
    Place,
    Server,
    client,
    connect_all,
    furnish,
    serving,
    temporary_folder,
)
from scripts.traffic.slow_link import slow_link
from scripts.traffic.uploads import Sender, noisy_photo, ordinary_photo
from signaling.ports.files import BLOCK_BYTES
from web.processes.priority import give_way

LINE_BITS_PER_SECOND = 2_000_000
CUT_SECONDS = 10.0
LARGEST = 20 * 2**20
ROOMS = 50
PER_SECOND = 100
SAMPLES = 300
"At least, in each half of a round."
ROUNDS = 3
AT_ONCE = 10
OWN_LINE_BYTES_PER_SECOND = 10_000_000 / 8
"Of each of those who send photos: a phone on a good mobile network."
APART = 0.09
"Seconds from one sender's start to the next one's. Within a second all send; nobody in lock-step."
EACH_SENDS = 5
"Uploads of which the cost is measured."
MIB = 2**20


async def _over_a_bad_line() -> dict[str, Any]:
    photo = await asyncio.to_thread(noisy_photo, LARGEST)
    with temporary_folder() as folder:
        [place] = await furnish(folder / "data", 1)
        async with serving(folder / "data", TELECONNECT_RELAY_WORKERS="0") as server:
            port = urlsplit(server.url).port
            assert port is not None
            async with (
                client() as session,
                slow_link(port, LINE_BITS_PER_SECOND, len(photo) // 2) as link,
                client() as near,
            ):
                [desk] = await connect_all(session, server, [place], scheduler=True)
                arrived: list[str] = []
                listening = asyncio.create_task(_hear_photos(desk, arrived))
                sender = Sender(near, f"http://127.0.0.1:{link.port}", place)
                started = time.perf_counter()
                sending = asyncio.create_task(sender.send(photo))
                await link.half_carried.wait()
                await link.cut(CUT_SECONDS)
                await sending
                seconds = time.perf_counter() - started
                await asyncio.sleep(2)
                listening.cancel()
            return {
                "bytes": len(photo),
                "seconds": seconds,
                "least_seconds": len(photo) * 8 / LINE_BITS_PER_SECOND + CUT_SECONDS,
                "sent_twice": link.carried_up / len(photo) - 1,
                "arrived": len(arrived),
            }


async def _hear_photos(socket: aiohttp.ClientWebSocketResponse, arrived: list[str]) -> None:
    """Note the photos that a socket is told of."""
    async for frame in socket:
        if '"chat_added"' in frame.data and '"kind":"photo"' in frame.data:
            arrived.append(frame.data)


async def _acknowledged(
    desks: list[Desk], listeners: list[asyncio.Task[None]], until: asyncio.Event
) -> list[float]:
    """Milliseconds until messages at a steady rate are acknowledged: SAMPLES, and on until `until` is set."""
    for desk in desks:
        for noted in (desk.sent, desk.acknowledged, desk.shown):
            noted.clear()
    started = time.perf_counter()
    for number in itertools.count():
        if number >= SAMPLES and until.is_set():
            break
        wait = started + number / PER_SECOND - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        await desks[number % len(desks)].send()
    await until_complete(desks, listeners)
    return [
        (desk.acknowledged[message_id] - sent_at) * 1000
        for desk in desks
        for message_id, sent_at in desk.sent.items()
    ]


def _send_all(url: str, places: list[Place], photos: list[bytes]) -> float:
    """Send a photo into each place; how many seconds that took. Run in a process of its own."""

    async def send_after(seconds: float, sender: Sender, photo: bytes) -> None:
        await asyncio.sleep(seconds)
        await sender.send(photo)

    async def send() -> float:
        started = time.perf_counter()
        async with client() as session:
            senders = [Sender(session, url, place, OWN_LINE_BYTES_PER_SECOND) for place in places]
            pairs = enumerate(zip(senders, photos, strict=True))
            await asyncio.gather(*(send_after(number * APART, *pair) for number, pair in pairs))
        return time.perf_counter() - started

    return asyncio.run(send())


async def _largest(server: Server, over: asyncio.Event) -> int:
    """The largest resident size of the web process until `over`."""
    largest = 0
    while not over.is_set():
        largest = max(largest, server.memory_bytes())
        await asyncio.sleep(0.02)
    return largest


@dataclass
class _Beside:
    """What was measured in all rounds."""

    idle: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    grown: int = 0
    seconds: float = 0.0

    async def round(
        self,
        server: Server,
        desks: list[Desk],
        listeners: list[asyncio.Task[None]],
        send_photos: Callable[[], asyncio.Future[float]],
    ) -> None:
        """Messages alone, and while the photos are taken in."""
        at_once, over = asyncio.Event(), asyncio.Event()
        at_once.set()
        self.idle += await _acknowledged(desks, listeners, at_once)
        small = server.memory_bytes()
        watching = asyncio.create_task(_largest(server, over))
        sending = send_photos()
        sending.add_done_callback(lambda _: over.set())
        self.busy += await _acknowledged(desks, listeners, over)
        self.seconds += await sending
        self.grown = max(self.grown, await watching - small)


async def _beside_the_chat() -> dict[str, Any]:
    photos = [await asyncio.to_thread(ordinary_photo, seed) for seed in range(AT_ONCE)]
    beside = _Beside()
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
            with ProcessPoolExecutor(1, get_context("spawn"), give_way) as pool:

                def send_photos(count: int = AT_ONCE) -> asyncio.Future[float]:
                    sending = pool.submit(
                        _send_all, server.url, places[ROOMS:][:count], photos[:count]
                    )
                    return asyncio.wrap_future(sending)

                await send_photos(1)
                async with heard(desks) as listeners:
                    for _ in range(ROUNDS):
                        await beside.round(server, desks, listeners, send_photos)
    idle, busy = beside.idle, beside.busy
    return {
        "photo_bytes": sum(map(len, photos)) // AT_ONCE,
        "seconds": beside.seconds / ROUNDS,
        "idle_p50_ms": percentile(idle, 0.5),
        "idle_p99_ms": percentile(idle, 0.99),
        "beside_p50_ms": percentile(busy, 0.5),
        "beside_p99_ms": percentile(busy, 0.99),
        "ratio": percentile(busy, 0.99) / percentile(idle, 0.99),
        "grown_bytes": beside.grown,
    }


async def _costs() -> dict[str, float]:
    """Milliseconds of the web process for each kind of request, on average."""
    photo = await asyncio.to_thread(ordinary_photo, 1)
    with temporary_folder() as folder:
        places = await furnish(folder / "data", AT_ONCE)
        async with (
            serving(folder / "data", TELECONNECT_RELAY_WORKERS="0") as server,
            client() as session,
        ):
            senders = [Sender(session, server.url, place) for place in places]
            for sender in senders:  # opens its room
                await sender.send(photo)
            uploads = [(sender, secrets.token_urlsafe(12)) for sender in senders * EACH_SENDS]
            kinds: dict[str, Callable[[Sender, str], Awaitable[int]]] = {
                "creation_ms": lambda sender, each: sender.create(each, photo),
                "block_ms": lambda sender, each: sender.piece(each, photo, 0, BLOCK_BYTES),
                "piece_ms": lambda sender, each: sender.piece(each, photo, BLOCK_BYTES),
                "rest_ms": lambda sender, each: sender.piece(
                    each, photo, BLOCK_BYTES + MIB, len(photo)
                ),
            }
            costs = {}
            for name, ask in kinds.items():
                before = server.cpu_seconds()
                for upload in uploads:
                    await ask(*upload)
                costs[name] = (server.cpu_seconds() - before) * 1000 / len(uploads)
    return costs


async def _run() -> dict[str, Any]:
    return {
        "line": await _over_a_bad_line(),
        "chat": await _beside_the_chat(),
        "costs": await _costs(),
    }


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
            [f"while {AT_ONCE} photos are taken in", chat["beside_p50_ms"], chat["beside_p99_ms"]],
            ["ratio (p99 at most 1.5)", "", chat["ratio"]],
            ["seconds for ten photos of 12 megapixels", "", chat["seconds"]],
            ["growth of the web process in MB (below 20)", "", chat["grown_bytes"] / MIB],
        ]
    )  # fmt: skip
    costs = result["costs"]
    requests = lines(
        [
            ["web process, for each request", "ms of the processor"],
            ["a new upload", costs["creation_ms"]],
            ["a piece of 64 kB", costs["block_ms"]],
            ["a piece of 1 MB", costs["piece_ms"]],
            ["the rest of 2.3 MB, until the photo is in the chat", costs["rest_ms"]],
        ]
    )
    return f"{bad_line}\n\n{beside}\n\n{requests}"
