"""A trace of one participant's SDP and RTCP as text, for the operator.

Passwords, ufrags, fingerprints and the client's addresses are masked; media is not in it.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from typing import Literal

from aiortc.rtp import (
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSrPacket,
    unpack_remb_fci,
)

from media.rtp.rtcp_compound import read_packet

MASK = "***"
_SECRET = re.compile(r"(a=ice-pwd:|a=ice-ufrag:|a=fingerprint:\S+ ).*")
_ADDRESS = re.compile(r"((?:o=.*|c=|a=rtcp:\d+ )IN IP[46] )\S+")
_CANDIDATE = re.compile(r"(a=candidate:(?:\S+ ){4})\S+( \d+ typ \S+)(?: raddr \S+ rport \d+)?")
_NAMES = {
    (200, -1): "SR",
    (201, -1): "RR",
    (202, -1): "SDES",
    (203, -1): "BYE",
    (204, -1): "APP",
    (205, 1): "NACK",
    (205, 15): "transport-cc",
    (206, 1): "PLI",
    (206, 4): "FIR",
    (206, 15): "REMB",
}
"(packet type, format of feedback or -1) -> name (RFC 3550, RFC 4585, RFC 5104)."


class PeerTrace:
    """Turns what one peer negotiates and reports into text for ``emit``."""

    def __init__(self, emit: Callable[[str], None]) -> None:
        self._emit = emit

    def sdp(self, kind: Literal["offer", "answer"], text: str) -> None:
        """Trace a description; an offer is ours, so its candidates stay readable."""
        masked = masked_sdp(text, candidates=kind == "answer")
        lines = "".join(f"\n  {_printable(line)}" for line in masked.splitlines())
        self._emit(f"{'<-' if kind == 'answer' else '->'} {kind}{lines}")

    def rtcp(self, direction: Literal["sent", "received"], compound: bytes) -> None:
        """Trace a compound RTCP packet, a line for each packet in it."""
        arrow = "->" if direction == "sent" else "<-"
        for line in rtcp_lines(compound):
            self._emit(f"{arrow} {line}")


def _printable(line: str) -> str:
    """The line with control characters escaped: an answer is a stranger's, a terminal obeys."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in line
    )


def masked_sdp(text: str, candidates: bool = True) -> str:
    """A description without passwords, ufrags, fingerprints and addresses.

    ``candidates`` False leaves the addresses of candidates.
    """
    text = _SECRET.sub(rf"\1{MASK}", text)
    text = _ADDRESS.sub(rf"\1{MASK}", text)
    return _CANDIDATE.sub(rf"\1{MASK}\2", text) if candidates else text


def rtcp_lines(compound: bytes) -> Iterator[str]:
    """One line for each packet of a compound RTCP packet; stops where it is malformed."""
    position = 0
    while position + 8 <= len(compound):
        first, packet_type, words = struct.unpack_from("!BBH", compound, position)
        data = compound[position : position + 4 * (words + 1)]
        count = first & 0x1F
        name = _NAMES.get((packet_type, count)) or _NAMES.get((packet_type, -1))
        (ssrc,) = struct.unpack_from("!I", data, 4)
        details = _details(name or "", data)
        yield f"RTCP {name or f'{packet_type}/{count}'} ssrc={ssrc}{details}"
        position += len(data)


def _details(name: str, data: bytes) -> str:
    if name == "transport-cc" and len(data) >= 16:
        media_ssrc, base, count = struct.unpack_from("!IHH", data, 8)
        return f" media={media_ssrc} base={base} packets={count}"
    try:
        return _parsed(name, read_packet(data))
    except (ValueError, struct.error, IndexError):
        return f" malformed, {len(data)} bytes"


def _parsed(name: str, packet: object) -> str:
    match packet:
        case RtcpSrPacket():
            info = packet.sender_info
            blocks = "".join(map(_block, packet.reports))
            return (
                f" rtp={info.rtp_timestamp} packets={info.packet_count}"
                f" octets={info.octet_count}{blocks}"
            )
        case RtcpRrPacket():
            return "".join(map(_block, packet.reports))
        case RtcpRtpfbPacket():
            return f" media={packet.media_ssrc} lost={','.join(map(str, packet.lost))}"
        case RtcpPsfbPacket() if name == "REMB":
            bitrate, ssrcs = unpack_remb_fci(packet.fci)
            return f" bitrate={bitrate} media={','.join(map(str, ssrcs))}"
        case RtcpPsfbPacket():
            return f" media={packet.media_ssrc}"
    return ""


def _block(report: RtcpReceiverInfo) -> str:
    return (
        f" [media={report.ssrc} lost={report.fraction_lost / 256:.1%}"
        f" cumulative={report.packets_lost} highest={report.highest_sequence}"
        f" jitter={report.jitter}]"
    )
