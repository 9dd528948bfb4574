"""Chat while strangers hold connections: latency of acknowledgements in quiet and in the storm.

The server may open 256 files. In ten rooms a message is sent in turn; quiet and stormy phases
alternate, so that what else the machine does meets both. In the storm 300 connections say nothing
(a third each: no byte, half a head, half a body letter by letter) and come again as they are ended,
forty multipart forms at once are posted again and again, twenty WebSockets ping and never say
hello; all from the same address as the honest people, of whom one more joins every second: page,
socket, message.
"""

import asyncio
import json
import secrets
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from yarl import URL

from scripts.benchmarks._figures import lines, percentile
from scripts.traffic.server import (
    Place,
    Server,
    client,
    connect,
    furnish,
    serving,
    temporary_folder,
)
from scripts.traffic.strangers import strangers
from web.routes import path

DESCRIPTORS = 256
ROOMS = 10
PHASES = 5
"Quiet phases; as many stormy ones lie between them."
PHASE_SECONDS = 12.0
PER_SECOND = 40
SILENT, FORMS, PINGING = 300, 40, 20
JOIN_WITHIN = 30.0
TEXT = "I have had a headache since yesterday evening, and the light hurts. " * 2


@dataclass
class Phases:
    """Figures of the quiet phases, or of the stormy ones."""

    acknowledged_ms: list[float] = field(default_factory=list)
    health_ms: list[float] = field(default_factory=list)
    joined_ms: list[float] = field(default_factory=list)
    shut_out: int = 0


async def _say(socket: aiohttp.ClientWebSocketResponse) -> float:
    """Milliseconds from sending a message to its acknowledgement."""
    message_id = secrets.token_urlsafe(12)
    started = time.perf_counter()
    await socket.send_str(json.dumps({"type": "chat_send", "id": message_id, "text": TEXT}))
    while True:
        frame = json.loads(await socket.receive_str())
        if frame["type"] == "error":
            raise RuntimeError(frame["code"])
        if frame["type"] == "ack" and frame["id"] == message_id:
            return (time.perf_counter() - started) * 1000


async def _chat(sockets: list[aiohttp.ClientWebSocketResponse], seen: Phases, until: float) -> None:
    """Messages at a steady rate, from one room after the other."""
    started, number = time.perf_counter(), 0
    while time.perf_counter() < until:
        seen.acknowledged_ms.append(await _say(sockets[number % len(sockets)]))
        number += 1
        await asyncio.sleep(started + number / PER_SECOND - time.perf_counter())


async def _ask_for_health(server: Server, seen: Phases, until: float) -> None:
    while time.perf_counter() < until:
        async with client() as browser:  # a connection of its own, as a monitor has
            started = time.perf_counter()
            async with browser.get(server.url + path("health")) as answer:
                await answer.read()
            seen.health_ms.append((time.perf_counter() - started) * 1000)
        await asyncio.sleep(0.5)


async def _join(server: Server, place: Place, seen: Phases) -> None:
    """Open the link, enter the room, say something."""
    started = time.perf_counter()
    try:
        async with asyncio.timeout(JOIN_WITHIN), client() as browser:
            link = server.url + path("landing", token=place.invite_token)
            async with browser.get(link) as page:
                page.raise_for_status()
            async with await connect(browser, server, place, scheduler=False) as socket:
                await _say(socket)
    except (OSError, aiohttp.ClientError, TimeoutError, RuntimeError, TypeError):
        seen.shut_out += 1
    else:
        seen.joined_ms.append((time.perf_counter() - started) * 1000)


async def _phase(
    server: Server,
    sockets: list[aiohttp.ClientWebSocketResponse],
    newcomers: list[Place],
    seen: Phases,
) -> None:
    until = time.perf_counter() + PHASE_SECONDS
    async with asyncio.TaskGroup() as group:
        group.create_task(_chat(sockets, seen, until))
        group.create_task(_ask_for_health(server, seen, until))
        while newcomers and time.perf_counter() < until:
            group.create_task(_join(server, newcomers.pop(), seen))
            await asyncio.sleep(1)


