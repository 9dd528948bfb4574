"""Rules of RTCP that the relay's packets are held to: compounds, names, the counts of reports."""

from __future__ import annotations

import struct
from collections import defaultdict, deque

from scripts.benchmarks._foreign.complaints import Complaints
from scripts.benchmarks._foreign.descriptions import Sent
from scripts.benchmarks._foreign.packets import (
    RR,
    SDES,
    SR,
    Malformed,
    Rtcp,
    Rtp,
    read_cnames,
    read_rtcp,
)

SLACK = 0.05
"Seconds around a sender report in which its counts must have been true: what leaves is queued."


class RtcpRules:
    """What the relay sends to one client, packet by packet in the order of the capture."""

    def __init__(
        self, client: str, sent: dict[int, Sent], reduced_size: bool, complaints: Complaints
    ) -> None:
        self.sender_reports = 0
        self.reduced = 0
        "Packets of reduced size (RFC 5506)."
        self._client = client
        self._sent = sent
        self._reduced_size = reduced_size
        self._complaints = complaints
        self._counts: dict[int, deque[tuple[float, int, int]]] = defaultdict(
            lambda: deque([(float("-inf"), 0, 0)])
        )
        "SSRC -> (since when, packets, payload octets), of the last moments."
        self._waiting: deque[tuple[float, int, int, int]] = deque()
        "Reports whose counts may yet come true: time, SSRC, packets, octets."

    def _complain(self, rule: str, example: object = "") -> None:
        self._complaints.add(self._client, rule, example)

    def rtp(self, time: float, packet: Rtp) -> None:
        """Count a packet that left."""
        self.settle(time)
        counts = self._counts[packet.ssrc]
        _, packets, octets = counts[-1]
        counts.append((time, packets + 1, octets + len(packet.payload)))
        while len(counts) > 1 and counts[1][0] < time - 3 * SLACK:
            counts.popleft()

    def rtcp(self, time: float, data: bytes) -> None:
        """Check a datagram that left."""
        try:
            packets = read_rtcp(data)
            self._check_compound(packets)
        except Malformed as error:
            self._complain(f"malformed RTCP: {error}", data.hex())
            return
        for packet in packets:
            if packet.packet_type == SR:
                self.sender_reports += 1
                packet_count, octets = struct.unpack_from("!II", packet.body, 16)
                self._waiting.append((time, packet.ssrc, packet_count, octets))
        self.settle(time)

    def _check_compound(self, packets: list[Rtcp]) -> None:
        cnames = {}
        for packet in packets:
            if packet.packet_type == SDES:
                cnames.update(read_cnames(packet))
        first = packets[0]
        # RFC 3550 section 6.1; RFC 5506 section 3.4.1 lets both be left out
        if first.packet_type not in (SR, RR) or first.ssrc not in cnames:
            self.reduced += 1
            if not self._reduced_size:
                what = "+".join(str(packet.packet_type) for packet in packets)
                self._complain("a reduced compound, though reduced size was not agreed", what)
        for ssrc, cname in cnames.items():
            stream = self._sent.get(ssrc)
            if stream is not None and stream.cname != cname:
                self._complain("another CNAME than the offer's", f"{cname} for {stream.cname}")

    def settle(self, time: float) -> None:
        """Complain of reports whose counts were true at no moment near them."""
        while self._waiting and self._waiting[0][0] < time - SLACK:
            at, ssrc, packets, octets = self._waiting.popleft()
            counts = self._counts[ssrc]
            true = [
                one[1:]
                for place, one in enumerate(counts)
                if one[0] <= at + SLACK
                and (place + 1 == len(counts) or counts[place + 1][0] > at - SLACK)
            ]
            if packets not in [one[0] for one in true]:
                self._complain("packet count of a sender report", f"{packets} of {true[-1][0]}")
            elif (packets, octets) not in true:
                wire = next(one[1] for one in true if one[0] == packets)
                self._complain("octet count of a sender report", f"{octets}, on the wire {wire}")
