"""Rules of RTP that the relay's packets are held to: numbers, extensions, repairs, sizes."""

from __future__ import annotations

from dataclasses import replace

from scripts.benchmarks._foreign.complaints import Complaints
from scripts.benchmarks._foreign.descriptions import Sent
from scripts.benchmarks._foreign.opening import Opened
from scripts.benchmarks._foreign.packets import Malformed, Rtp, read_rtp

LARGEST = 1280
"Bytes of an IP packet that passes everywhere (RFC 8200 section 5)."
MID = 1
LONGEST_GAP = 256
"Packets that may be lost one after the other and still be asked for."


class RtpRules:
    """What the relay sends to one client, packet by packet in the order of the capture.

    ``largest`` is, by publisher, the largest IP packet that it sent so far.
    """

    def __init__(
        self, client: str, sent: dict[int, Sent], largest: dict[str, int], complaints: Complaints
    ) -> None:
        self.packets = 0
        self.repairs = 0
        "Packets of RTX (RFC 4588)."
        self.largest = 0
        self._client = client
        self._sent = sent
        self._largest = largest
        self._complaints = complaints
        self._sealed: dict[tuple[int, int], bytes] = {}
        self._plain: dict[tuple[int, int], Rtp] = {}

    def _complain(self, rule: str, example: object = "") -> None:
        self._complaints.add(self._client, rule, example)

    def check(self, one: Opened) -> Rtp | None:
        """Check a datagram that left; its packet, if it is one."""
        if one.plain is None:
            self._complain("SRTP that its keys do not open")
            return None
        try:
            packet = read_rtp(one.plain)
        except Malformed as error:
            self._complain(f"malformed RTP: {error}", one.plain[:40].hex())
            return None
        self.packets += 1
        stream = self._sent.get(packet.ssrc)
        if stream is None:
            self._complain("an SSRC that no offer has", packet.ssrc)
            return packet
        self._check_number(one, packet)
        self._check_extensions(packet, stream)
        self._check_size(one, stream)
        if stream.repairs:
            self.repairs += 1
            self._check_repair(packet, stream)
        return packet

    def _check_number(self, one: Opened, packet: Rtp) -> None:
        # a run is too short for numbers to come round
        key = packet.ssrc, packet.sequence
        if self._sealed.setdefault(key, one.sealed.data) != one.sealed.data:
            self._complain("an SSRC and sequence number twice with other bytes", key)
        self._plain.setdefault(key, packet)

    def _left_out(self, ssrc: int, number: int) -> bool:
        """Whether a number was passed over: one shortly before it was sent, and one shortly after it."""
        around = [
            [
                (ssrc, (number + way * step) & 0xFFFF) in self._plain
                for step in range(1, LONGEST_GAP)
            ]
            for way in (-1, 1)
        ]
        return all(any(found) for found in around)

    def _check_extensions(self, packet: Rtp, stream: Sent) -> None:
        for number, value in packet.extensions:
            if number not in stream.offered:
                self._complain(f"header extension {number}, which its section does not offer")
            elif number not in stream.answered:
                self._complain(f"header extension {number}, which its answer left out")
            if number == MID and value.decode("ascii", "replace") != stream.mid:
                self._complain("the MID of another section", f"{value!r} for {stream.mid}")

    def _check_size(self, one: Opened, stream: Sent) -> None:
        length = one.sealed.ip_length
        self.largest = max(self.largest, length)
        if length > LARGEST and self._largest.get(stream.publisher, 0) <= LARGEST:
            self._complain(f"an IP packet above {LARGEST} bytes", length)

    def _check_repair(self, packet: Rtp, stream: Sent) -> None:
        if packet.padding and not packet.payload:
            return  # a probe of the link
        if len(packet.payload) < 2:
            self._complain("RTX without an original sequence number")
            return
        number = int.from_bytes(packet.payload[:2])
        original = self._plain.get((stream.repairs, number))
        if original is None and self._left_out(stream.repairs, number):
            # What its publisher's link lost may come after a switch to another encoding: then it goes
            # to who asks for it, and to nobody else. From then on it is what was sent.
            whole = replace(
                packet, ssrc=stream.repairs, sequence=number, payload=packet.payload[2:]
            )
            self._plain[stream.repairs, number] = whole
        elif original is None:
            self._complain("RTX of a packet that was not sent", (stream.repairs, number))
        elif (original.timestamp, original.payload) != (packet.timestamp, packet.payload[2:]):
            self._complain("RTX with another time or payload", (stream.repairs, number))
