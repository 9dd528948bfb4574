"""Transport-wide feedback of the relay beside the times at which the kernel saw the packets.

draft-holmer-rmcat-transport-wide-cc-extensions-01, section 3.1.
"""

from __future__ import annotations

import statistics
import struct
from dataclasses import dataclass, field

from scripts.benchmarks._foreign.complaints import Complaints
from scripts.benchmarks._foreign.packets import Malformed, Rtcp

TICK = 0.00025
"Seconds of a receive delta."
REFERENCE = 0.064
"Seconds of the reference time, which has 24 bits."
SMALL, LARGE = 1, 2


def read_feedback(packet: Rtcp) -> tuple[int, list[float | None]]:
    """Base sequence number, and for each number from it on the arrival in seconds of the reporter's
    clock, or None. Raises Malformed."""
    if len(packet.body) < 16:
        raise Malformed("feedback without its head")
    base, count = struct.unpack_from("!HH", packet.body, 8)
    time = int.from_bytes(packet.body[12:15]) * REFERENCE
    statuses: list[int] = []
    at = 16
    while len(statuses) < count:
        if at + 2 > len(packet.body):
            raise Malformed("feedback with too few statuses")
        (chunk,) = struct.unpack_from("!H", packet.body, at)
        at += 2
        if not chunk & 0x8000:
            statuses += [chunk >> 13 & 3] * (chunk & 0x1FFF)
        elif chunk & 0x4000:
            statuses += [chunk >> shift & 3 for shift in range(12, -1, -2)]
        else:
            statuses += [chunk >> shift & 1 for shift in range(13, -1, -1)]
    arrivals: list[float | None] = []
    for status in statuses[:count]:
        size = {SMALL: 1, LARGE: 2}.get(status, 0)
        if at + size > len(packet.body):
            raise Malformed("feedback with too few deltas")
        if size:
            delta = int.from_bytes(packet.body[at : at + size], signed=status == LARGE)
            time += delta * TICK
        arrivals.append(time if size else None)
        at += size
    return base, arrivals


@dataclass
class Arrivals:
    """What the relay tells one publisher of when its packets came."""

    client: str
    complaints: Complaints
    _kernel: dict[int, float] = field(default_factory=dict)
    "Sequence number -> when the kernel saw the packet, for the newest of them."
    _differences: list[float] = field(default_factory=list)
    feedbacks: int = 0

    def came(self, number: int, time: float) -> None:
        """A packet with that transport-wide sequence number."""
        self._kernel[number] = time

    def told(self, packet: Rtcp) -> None:
        """A feedback that left."""
        self.feedbacks += 1
        try:
            base, arrivals = read_feedback(packet)
        except Malformed as error:
            self.complaints.add(self.client, f"malformed feedback: {error}", packet.body.hex())
            return
        for place, arrival in enumerate(arrivals):
            number = (base + place) & 0xFFFF
            seen = self._kernel.pop(number, None)
            if arrival is not None and seen is not None:
                self._differences.append(arrival - seen)
            elif arrival is not None:
                self.complaints.add(self.client, "feedback for a packet that did not come", number)
            elif seen is not None:
                self.complaints.add(self.client, "feedback misses a packet that came", number)

    @property
    def compared(self) -> int:
        return len(self._differences)

    def spread(self) -> tuple[float, float, float]:
        """Milliseconds by which what was told differs from the median difference: 5th and 95th
        percentile, and the largest either way."""
        middle = statistics.median(self._differences)
        off = [(one - middle) * 1000 for one in self._differences]
        twentieths = statistics.quantiles(off, n=20, method="inclusive")
        return twentieths[0], twentieths[-1], max(off, key=abs)
