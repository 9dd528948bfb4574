"""A chat message: from send to durable acknowledgement and to the other side; messages per second.

Latency is measured at a steady rate far below what the server can do, one message after the other
moving through the open rooms; throughput with every room sending without waiting. The bare loop
inserts rows of the same size into the same schema through plain sqlite3, with the same durability
(WAL, synchronous=FULL), one commit for each.
"""

import asyncio
import os
import secrets
import sqlite3
import time
from pathlib import Path
from typing import Any

from scripts.benchmarks._figures import lines, percentile
from scripts.traffic.desks import TEXT, Desk, heard, until_complete
from scripts.traffic.server import Place, client, connect_all, furnish, serving, temporary_folder
from storage.engine.master_key import DATABASE_NAME

ROOMS = (1, 50, 500)
PER_SECOND = 100
"Messages while latency is measured: 500 rooms in which somebody writes every five seconds."
SAMPLES = 1000
ALONE_SAMPLES = 400
"With one room the rate is lower: one socket may send 50 messages a second without end."
FLOOD_ROOMS = 200
FLOOD_MESSAGES = 60
"Of each room in the flood: below the burst that one socket is allowed."
BARE_SECONDS = 3.0


async def _with_rooms(folder: Path, count: int, measure: Any) -> dict[str, Any]:
    """Serve `count` open rooms with both people in each, and measure."""
    data_dir = folder / "data"
    places: list[Place] = await furnish(data_dir, count)
    async with serving(data_dir) as server, client() as session:
        schedulers = await connect_all(session, server, places, scheduler=True)
        service_users = await connect_all(session, server, places, scheduler=False)
        desks = [Desk(*pair) for pair in zip(service_users, schedulers, strict=True)]
        async with heard(desks) as listeners:
            await asyncio.sleep(1)
            figures: dict[str, Any] = await measure(desks, listeners)
    return figures


async def _latency(desks: list[Desk], listeners: list[asyncio.Task[None]]) -> dict[str, Any]:
    rate = PER_SECOND if len(desks) > 1 else 40
    samples = SAMPLES if len(desks) > 1 else ALONE_SAMPLES
    started = time.perf_counter()
    for number in range(samples):
        wait = started + number / rate - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        await desks[number % len(desks)].send()
    await until_complete(desks, listeners)
    acknowledged, shown = [], []
    for desk in desks:
        for message_id, sent_at in desk.sent.items():
            acknowledged.append((desk.acknowledged[message_id] - sent_at) * 1000)
            shown.append((desk.shown[message_id] - sent_at) * 1000)
    return {
        "rooms": len(desks),
        "messages": samples,
        "messages_per_second": rate,
        "ack_p50_ms": percentile(acknowledged, 0.5),
        "ack_p99_ms": percentile(acknowledged, 0.99),
        "other_side_p50_ms": percentile(shown, 0.5),
        "other_side_p99_ms": percentile(shown, 0.99),
    }


async def _flood(desks: list[Desk], listeners: list[asyncio.Task[None]]) -> dict[str, Any]:
    async def pour(desk: Desk) -> None:
        for _ in range(FLOOD_MESSAGES):
            await desk.send()

    started = time.perf_counter()
    await asyncio.gather(*(pour(desk) for desk in desks))
    await until_complete(desks, listeners)
    last = max(moment for desk in desks for moment in desk.acknowledged.values())
    count = len(desks) * FLOOD_MESSAGES
    return {"messages": count, "messages_per_second": count / (last - started)}


def bare_inserts_per_second(database: Path, place: Place) -> float:
    """Rows like those of the chat, inserted one commit each into a database of its own."""
    connection = sqlite3.connect(database, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")
    sealed = os.urandom(12 + len(TEXT.encode()) + 16)
    now = time.time_ns() // 1_000_000
    count = 0
    started = time.perf_counter()
    while time.perf_counter() - started < BARE_SECONDS:
        count += 1
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(
            "INSERT INTO chat_message (consultation_id, position, id, participant_id, kind, text,"
            " sent_at) VALUES (?, ?, ?, ?, 'text', ?, ?)",
            (
                place.consultation_id,
                1_000_000 + count,
                secrets.token_urlsafe(12),
                place.invite_id,
                sealed,
                now,
            ),
        )
        connection.execute("COMMIT")
    elapsed = time.perf_counter() - started
    connection.close()
    return count / elapsed


async def _bare(folder: Path) -> float:
    data_dir = folder / "data"
    places = await furnish(data_dir, 1)
    return await asyncio.to_thread(bare_inserts_per_second, data_dir / DATABASE_NAME, places[0])


async def _run() -> dict[str, Any]:
    latencies = []
    for count in ROOMS:
        with temporary_folder() as folder:
            latencies.append(await _with_rooms(folder, count, _latency))
    # around the flood, because a shared disk does not keep its speed
    with temporary_folder() as folder:
        before = await _bare(folder)
    with temporary_folder() as folder:
        flood = await _with_rooms(folder, FLOOD_ROOMS, _flood)
    with temporary_folder() as folder:
        after = await _bare(folder)
    bare = (before + after) / 2
    return {
        "latency": latencies,
        "flood_rooms": FLOOD_ROOMS,
        "flood_messages": flood["messages"],
        "messages_per_second": flood["messages_per_second"],
        "bare_inserts_per_second": bare,
        "ratio_to_bare_inserts": flood["messages_per_second"] / bare,
    }


def run() -> dict[str, Any]:
    return asyncio.run(_run())


def table(result: dict[str, Any]) -> str:
    latency = lines(
        [
            ["open rooms", "ack p50 ms", "ack p99 ms", "other side p50 ms", "other side p99 ms"],
            *(
                [
                    str(row["rooms"]),
                    row["ack_p50_ms"],
                    row["ack_p99_ms"],
                    row["other_side_p50_ms"],
                    row["other_side_p99_ms"],
                ]
                for row in result["latency"]
            ),
        ]
    )
    speed = lines(
        [
            ["", "per second"],
            [f"messages from {result['flood_rooms']} rooms at once", result["messages_per_second"]],
            ["bare inserts, one commit each", result["bare_inserts_per_second"]],
            ["ratio (at least 0.50)", result["ratio_to_bare_inserts"]],
        ]
    )
    return f"{latency}\n\n{speed}"
