"""A host without HTTP: owns rooms, with people in them who are not connected by any socket.

`python -m scripts.traffic.owner`, with the environment of a server, takes one order a line and answers
each with one line of JSON: {"open": [[consultation id, invite id, scheduler id], ...]} lets both people
into each room, where the service user writes a first message; {"messages": N, "per_second": R} has N
messages written by service users drawn at random; {"rest": S} has nobody write for S seconds.
"""

import asyncio
import json
import random
import sys
import time
from typing import Any

from aiohttp import web

from signaling.identifier import new_id
from signaling.rooms.attendance import Attendance
from signaling.rooms.page_visit import PageVisit
from signaling.wire import client_messages as client
from signaling.wire import messages as wire
from web.app import create_app
from web.config import load
from web.keys import ATTENDING, CHATTING

TEXT = "I have had a headache since yesterday evening, and the light hurts. " * 2
AT_ONCE = 16
"Rooms that are opened at the same time."


async def _enter(app: web.Application, consultation_id: str, person_id: str) -> Attendance:
    visit = PageVisit()
    hello = client.Hello(
        version=wire.PROTOCOL_VERSION, stream="room", peer_id=visit.peer_id, calls=False
    )
    return await app[ATTENDING].enter(consultation_id, person_id, visit, hello, [], "auto")


async def _open(app: web.Application, places: list[list[str]]) -> list[Attendance]:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(consultation_id: str, invite_id: str, scheduler_id: str) -> Attendance:
        async with gate:
            await _enter(app, consultation_id, scheduler_id)
            guest = await _enter(app, consultation_id, invite_id)
            await _send(app, guest)
            return guest

    return list(await asyncio.gather(*(one(*place) for place in places)))


async def _send(app: web.Application, attendance: Attendance) -> None:
    await app[CHATTING].send(attendance, client.ChatSend(id=new_id(), text=TEXT))


async def _write(
    app: web.Application, people: list[Attendance], count: int, per_second: float
) -> dict[str, Any]:
    waits: list[float] = []

    async def one(attendance: Attendance) -> None:
        began = time.perf_counter()
        await _send(app, attendance)
        waits.append((time.perf_counter() - began) * 1000)

    chance = random.Random(20261129)
    used, started, tasks = time.process_time(), time.perf_counter(), []
    for number in range(count):
        await asyncio.sleep(max(0.0, started + number / per_second - time.perf_counter()))
        tasks.append(asyncio.create_task(one(chance.choice(people))))
    await asyncio.gather(*tasks)
    return {"cpu_seconds": time.process_time() - used, "waits_ms": waits}


async def main() -> None:
    app = await create_app(load())
    runner = web.AppRunner(app)
    await runner.setup()
    people: list[Attendance] = []
    print("{}", flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        order = json.loads(line)
        answer: dict[str, Any] = {}
        if "open" in order:
            people += await _open(app, order["open"])
        elif "rest" in order:
            used = time.process_time()
            await asyncio.sleep(order["rest"])
            answer = {"cpu_seconds": time.process_time() - used}
        else:
            answer = await _write(app, people, order["messages"], order["per_second"])
        print(json.dumps(answer), flush=True)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
