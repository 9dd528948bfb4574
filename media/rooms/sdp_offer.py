"""Offers written: what each m= section of a publisher or a subscriber offers (RFC 8829, RFC 8866).

The server always offers, so there is no glare and one table of payload types
(``media/rtp/codecs.py``) and one of header extensions (``media/rtp/header_extensions.py``). Every
m= section sends one track one way. None is ever removed; it becomes inactive and is reused for
another publication of the same medium (``media/rooms/negotiation.py``).
"""

from __future__ import annotations

from dataclasses import dataclass

from media.rtp.codecs import TRANSPORT_CC, VIDEO_FEEDBACK, Codec
from media.rtp.header_extensions import (
    EXTENSION_URIS,
    PADDING_EXTENSIONS,
    PUBLISHED_EXTENSIONS,
    SUBSCRIBED_EXTENSIONS,
)
from media.transport.ice import Credentials, candidate_lines


@dataclass
class Section:
    """One m= section of a peer's description."""

    mid: str
    medium: str
    "``audio`` or ``video``."
    direction: str = "inactive"
    "As the server sees it: ``recvonly``, ``sendonly`` or ``inactive``."
    codecs: tuple[Codec, ...] = ()
    rids: tuple[str, ...] = ()
    "Simulcast encodings the client may send, best first (RFC 8853)."
    stream: str = ""
    track: str = ""
    "MediaStream id and track id of what the server sends (RFC 8830)."
    cname: str = ""
    "As RTCP has it: all that one publisher sends is by one clock."
    ssrc: int = 0
    rtx_ssrc: int = 0
    bitrate: int = 0
    "Most bits per second the client should send; 0 for no limit."
    packet_time: int = 0
    "Milliseconds of audio in each packet that the client should send; 0 for its own choice."


def write_offer(
    session: int,
    version: int,
    credentials: Credentials,
    fingerprint: str,
    addresses: list[tuple[str, int]],
    sections: list[Section],
    tcp_addresses: list[tuple[str, int]] | None = None,
) -> str:
    """The SDP of an offer. ``fingerprint`` is ``sha-256 AA:BB...``; ``addresses``, best first."""
    bundle = " ".join(section.mid for section in sections)
    text = [
        "v=0",
        f"o=- {session} {version} IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=ice-lite",
        "a=ice-options:ice2",
        f"a=group:BUNDLE {bundle}",
        "a=msid-semantic:WMS *",
    ]
    candidates = [*candidate_lines(addresses, tcp_addresses), "a=end-of-candidates"]
    for section in sections:
        text += _write_section(section)
        text += [
            f"a=ice-ufrag:{credentials.ufrag}",
            f"a=ice-pwd:{credentials.password}",
            f"a=fingerprint:{fingerprint}",
            "a=setup:actpass",
            "a=rtcp-mux",
            "a=rtcp-rsize",
            # The first section's are those of the bundle; some clients look into the last.
            *candidates,
        ]
    return "\r\n".join(text) + "\r\n"


def _write_section(section: Section) -> list[str]:
    payload_types: list[str] = []
    formats: list[str] = []
    for codec in section.codecs:
        channels = "/2" if codec.channels == 2 else ""
        number = codec.payload_type
        payload_types.append(str(number))
        formats.append(f"a=rtpmap:{number} {codec.name}/{codec.clock_rate}{channels}")
        if codec.parameters:
            formats.append(f"a=fmtp:{number} {codec.parameters}")
        # A subscriber reports the arrival of probes, which are beside videos.
        feedback = [TRANSPORT_CC] if section.direction == "recvonly" or section.rtx_ssrc else []
        if section.medium == "video":
            feedback += VIDEO_FEEDBACK
        formats += [f"a=rtcp-fb:{number} {name}" for name in feedback]
        if codec.rtx_payload_type is not None:
            payload_types.append(str(codec.rtx_payload_type))
            formats += [
                f"a=rtpmap:{codec.rtx_payload_type} rtx/{codec.clock_rate}",
                f"a=fmtp:{codec.rtx_payload_type} apt={number}",
            ]
    text = [f"m={section.medium} 9 UDP/TLS/RTP/SAVPF {' '.join(payload_types)}", "c=IN IP4 0.0.0.0"]
    if section.bitrate:
        text += [f"b=AS:{section.bitrate // 1000}", f"b=TIAS:{section.bitrate}"]
    text += ["a=rtcp:9 IN IP4 0.0.0.0", f"a=mid:{section.mid}"]
    extensions = (
        SUBSCRIBED_EXTENSIONS if section.direction == "sendonly" else PUBLISHED_EXTENSIONS
    )[section.medium]
    if section.direction == "sendonly" and section.rtx_ssrc:
        extensions += PADDING_EXTENSIONS
    text += [f"a=extmap:{number} {EXTENSION_URIS[number]}" for number in extensions]
    text.append(f"a={section.direction}")
    text += formats
    if section.direction == "recvonly" and section.packet_time:
        text.append(f"a=ptime:{section.packet_time}")
    if section.direction == "recvonly" and section.rids:
        text += [f"a=rid:{rid} recv" for rid in section.rids]
        text.append(f"a=simulcast:recv {';'.join(section.rids)}")
    if section.direction == "sendonly":
        text.append(f"a=msid:{section.stream} {section.track}")
        if section.rtx_ssrc:
            text.append(f"a=ssrc-group:FID {section.ssrc} {section.rtx_ssrc}")
        for ssrc in (section.ssrc, section.rtx_ssrc):
            if ssrc:
                text.append(f"a=ssrc:{ssrc} cname:{section.cname}")
                text.append(f"a=ssrc:{ssrc} msid:{section.stream} {section.track}")
    return text
