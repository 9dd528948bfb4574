"""The codecs of every connection, in the order of the offer, their payload types and feedback.

One table, the server's: it makes every offer, so publishers and subscribers use the same numbers and
a packet is forwarded without translating them. Header extensions have a table of their own,
``media/rtp/header_extensions.py``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class Kind(StrEnum):
    """What a participant can publish; at most one of each."""

    AUDIO = "audio"
    VIDEO = "video"
    SCREEN = "screen"

    @property
    def medium(self) -> str:
        """``audio`` or ``video``, as in an SDP m= section."""
        return "audio" if self is Kind.AUDIO else "video"


@dataclass(frozen=True)
class Codec:
    """An RTP payload format as an offer describes it (RFC 8866 section 6.6)."""

    name: str
    payload_type: int
    clock_rate: int
    channels: int = 1
    parameters: str = ""
    rtx_payload_type: int | None = None
    "The payload type of its retransmissions (RTX, RFC 4588)."

    @property
    def medium(self) -> str:
        """``audio`` or ``video``; only videos are retransmitted."""
        return "audio" if self.rtx_payload_type is None else "video"


OPUS = Codec("opus", 111, 48000, 2, "minptime=10;useinbandfec=1;usedtx=1")
THRIFTY_OPUS = replace(OPUS, parameters=f"{OPUS.parameters};maxaveragebitrate=20000")
"As offered to a publisher that is heard over a narrow link: Opus in wideband."
THRIFTY_PACKET_TIME = 60
"Milliseconds of audio in one of its packets (a=ptime, RFC 8866 section 6.4)."
RED = Codec("red", 63, 48000, 2, "111/111")
VP8 = Codec("VP8", 96, 90000, rtx_payload_type=97)
H264 = Codec(
    "H264",
    102,
    90000,
    parameters="level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
    rtx_payload_type=103,
)

AUDIO_CODECS = (OPUS, RED)
"A browser sends the codec that an offer names first."
VIDEO_CODECS = (VP8, H264)
BY_PAYLOAD_TYPE = {codec.payload_type: codec for codec in AUDIO_CODECS + VIDEO_CODECS}
RTX_PAYLOAD_TYPES = {
    codec.rtx_payload_type: codec.payload_type
    for codec in VIDEO_CODECS
    if codec.rtx_payload_type is not None
}
"Payload type of RTX -> payload type of what it retransmits."

TRANSPORT_CC, REMB, NACK = "transport-cc", "goog-remb", "nack"
PLI, FIR = "nack pli", "ccm fir"
VIDEO_FEEDBACK = (REMB, NACK, PLI, FIR)
"RTCP feedback offered for video, as ``a=rtcp-fb`` names it (RFC 4585 section 4.2, RFC 5104 section 7.1)."


def medium_of(payload_type: int) -> str:
    """``audio`` or ``video`` for a payload type of the table, RTX included; ``audio`` for others."""
    codec = BY_PAYLOAD_TYPE.get(RTX_PAYLOAD_TYPES.get(payload_type, payload_type))
    return codec.medium if codec is not None else "audio"


def codecs_of(medium: str, preferred_video: tuple[str, ...] = ()) -> tuple[Codec, ...]:
    """The codecs to offer for a medium, preferred ones first."""
    if medium == "audio":
        return AUDIO_CODECS
    names = list(preferred_video)
    return tuple(
        sorted(
            VIDEO_CODECS,
            key=lambda codec: names.index(codec.name) if codec.name in names else len(names),
        )
    )
