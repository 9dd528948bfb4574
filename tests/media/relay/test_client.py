"""Workers start, die and are restarted; commands and events cross the process boundary."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from media.messages import (
    Connected,
    Disconnected,
    Event,
    OfferNeeded,
    Published,
    Publishing,
    Start,
    WorkerRestarted,
)
from media.participant_limits import Limits
from media.relay import client
from media.relay.client import CommandFailed, Relay, RelaySettings, RelayUnavailable
from media.relay.process import WorkerProcess
from media.rtp.codecs import Kind
from tests.media.support import RelayClient, until

LOOPBACK = RelaySettings(addresses=("127.0.0.1",))
BACK_SECONDS = 3.0
"Within this a call is heard again after its worker died; on an idle machine it takes one."
BUSY = 2.0
"""On a busy machine everything takes longer, the start of the call as well: recovery may take this
many times as long as the start did, which is the same work."""


@asynccontextmanager
async def running(
    settings: RelaySettings = LOOPBACK,
) -> AsyncIterator[tuple[Relay, list[Event]]]:
    events: list[Event] = []
    relay = Relay(settings, events.append)
    await relay.start()
    try:
        yield relay, events
    finally:
        await relay.stop()


def of(events: list[Event], kind: type) -> list:
    return [event for event in events if isinstance(event, kind)]


def peers_of(events: list[Event], kind: type) -> set[str]:
    return {event.peer_id for event in of(events, kind)}


async def test_a_relay_starts_in_a_process_of_its_own_and_ends() -> None:
    async with running() as (relay, _):
        (process_id,) = relay.process_ids()
        assert process_id != os.getpid()
        assert relay.healthy
        assert relay.ports[0] > 0
    with pytest.raises(ProcessLookupError):
        os.kill(process_id, 0)


async def test_two_workers_share_the_rooms() -> None:
    async with running(RelaySettings(addresses=("127.0.0.1",), workers=2)) as (relay, events):
        for room in ("one", "two"):
            await relay.open_room(room)
            await relay.join(room, "a")
        await until(lambda: len(of(events, OfferNeeded)) >= 2, "both offers")
        ports = [
            next(line for line in offer.sdp.splitlines() if "a=candidate" in line).split()[5]
            for offer in of(events, OfferNeeded)
        ]
        assert sorted(map(int, ports)) == sorted(relay.ports)


def children() -> set[int]:
    """Child processes that have not ended."""
    found = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # others end meanwhile
            # The parent is the second field after the name, which is in brackets (proc(5)).
            if int(status.read_text().rpartition(")")[2].split()[1]) == os.getpid():
                found.add(int(status.parent.name))
    return found


START = Start(("127.0.0.1",), 0, ("127.0.0.1",), Limits())


@pytest.mark.parametrize("turns", range(1, 10))
async def test_a_start_that_is_given_up_leaves_no_process(turns: int) -> None:
    """Wherever it is: at each of its first turns of the loop; the process begins in the first."""
    before = children()
    given_up = asyncio.create_task(WorkerProcess.spawn(START, lambda event: None))
    for _ in range(turns):
        await asyncio.sleep(0)
    given_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await given_up
    assert children() <= before


async def test_a_stop_that_is_given_up_leaves_no_process() -> None:
    before = children()
    worker = await WorkerProcess.spawn(START, lambda event: None)
    os.kill(worker.process_id, signal.SIGSTOP)
    given_up = asyncio.create_task(worker.stop())
    await until(lambda: not worker.alive, "the end has begun")
    given_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await given_up
    assert children() <= before


async def test_a_taken_port_is_said_clearly() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        number = other.getsockname()[1]
        relay = Relay(RelaySettings(port=number, addresses=("127.0.0.1",)), lambda event: None)
        with pytest.raises(RelayUnavailable, match=f"UDP port {number} on 127.0.0.1") as refusal:
            await relay.start()
        assert refusal.value.code == "port_unavailable"
        assert not relay.healthy
        await relay.stop()


async def test_what_cannot_be_done_is_refused_and_changes_nothing() -> None:
    async with running() as (relay, events):
        await relay.open_room("room")
        await relay.join("room", "a")
        for attempt, code in (
            (relay.open_room("room"), "room_exists"),
            (relay.join("room", "a"), "already_joined"),
            (relay.join("nowhere", "a"), "unknown_room"),
            (relay.answer("room", "b", "v=0", 1), "unknown_peer"),
            (relay.answer("room", "a", "v=0", 1), "stale_answer"),
            (relay.publish("room", "a", [Publishing(Kind.VIDEO, ("a b",))]), "bad_rids"),
        ):
            with pytest.raises(CommandFailed) as refusal:
                await attempt
            assert refusal.value.code == code
        await until(lambda: of(events, OfferNeeded), "an offer")
        (offer,) = of(events, OfferNeeded)
        for answer in ("", "hello", "v=0\r\nm=audio\r\n", offer.sdp.replace("a=mid:0", "a=mid:7")):
            with pytest.raises(CommandFailed) as refusal:
                await relay.answer("room", "a", answer, offer.revision)
            assert refusal.value.code == "answer_rejected"
        await relay.leave("room", "a")
        await relay.leave("room", "a")
        await relay.close_room("room")
        await relay.close_room("room")


async def test_a_killed_worker_is_replaced_and_its_calls_come_back_within_seconds() -> None:
    clients: dict[str, RelayClient] = {}
    events: list[Event] = []
    tasks: set[asyncio.Task[None]] = set()

    def on_event(event: Event) -> None:
        events.append(event)
        if isinstance(event, OfferNeeded):
            task = asyncio.ensure_future(clients[event.peer_id].answer(event))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    relay = Relay(LOOPBACK, on_event)
    loop = asyncio.get_running_loop()
    began_at = loop.time()
    await relay.start()
    try:
        await relay.open_room("room")
        for name in ("a", "b"):
            clients[name] = RelayClient(relay, name)
            await relay.join("room", name, [Publishing(Kind.AUDIO)])
        await until(lambda: peers_of(events, Connected) == {"a", "b"}, "both are connected")
        await until(lambda: peers_of(events, Published) == {"a", "b"}, "both publish")
        await until(
            lambda: all(client.frames.get("audio") for client in clients.values()), "both are heard"
        )
        beginning = loop.time() - began_at
        (before,) = relay.process_ids()
        os.kill(before, signal.SIGKILL)
        async with asyncio.timeout(max(BACK_SECONDS, BUSY * beginning)):
            await until(lambda: of(events, WorkerRestarted), "the worker is restarted")
            restarted = of(events, WorkerRestarted)[0]
            await until(
                lambda: peers_of(events[events.index(restarted) :], Connected) == {"a", "b"},
                "both are connected again",
            )
            seen_ssrcs = {name: one.frames["audio"] for name, one in clients.items()}
            await until(
                lambda: all(
                    one.frames["audio"] > seen_ssrcs[name] for name, one in clients.items()
                ),
                "both are heard",
            )
        await until(
            lambda: all(
                one.frames["audio"] > seen_ssrcs[name] + 10 for name, one in clients.items()
            ),
            "they go on being heard",
        )
        assert restarted.rooms == ("room",)
        lost = {
            event.peer_id for event in of(events, Disconnected) if event.reason == "worker_lost"
        }
        assert lost == {"a", "b"}
        assert relay.process_ids() != [before]
    finally:
        for client in clients.values():
            await client.close()
        await asyncio.gather(*tasks, return_exceptions=True)
        await relay.stop()


async def test_a_worker_that_has_leaked_is_replaced_once_its_rooms_are_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    restarts: list[WorkerRestarted] = []
    usual = client.LEAK_BYTES
    monkeypatch.setattr(client, "PING_SECONDS", 0.05)

    def on_event(event: Event) -> None:
        if isinstance(event, WorkerRestarted):
            # The new worker has not leaked.
            monkeypatch.setattr(client, "LEAK_BYTES", usual)
            restarts.append(event)

    async def two_looks() -> None:
        for _ in range(2):
            seen = relay.figures[0]
            await until(lambda seen=seen: relay.figures[0] is not seen, "a look at the worker")

    relay = Relay(LOOPBACK, on_event)
    await relay.start()
    try:
        (before,) = relay.process_ids()
        await relay.open_room("room")
        await until(lambda: relay.figures[0].rooms, "the room is seen")
        monkeypatch.setattr(client, "LEAK_BYTES", 1)
        await two_looks()
        assert relay.figures[0].rooms == 1
        assert relay.process_ids() == [before], "a call is worth more than memory"
        await relay.close_room("room")
        await until(lambda: restarts, "the worker is replaced")
        (after,) = relay.process_ids()
        assert after != before
        with pytest.raises(ProcessLookupError):
            os.kill(before, 0)
        await relay.open_room("room")
        await relay.close_room("room")
        await two_looks()
        assert relay.process_ids() == [after], "whoever is small is kept, idle or not"
        assert len(restarts) == 1
    finally:
        await relay.stop()


async def test_a_fault_of_the_listener_is_logged_and_costs_no_worker(
    logged_faults: list[str],
) -> None:
    def on_event(event: Event) -> None:
        raise ValueError(type(event).__name__)

    relay = Relay(LOOPBACK, on_event)
    await relay.start()
    try:
        await relay.open_room("room")
        await relay.join("room", "a", [Publishing(Kind.AUDIO)])
        await until(lambda: "ValueError: OfferNeeded" in "".join(logged_faults), "the offer")
        for turn in (1, 2):
            (before,) = relay.process_ids()
            os.kill(before, signal.SIGKILL)
            await until(
                lambda turn=turn: (
                    "".join(logged_faults).count("ValueError: WorkerRestarted") == turn
                ),
                "the worker is restarted",
            )
            assert relay.process_ids() != [before]
        assert relay.healthy
    finally:
        await relay.stop()
    logged_faults.clear()
