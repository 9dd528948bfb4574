"""What a hostile datagram costs the relay, in microseconds of its processor time.

An exchange in this process serves a room of four light clients, one of them hostile. Datagrams of
one kind are put into its socket, then the time it takes to handle them is measured, beside that
of packets as they should be. ``answers`` says how many datagrams left for one that came;
``a second`` how many of them the limits let one participant have, and ``core`` what these take of
a processor. Where nothing is said, no limit but the network's holds.
"""

import argparse
import asyncio
import random
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from aiortc import RTCCertificate

from media.messages import (
    AcceptAnswer,
    Connected,
    Disconnected,
    Event,
    Join,
    OfferNeeded,
    OpenRoom,
    Publishing,
)
from media.rtp.codecs import Kind
from media.sfu.sfu import Sfu
from media.transport.ice import Credentials
from media.transport.port import Port
from scripts.benchmarks._figures import lines
from scripts.traffic.hostile import STRANGERS, Hostile, stun_request
from scripts.traffic.relay_clients import LoadClient

BATCH = 100
"Datagrams put into the socket before they are handled."
PLENTY = 1e9
WARM_UP = 4 * BATCH
"Datagrams of a kind not counted: what is refused only after a while is dear just for that while."
HOST = "127.0.0.1"


@dataclass(frozen=True)
class Row:
    """One kind of datagram: seconds each costs, answers to each, how many a second may come."""

    name: str
    seconds: float
    answers: float
    rate: float | None


