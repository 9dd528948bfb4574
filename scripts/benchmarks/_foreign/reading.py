"""The capture of a room read by all rules; figures and complaints ready for JSON."""

from __future__ import annotations

import contextlib
from collections import Counter
from pathlib import Path
from typing import Any

from aioice import stun

from media.rtp.header_extensions import TRANSPORT_SEQUENCE
from scripts.benchmarks._foreign.arrivals import Arrivals
from scripts.benchmarks._foreign.capture import Datagram, read_capture, write_capture
from scripts.benchmarks._foreign.complaints import Complaints
from scripts.benchmarks._foreign.descriptions import sent_streams, takes_reduced_size
from scripts.benchmarks._foreign.dissection import dissect
from scripts.benchmarks._foreign.opening import Opened, opened
from scripts.benchmarks._foreign.packets import (
    NACK,
    TRANSPORT_FEEDBACK,
    TRANSPORT_WIDE,
    Malformed,
    read_nack,
    read_rtcp,
    read_rtp,
)
from scripts.benchmarks._foreign.repairs import Repairs
from scripts.benchmarks._foreign.rtcp_rules import RtcpRules
from scripts.benchmarks._foreign.rtp_rules import RtpRules


class Conversation:
    """What went between the relay and one client."""

    def __init__(
        self, name: str, member: dict[str, Any], largest: dict[str, int], complaints: Complaints
    ) -> None:
        tracks = {mid: (publisher, kind) for mid, (publisher, kind) in member["tracks"].items()}
        sent = sent_streams(member["offers"], member["answers"], tracks)
        self.name = name
        self.rtp = RtpRules(name, sent, largest, complaints)
        self.rtcp = RtcpRules(name, sent, takes_reduced_size(member["answers"]), complaints)
        self.arrivals = Arrivals(name, complaints)
        self.to_client, self.from_client = Repairs(), Repairs()
        self.came = 0
        "RTP packets of the client."
        self.unopened = 0
        "Datagrams of it that the keys do not open: what is captured twice, or forged."
        self._largest = largest

    def read(self, one: Opened) -> None:
        """The next datagram between the two."""
        kind = one.sealed.kind
        if kind == "rtp":
            self._read_rtp(one)
        elif kind == "rtcp":
            self._read_rtcp(one)

    def _read_rtp(self, one: Opened) -> None:
        if not one.upward:
            packet = self.rtp.check(one)
            if packet is not None:
                self.rtcp.rtp(one.sealed.time, packet)
                self.to_client.packet(packet)
            return
        if one.plain is None:
            self.unopened += 1
            return
        self.came += 1
        length = one.sealed.ip_length
        self._largest[self.name] = max(self._largest.get(self.name, 0), length)
        try:
            packet = read_rtp(one.plain)
        except Malformed:
            return
        self.from_client.packet(packet)
        number = packet.extension(TRANSPORT_SEQUENCE)
        if number is not None:
            self.arrivals.came(int.from_bytes(number), one.sealed.time)

    def _read_rtcp(self, one: Opened) -> None:
        if one.plain is None:
            self.unopened += 1
            return
        if not one.upward:
            self.rtcp.rtcp(one.sealed.time, one.plain)
        try:
            packets = read_rtcp(one.plain)
        except Malformed:
            return
        for packet in packets:
            if packet.packet_type != TRANSPORT_FEEDBACK:
                continue
            if packet.count == NACK:
                (self.to_client if one.upward else self.from_client).ask(*read_nack(packet))
            elif packet.count == TRANSPORT_WIDE and not one.upward:
                self.arrivals.told(packet)

    def figures(self) -> dict[str, Any]:
        """What there was of everything."""
        self.rtcp.settle(float("inf"))
        return {
            "sent": self.rtp.packets,
            "came": self.came,
            "unopened": self.unopened,
            "largest": self.rtp.largest,
            "sender_reports": self.rtcp.sender_reports,
            "reduced": self.rtcp.reduced,
            "repairs": {
                "asked_by_client": self.to_client.asked,
                "of_these_sent": self.to_client.repaired,
                "asked_by_relay": self.from_client.asked,
                "of_these_came": self.from_client.repaired,
            },
            "feedbacks": self.arrivals.feedbacks,
            "arrivals": self.arrivals.compared,
            "arrival_spread_ms": self.arrivals.spread() if self.arrivals.compared else None,
        }


def nominations(
    datagrams: list[Datagram], members: dict[str, dict[str, Any]], port: int
) -> dict[str, list[float]]:
    """When each client sent checks that nominate (USE-CANDIDATE, RFC 8445 section 7.1.2)."""
    names = {member["address"]: name for name, member in members.items()}
    found: dict[str, list[float]] = {name: [] for name in members}
    for one in datagrams:
        name = names.get(one.source[0])
        if name and one.destination[1] == port and one.kind == "stun":
            with contextlib.suppress(ValueError):
                if "USE-CANDIDATE" in stun.parse_message(one.data).attributes:
                    found[name].append(one.time)
    return found


def handshakes(
    datagrams: list[Datagram], members: dict[str, dict[str, Any]], port: int
) -> dict[str, list[tuple[float, bool]]]:
    """When DTLS records passed between the relay and each client, and whether from the client."""
    names = {member["address"]: name for name, member in members.items()}
    found: dict[str, list[tuple[float, bool]]] = {name: [] for name in members}
    for one in datagrams:
        upward = one.destination[1] == port
        name = names.get(one.source[0] if upward else one.destination[0])
        if name and one.kind == "dtls":
            found[name].append((one.time, upward))
    return found


def read_room(capture: Path, run: dict[str, Any], plain: Path) -> dict[str, Any]:
    """Check a capture; what of it is in the clear is written to ``plain`` for tshark."""
    members = run["members"]
    complaints = Complaints()
    largest: dict[str, int] = {}
    conversations = {
        name: Conversation(name, member, largest, complaints) for name, member in members.items()
    }
    kinds: Counter[str] = Counter()
    clear = []
    datagrams = list(read_capture(capture))
    of_room = (one for one in datagrams if one.time >= run["times"]["room"])
    for one in opened(of_room, members, (run["host"], run["port"])):
        kinds[one.sealed.kind] += 1
        conversations[one.client].read(one)
        if one.plain is not None:
            clear.append(one.clear)
    write_capture(plain, clear)
    return {
        "datagrams": dict(kinds),
        "clients": {name: one.figures() for name, one in conversations.items()},
        "nominations": nominations(datagrams, members, run["port"]),
        "handshakes": handshakes(datagrams, members, run["port"]),
        "complaints": complaints.lines(),
        "tshark": dissect(plain, run["port"]),
    }
