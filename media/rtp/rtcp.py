"""RTCP that the relay sends: small builders over aiortc's packet classes, which also parse.

The relay terminates reports on both sides (RFC 7667 section 3.7): a publisher gets reports on what
the relay received, a subscriber on what the relay sent.
"""

from __future__ import annotations

from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSdesPacket,
    RtcpSenderInfo,
    RtcpSourceInfo,
    RtcpSrPacket,
    pack_remb_fci,
)

MOST_BLOCKS = 31
"Report blocks that fit into one packet (RFC 3550 section 6.4.1)."
_CNAME = 1


def sender_report(ssrc: int, info: RtcpSenderInfo, name: str) -> bytes:
    """A sender report with the CNAME that ties audio and video together."""
    return bytes(RtcpSrPacket(ssrc, info)) + bytes(
        RtcpSdesPacket([RtcpSourceInfo(ssrc, [(_CNAME, name.encode()[:255])])])
    )


def receiver_reports(ssrc: int, blocks: list[RtcpReceiverInfo]) -> bytes:
    """As many receiver reports as the blocks need."""
    return b"".join(
        bytes(RtcpRrPacket(ssrc, blocks[start : start + MOST_BLOCKS]))
        for start in range(0, len(blocks), MOST_BLOCKS)
    )


def keyframe_request(ssrc: int, media_ssrc: int) -> bytes:
    """A picture loss indication (RFC 4585 section 6.3.1)."""
    return bytes(RtcpPsfbPacket(RTCP_PSFB_PLI, ssrc, media_ssrc))


def nack(ssrc: int, media_ssrc: int, lost: list[int]) -> bytes:
    """A generic NACK (RFC 4585 section 6.2.1); numbers are sorted, which splits at the wrap."""
    return bytes(RtcpRtpfbPacket(RTCP_RTPFB_NACK, ssrc, media_ssrc, sorted(lost)))


def bitrate_limit(ssrc: int, bitrate: int, media_ssrcs: list[int]) -> bytes:
    """A REMB (draft-alvestrand-rmcat-remb-03): the most the other side should send, in bit/s."""
    return bytes(RtcpPsfbPacket(RTCP_PSFB_APP, ssrc, 0, pack_remb_fci(bitrate, media_ssrcs[:255])))


def middle_ntp(ntp_timestamp: int) -> int:
    """The middle 32 bits of an NTP timestamp, as a receiver report echoes them."""
    return (ntp_timestamp >> 16) & 0xFFFFFFFF
