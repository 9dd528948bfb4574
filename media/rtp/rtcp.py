"""RTCP that the relay sends: small builders over aiortc's packet classes, which also parse.

The relay terminates reports on both sides (RFC 7667 section 3.7): a publisher gets reports on what
the relay received, a subscriber on what the relay sent. A compound begins with a report and the
CNAME of its sender (RFC 3550 section 6.1); feedback without these is for those who agreed to
reduced-size RTCP (RFC 5506).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from functools import lru_cache

from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    RtcpByePacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSenderInfo,
    RtcpSrPacket,
    pack_remb_fci,
)

MOST_BLOCKS = 31
"Report blocks that fit into one packet (RFC 3550 section 6.4.1)."
_SDES = 202
_CNAME = 1
MID_ITEM = 15
"The SDES item with the mid of a stream's m= section (RFC 8843 section 15.1)."


@lru_cache(maxsize=1024)
def source_description(ssrc: int, name: str, mid: str = "") -> bytes:
    """An SDES packet with a source's CNAME, and the mid of its m= section if there is one."""
    items = [(_CNAME, name.encode()[:255])]
    if mid:
        items.append((MID_ITEM, mid.encode()))
    chunk = struct.pack("!I", ssrc)
    chunk += b"".join(bytes((kind, len(value))) + value for kind, value in items)
    # one zero ends the items, more fill the word (RFC 3550 section 6.5); aiortc writes two at least
    chunk += bytes(4 - len(chunk) % 4)
    return struct.pack("!BBH", 0x81, _SDES, len(chunk) // 4) + chunk


def sender_report(ssrc: int, info: RtcpSenderInfo, name: str, mid: str = "") -> bytes:
    """A sender report with the CNAME that ties audio and video together."""
    return bytes(RtcpSrPacket(ssrc, info)) + source_description(ssrc, name, mid)


def receiver_reports(ssrc: int, blocks: list[RtcpReceiverInfo]) -> bytes:
    """As many receiver reports as the blocks need."""
    return b"".join(
        bytes(RtcpRrPacket(ssrc, blocks[start : start + MOST_BLOCKS]))
        for start in range(0, len(blocks), MOST_BLOCKS)
    )


def compound(ssrc: int, name: str, message: bytes) -> bytes:
    """``message`` after the shortest report and the CNAME of its sender."""
    return bytes(RtcpRrPacket(ssrc, [])) + source_description(ssrc, name) + message


def goodbye(ssrcs: Sequence[int]) -> bytes:
    """A BYE for these sources (RFC 3550 section 6.6)."""
    return b"".join(
        bytes(RtcpByePacket(list(ssrcs[start : start + MOST_BLOCKS])))
        for start in range(0, len(ssrcs), MOST_BLOCKS)
    )


def keyframe_request(ssrc: int, media_ssrc: int) -> bytes:
    """A picture loss indication (RFC 4585 section 6.3.1)."""
    return bytes(RtcpPsfbPacket(RTCP_PSFB_PLI, ssrc, media_ssrc))


def full_intra_request(ssrc: int, media_ssrc: int, number: int) -> bytes:
    """A FIR (RFC 5104 section 4.3.1); ``number`` differs from that of the request before."""
    entry = struct.pack("!IB3x", media_ssrc, number & 0xFF)
    return bytes(RtcpPsfbPacket(RTCP_PSFB_FIR, ssrc, 0, entry))


def nack(ssrc: int, media_ssrc: int, lost: list[int]) -> bytes:
    """A generic NACK (RFC 4585 section 6.2.1); numbers are sorted, which splits at the wrap."""
    return bytes(RtcpRtpfbPacket(RTCP_RTPFB_NACK, ssrc, media_ssrc, sorted(lost)))


def bitrate_limit(ssrc: int, bitrate: int, media_ssrcs: list[int]) -> bytes:
    """A REMB (draft-alvestrand-rmcat-remb-03): the most the other side should send, in bit/s."""
    return bytes(RtcpPsfbPacket(RTCP_PSFB_APP, ssrc, 0, pack_remb_fci(bitrate, media_ssrcs[:255])))


def ntp_timestamp(seconds: float) -> int:
    """Seconds as the 64-bit NTP timestamp of a sender report."""
    return int(seconds * (1 << 32)) & 0xFFFFFFFFFFFFFFFF


def middle_ntp(ntp_timestamp: int) -> int:
    """The middle 32 bits of an NTP timestamp, as a receiver report echoes them."""
    return (ntp_timestamp >> 16) & 0xFFFFFFFF
