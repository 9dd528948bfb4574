"""The RTP header extensions of every connection: which are offered, which are forwarded, their ids.

One table, the server's: it makes every offer, so publishers and subscribers use the same ids. Where
the values are in a packet is in ``media/rtp/extension_layout.py``.
"""

from __future__ import annotations

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


def absolute_send_time(now: float) -> bytes:
    """Seconds as the absolute send time extension writes them: 6.18 fixed point, 3 bytes."""
    return (int(now * (1 << 18)) & 0xFFFFFF).to_bytes(3)
