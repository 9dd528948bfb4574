"""What a hostile datagram costs the relay, in microseconds of its processor time.

An SFU in this process serves a room of four light clients, one of them hostile. Datagrams of
one kind are put into its socket, then the time it takes to handle them is measured, beside that
of packets as they should be. ``answers`` says how many datagrams left for one that came;
``a second`` how many of them the limits let one participant have, and ``core`` what these take of
a processor. Where nothing is said, no limit but the network's holds.
"""

import argparse
import asyncio
import math
import random
import socket
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from media.participant_limits import Limits
from media.transport.ice import Credentials
from scripts.benchmarks._figures import lines
from scripts.traffic.hostile import STRANGERS, Hostile, stun_request
from scripts.traffic.relay_target import HOST, Target

BATCH = 100
"Datagrams put into the socket before they are handled."
PLENTY = 1e9
WARM_UP = 4 * BATCH
"Uncounted datagrams of each kind: some are costly only until a limit begins to refuse them."


@dataclass(frozen=True)
class Row:
    """One kind of datagram: seconds each costs, answers to each, how many a second may come."""

    name: str
    seconds: float
    answers: float
    rate: float | None


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


def _allowed(limits: Limits) -> dict[str, float]:
    """What one participant may send a second, by kind."""
    return {
        "octets": limits.bitrate / 8,
        "checks": limits.checks,
        "records": limits.records,
        "rtcp": limits.rtcp,
    }


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
        peer.refilled_at = allowance.refilled_at = math.inf
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
    allowed = _allowed(peer.limits)
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
