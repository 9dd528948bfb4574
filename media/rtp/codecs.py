"""The payload types and header extension ids of every connection: one table, the server's.

The server makes every offer, so publishers and subscribers use the same numbers and a packet is
forwarded without translating them.
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


def medium_of(payload_type: int) -> str:
    """``audio`` or ``video`` for a payload type of the table, RTX included; ``audio`` for others."""
    codec = BY_PAYLOAD_TYPE.get(RTX_PAYLOAD_TYPES.get(payload_type, payload_type))
    return codec.medium if codec is not None else "audio"


MID = 1
ABSOLUTE_SEND_TIME = 2
TRANSPORT_SEQUENCE = 3
AUDIO_LEVEL = 4
ORIENTATION = 5
RID = 10
REPAIRED_RID = 11

EXTENSION_URIS = {
    MID: "urn:ietf:params:rtp-hdrext:sdes:mid",
    ABSOLUTE_SEND_TIME: "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
    TRANSPORT_SEQUENCE: (
        "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
    ),
    AUDIO_LEVEL: "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
    ORIENTATION: "urn:3gpp:video-orientation",
    RID: "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
    REPAIRED_RID: "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
}
PUBLISHED_EXTENSIONS = {
    "audio": (MID, ABSOLUTE_SEND_TIME, TRANSPORT_SEQUENCE, AUDIO_LEVEL),
    "video": (MID, ABSOLUTE_SEND_TIME, TRANSPORT_SEQUENCE, ORIENTATION, RID, REPAIRED_RID),
}
"Medium -> extensions a publisher may send."
FORWARDED_EXTENSIONS = {
    "audio": (ABSOLUTE_SEND_TIME, AUDIO_LEVEL),
    "video": (ABSOLUTE_SEND_TIME, ORIENTATION),
}
"""Medium -> extensions in packets to a subscriber. Without transport-wide sequence numbers a browser
estimates the bandwidth itself from send times and reports it as REMB."""
SUBSCRIBED_EXTENSIONS = {
    medium: (MID, *extensions) for medium, extensions in FORWARDED_EXTENSIONS.items()
}
"""Medium -> extensions offered to a subscriber. The MID has to be offered in every bundled section
(RFC 8843 section 9.2). It is sent in RTCP alone, as an SDES item, which section 15 allows: each SSRC
is in the offer, so eight bytes more in packets would tell nothing new."""
PADDING_EXTENSIONS = (TRANSPORT_SEQUENCE,)
"""What the padding beside a video has as well: a browser reports when such packets arrive, and goes
on estimating from all others."""