async def _run() -> dict[str, Any]:
    quiet, storm = Phases(), Phases()
    crowds: list[dict[str, Any]] = []
    log_bytes, stormy_seconds = 0, 0.0
    joining = int(PHASES * 2 * PHASE_SECONDS)
    with temporary_folder() as folder:
        places = await furnish(folder / "data", ROOMS + joining)
        log, newcomers = folder / "server.log", places[ROOMS:]
        async with (
            serving(folder / "data", descriptors=DESCRIPTORS, TELECONNECT_RELAY_PORT="0") as server,
            client() as session,
        ):
            sockets = [
                await connect(session, server, place, scheduler=False) for place in places[:ROOMS]
            ]
            port = URL(server.url).port
            assert port is not None
            for _ in range(PHASES):
                await _phase(server, sockets, newcomers, quiet)
                before, started = _size(log), time.perf_counter()
                async with strangers(port, silent=SILENT, forms=FORMS, pinging=PINGING) as crowd:
                    await crowd.until(lambda seen: seen["opened"] >= SILENT)
                    await _phase(server, sockets, newcomers, storm)
                crowds.append(crowd.figures)
                log_bytes += _size(log) - before
                stormy_seconds += time.perf_counter() - started
    return {
        "quiet": _figures(quiet),
        "storm": _figures(storm),
        "ratio": percentile(storm.acknowledged_ms, 0.99) / percentile(quiet.acknowledged_ms, 0.99),
        "silent_opened": sum(crowd["opened"] for crowd in crowds),
        "silent_ended": sum(crowd["ended"] for crowd in crowds),
        "first_ended_seconds": min(crowd["first_ended_seconds"] or 1e9 for crowd in crowds),
        "sockets_ended": sum(crowd["sockets_ended"] for crowd in crowds),
        "forms_refused": sum(crowd["forms"].get("415", 0) for crowd in crowds),
        "log_bytes_per_minute": log_bytes / stormy_seconds * 60,
    }


def _size(log: Path) -> int:
    return log.stat().st_size


def _figures(seen: Phases) -> dict[str, Any]:
    return {
        "messages": len(seen.acknowledged_ms),
        "ack_p50_ms": percentile(seen.acknowledged_ms, 0.5),
        "ack_p99_ms": percentile(seen.acknowledged_ms, 0.99),
        "health_p50_ms": percentile(seen.health_ms, 0.5),
        "health_longest_ms": max(seen.health_ms),
        "joined": len(seen.joined_ms),
        "join_p50_ms": percentile(seen.joined_ms, 0.5),
        "join_longest_ms": max(seen.joined_ms),
        "shut_out": seen.shut_out,
    }


def run() -> dict[str, Any]:
    return asyncio.run(_run())


def table(result: dict[str, Any]) -> str:
    names = {
        "messages": "messages",
        "ack_p50_ms": "acknowledgement p50 ms",
        "ack_p99_ms": "acknowledgement p99 ms",
        "health_p50_ms": "health p50 ms",
        "health_longest_ms": "health longest ms",
        "joined": "people who joined",
        "join_p50_ms": "joining p50 ms",
        "join_longest_ms": "joining longest ms",
        "shut_out": "shut out (0)",
    }
    compared = lines(
        [
            ["", "quiet", "storm"],
            *(
                [label, result["quiet"][name], result["storm"][name]]
                for name, label in names.items()
            ),
        ]
    )
    facts = lines(
        [
            ["", ""],
            ["ratio of acknowledgement p99 (at most 3)", result["ratio"]],
            ["silent connections opened", result["silent_opened"]],
            ["of them ended", result["silent_ended"]],
            ["seconds until the first was", result["first_ended_seconds"]],
            ["WebSockets without hello ended", result["sockets_ended"]],
            ["multipart forms refused", result["forms_refused"]],
            ["log, kB a minute", result["log_bytes_per_minute"] / 1000],
        ]
    )
    return f"{compared}\n\n{facts}"