class Target:
    """A room of four light clients in this process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.port = Port(HOST, 0)
        self.parted: list[tuple[str, str]] = []
        "Who was disconnected, and why."
        self.sfu = Sfu([(HOST, self.port.number)], self._on_event, clock=clock)
        self.sfu.open([self.port])
        self.clients: dict[str, LoadClient] = {}
        self._certificate = RTCCertificate.generateCertificate()
        self._tasks: set[asyncio.Task[None]] = set()
        self._connected = 0
        self.ready = asyncio.Event()

    def _on_event(self, event: Event) -> None:
        if isinstance(event, OfferNeeded):
            task = asyncio.ensure_future(self._answer(event))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif isinstance(event, Connected):
            self._connected += 1
            if self._connected == len(self.clients):
                self.ready.set()
        elif isinstance(event, Disconnected):
            self.parted.append((event.peer_id, event.reason))

    async def _answer(self, event: OfferNeeded) -> None:
        client = self.clients[event.peer_id]
        connecting = asyncio.ensure_future(client.connect(event.sdp)) if event.fresh else None
        answer = client.answer(event.sdp)
        self.sfu.execute(AcceptAnswer(event.room_id, event.peer_id, answer, event.revision))
        if connecting is not None:
            await connecting

    async def fill(self, names: str = "abcd") -> None:
        """Have the clients join and connect."""
        self.sfu.execute(OpenRoom("room"))
        publishing = (Publishing(Kind.AUDIO), Publishing(Kind.VIDEO))
        for name in names:
            self.clients[name] = LoadClient(self._certificate, HOST)
        for name in names:
            self.sfu.execute(Join("room", name, publishing))
        async with asyncio.timeout(30):
            await self.ready.wait()
            while self._tasks:
                await asyncio.gather(*self._tasks)

    async def close(self) -> None:
        """End the call."""
        for client in self.clients.values():
            await client.close()
        await self.sfu.close()


async def measure(packets: int) -> dict[str, Any]:
    """Microseconds and answers for each kind of datagram."""
    target = Target()
    await target.fill()
    rows = []
    hostile = Hostile(target.clients["a"], seed=1)
    peer = target.sfu.rooms["room"].peers["a"]
    wrong = stun_request(peer.credentials.ufrag, "guess")
    right = _checks(peer.credentials)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.connect((HOST, target.port.number))
        for name, make in STRANGERS.items():
            rows.append(
                _row(target, f"stranger: {name}", packets, make(random.Random(1)), stranger)
            )
        rows.append(_row(target, "stranger: wrong password", packets, _same(wrong), stranger))
        for name, make in STRANGERS.items():
            rows.append(_row(target, f"spoofed: {name}", packets, make(random.Random(1)), hostile))
        rows.append(_row(target, "replayed: a check", packets, _same(next(right)), hostile))
        rows.append(_row(target, "participant: checks", packets, right, hostile))
    errors = target.sfu.forwarder.errors
    await target.close()
    for name in ("honest packets", *hostile.kinds()):
        target = Target()
        await target.fill()
        hostile = Hostile(target.clients["a"], seed=1)
        # Without a first packet there would be no stream for most of what follows.
        _row(target, "", 1, hostile.honest(), hostile)
        kinds = {"honest packets": hostile.honest, **hostile.kinds()}
        rows.append(_row(target, f"participant: {name}", packets, kinds[name](), hostile))
        errors += target.sfu.forwarder.errors
        await target.close()
    return {"packets": packets, "errors": errors, "rows": [asdict(row) for row in rows]}


def _same(datagram: bytes) -> Iterator[bytes]:
    while True:
        yield datagram


def _checks(credentials: Credentials) -> Iterator[bytes]:
    while True:
        yield stun_request(credentials.ufrag, credentials.password)


def _row(
    target: Target,
    name: str,
    packets: int,
    datagrams: Iterator[bytes],
    sender: socket.socket | Hostile,
) -> Row:
    sfu, port = target.sfu, target.port
    peer = sfu.rooms["room"].peers["a"]
    spent = 0.0
    handled = -WARM_UP if packets > 1 else 0
    charged = dict.fromkeys(("octets", "checks", "records", "rtcp"), 0.0)
    before = port.counters.sent
    while handled < packets:
        for _ in range(BATCH if packets > 1 else 1):
            datagram = next(datagrams)
            if isinstance(sender, Hostile):
                sender.send(datagram)
            else:
                sender.send(datagram)
        if isinstance(sender, Hostile):
            sender.client.port.flush()
        # The limits would make all but the first cheap; the dearest case is what counts.
        allowance = peer.allowance
        peer.octets_left = allowance.checks = allowance.records = allowance.rtcp = PLENTY
        started = time.process_time()
        count = sfu.forwarder.drain(port)
        sfu.forwarder.flush()
        if handled >= 0:
            spent += time.process_time() - started
            charged["octets"] += PLENTY - peer.octets_left
            charged["checks"] += PLENTY - allowance.checks
            charged["records"] += PLENTY - allowance.records
            charged["rtcp"] += PLENTY - allowance.rtcp
        else:
            before = port.counters.sent
        handled += count
        for client in target.clients.values():
            while client.port.receive():
                pass
        peer.take_arrivals()
    limits = peer.limits
    allowed = {
        "octets": limits.bitrate / 8,
        "checks": limits.checks,
        "records": limits.records,
        "rtcp": limits.rtcp,
    }
    rates = [allowed[one] / (charged[one] / handled) for one in charged if charged[one]]
    answers = (port.counters.sent - before) / handled
    return Row(name, spent / handled, answers, min(rates, default=None))


def run(packets: int = 3000) -> dict[str, Any]:
    """Measure every kind."""
    return asyncio.run(measure(packets))


def table(result: dict[str, Any]) -> str:
    head: list[object] = [f"{result['packets']} of each", "us", "answers", "a second", "core"]
    rows = [
        [
            row["name"],
            row["seconds"] * 1e6,
            row["answers"],
            "" if row["rate"] is None else round(row["rate"]),
            "" if row["rate"] is None else f"{row['rate'] * row['seconds']:.1%}",
        ]
        for row in result["rows"]
    ]
    return lines([head, *rows]) + f"\nunexpected errors: {result['errors']}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--packets", type=int, default=3000, help="of each kind")
    print(table(run(parser.parse_args().packets)))


if __name__ == "__main__":
    main()
