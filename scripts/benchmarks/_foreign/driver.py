"""The program in the server's namespace: an SFU, the door to it, and the two parts of a run.

    python -m scripts.benchmarks._foreign.driver ORDER

First each client connects alone, several times, its answer held back by some time; then all are in
one room. What was seen is written to ``run.json`` in the order's folder; the room's SRTP keys are
in it, which is why this SFU is in the process that drives it and not in a worker. A line of JSON on
standard output says when the links are to lose packets.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

import msgspec

from media.messages import (
    AcceptAnswer,
    CloseRoom,
    Connected,
    Disconnected,
    Event,
    Join,
    OfferNeeded,
    OpenRoom,
    Publishing,
    VideoPaused,
)
from media.rooms.room import Refused
from media.rtp.codecs import Kind
from media.sfu.sfu import Sfu
from media.transport.port import Port
from scripts.benchmarks._foreign.door import Door
from scripts.benchmarks._foreign.keys import exported

RELAY_PORT = 40000
SIMULCAST = ("h", "l")
TICK = 0.02
"Seconds between two looks at how late this process goes on."


@dataclass(frozen=True)
class Order:
    """What is to be done."""

    clients: dict[str, str]
    "Name -> address of its namespace."
    host: str
    folder: str
    delays: tuple[float, ...]
    repeats: int
    seconds: float
    "In the room."
    lossy_seconds: float
    "The last of these, in which the links lose packets."
    simulcast: tuple[str, ...]
    "Clients that send two encodings."


@dataclass
class Member:
    """What is known of a client in the room."""

    address: str
    joined_at: float = 0.0
    connected_at: float = 0.0
    cut: str = ""
    "Why its connection ended, if it did."
    profile: int = 0
    to_client: str = ""
    "Master key and salt of what the relay sends to it, hexadecimal."
    from_client: str = ""
    offers: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    tracks: dict[str, tuple[str, str]] = field(default_factory=dict)
    "Media id of what it receives -> publisher and kind."
    paused: list[tuple[float, str]] = field(default_factory=list)
    "When the relay stopped sending it what for lack of bandwidth."
    counts: list[tuple[float, dict[str, int]]] = field(default_factory=list)
    "(time, packets it has received by SSRC), about every second."


class Driver:
    """The SFU and what goes in and out of its door."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.door = Door(self._take)
        self.members: dict[str, Member] = {}
        self.refused: list[str] = []
        "Answers that the SFU refused, except those that came after the next offer."
        self.late: list[float] = []
        "Seconds that this process went on too late at, every tick in the complete room."
        self.room = ""
        self._held = 0.0
        "Seconds that an answer to a first offer is held back."
        self._fresh: dict[tuple[str, int], bool] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._answered: dict[str, float] = {}
        self._connected: dict[str, float] = {}
        port = Port(order.host, RELAY_PORT)
        self.sfu = Sfu([(order.host, port.number)], self._on_event)
        self.sfu.open([port])

    def _on_event(self, event: Event) -> None:
        match event:
            case OfferNeeded():
                self._fresh[event.peer_id, event.revision] = event.fresh
                member = self.members.get(event.peer_id)
                if member is not None:
                    member.offers.append(event.sdp)
                    for track in event.tracks:
                        if track.direction == "subscribe":
                            member.tracks[track.mid] = (track.peer_id, track.kind.value)
                self.door.offer(event)
            case Connected():
                self._connected[event.peer_id] = time.time()
                member = self.members.get(event.peer_id)
                if member is not None:
                    self._note_keys(event.peer_id, member)
            case VideoPaused(paused=True) if event.peer_id in self.members:
                what = f"{event.publisher_id}'s {event.kind.value}"
                self.members[event.peer_id].paused.append((time.time(), what))
            case Disconnected():
                member = self.members.get(event.peer_id)
                if member is not None:
                    member.cut = member.cut or event.reason

    def _note_keys(self, name: str, member: Member) -> None:
        handshake = self.sfu.rooms[self.room].peers[name].handshake
        assert handshake is not None
        keys = exported(handshake)
        member.connected_at = time.time()
        member.profile = keys.profile
        member.to_client, member.from_client = keys.outgoing.hex(), keys.incoming.hex()

    def _take(self, name: str, revision: int, sdp: str) -> None:
        held = self._held if self._fresh.get((name, revision)) else 0.0
        task = asyncio.create_task(self._answer(name, revision, sdp, held))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, name: str, revision: int, sdp: str, held: float) -> None:
        await asyncio.sleep(held)
        self._answered.setdefault(name, time.time())
        if name in self.members:
            self.members[name].answers.append(sdp)
        try:
            self.sfu.execute(AcceptAnswer(self.room, name, sdp, revision))
        except Refused as error:
            if error.code != "stale_answer":
                self.refused.append(f"{name}: {error}")

    def _publishing(self, name: str) -> tuple[Publishing, ...]:
        rids = SIMULCAST if name in self.order.simulcast else ()
        return Publishing(Kind.AUDIO), Publishing(Kind.VIDEO, rids)

    async def until(self, condition: Callable[[], object], seconds: float) -> bool:
        """Whether the condition came true within so long."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                return False
            await asyncio.sleep(0.005)
        return True

    async def connect_late(self, name: str, held: float) -> tuple[float, float, float | None]:
        """When it joined, when its held answer was taken, and when it was connected, if it was."""
        self.room = f"late-{name}-{time.time()}"
        self._held = held
        self._answered.pop(name, None)
        self._connected.pop(name, None)
        self.sfu.execute(OpenRoom(self.room))
        self.sfu.execute(Join(self.room, name, self._publishing(name)))
        joined = time.time()
        connected = await self.until(lambda: name in self._connected, held + 15.0)
        await asyncio.sleep(0.3)  # the client's own end of it
        self.sfu.execute(CloseRoom(self.room))
        self._held = 0.0
        await asyncio.sleep(0.2)
        answered = self._answered.get(name, joined)
        return joined, answered, self._connected[name] if connected else None

    async def meet(self) -> dict[str, float]:
        """Have everybody in one room for the ordered time; when it was complete, lossy and over."""
        self.room = "room"
        self.sfu.execute(OpenRoom(self.room))
        for name, address in self.order.clients.items():
            if name not in self.door.present:
                continue
            self.members[name] = Member(address, joined_at=time.time())
            self.door.counts.pop(name, None)
            self._connected.pop(name, None)
            self.sfu.execute(Join(self.room, name, self._publishing(name)))
            await self.until(partial(self._connected.__contains__, name), 20.0)
        await self.until(self._complete, 30.0)
        times = {"complete": time.time()}
        await self._sample(self.order.seconds - self.order.lossy_seconds)
        times["lossy"] = time.time()
        print(json.dumps({"lossy": True}), flush=True)
        await self._sample(self.order.lossy_seconds)
        times["over"] = time.time()
        print(json.dumps({"lossy": False}), flush=True)
        return times

    def _complete(self) -> bool:
        """Whether everybody who is connected receives all audio and video of the others."""
        here = [name for name, member in self.members.items() if member.connected_at]
        return all(
            sum(1 for packets in self.door.counts.get(name, {}).values() if packets > 5)
            >= 2 * (len(here) - 1)
            for name in here
        )

    async def _sample(self, seconds: float) -> None:
        end = time.time() + seconds
        while time.time() < end:
            for name, member in self.members.items():
                member.counts.append((time.time(), dict(self.door.counts.get(name, {}))))
            for _ in range(round(1.0 / TICK)):
                due = time.monotonic() + TICK
                await asyncio.sleep(TICK)
                self.late.append(time.monotonic() - due)


async def _run(order: Order) -> None:
    driver = Driver(order)
    late: dict[str, dict[str, list[tuple[float, float, float | None]]]] = {}
    async with driver.door.serving(order.host):
        await driver.until(lambda: set(order.clients) <= driver.door.present, 60.0)
        for name in order.clients:
            if name in driver.door.present:
                late[name] = {
                    str(held): [await driver.connect_late(name, held) for _ in range(order.repeats)]
                    for held in order.delays
                }
                print(json.dumps({"said": f"{name} has connected"}), flush=True)
        began = time.time()
        times = {"room": began} | await driver.meet()
        figures = msgspec.to_builtins(driver.sfu.figures())
        driver.sfu.execute(CloseRoom(driver.room))
        driver.door.over = True
        await asyncio.sleep(1.5)
    await driver.sfu.close()
    result = {
        "connections": late,
        "members": {name: asdict(member) for name, member in driver.members.items()},
        "absent": sorted(set(order.clients) - driver.door.present),
        "times": times,
        "refused_answers": driver.refused,
        "figures": figures,
        "late": sorted(driver.late),
        "port": RELAY_PORT,
        "host": order.host,
    }
    (Path(order.folder) / "run.json").write_text(json.dumps(result))


if __name__ == "__main__":
    told = json.loads(sys.argv[1])
    asyncio.run(_run(Order(**told)))
