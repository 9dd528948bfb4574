"""Offers written, answers read (RFC 8829, RFC 8866).

The server always offers, so there is no glare and one table of numbers. A description has one
media line per thing sent one way: lines a client publishes on come first, lines it receives on
follow. A line is never removed; it falls silent (``inactive``) and is used again for another
publication of the same medium.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from aiortc import sdp

from media.rtp.codecs import (
    AUDIO_CODECS,
    EXTENSION_URIS,
    PUBLISHED_EXTENSIONS,
    SUBSCRIBED_EXTENSIONS,
    VIDEO_CODECS,
    Codec,
)
from media.transport.ice import Credentials, candidate_lines

LONGEST_ANSWER = 128 * 1024
"Bytes; a browser writes some 2 KB a media line."
MOST_SECTIONS = 64


class AnswerRejected(ValueError):
    """An answer that does not fit its offer, or is no SDP."""


@dataclass
class Section:
    """One media line of a peer's description."""

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
    "Media stream and track names of what the server sends (RFC 8830)."
    ssrc: int = 0
    rtx_ssrc: int = 0
    bitrate: int = 0
    "Most bits per second the client should send; 0 says nothing."


@dataclass(frozen=True)
class AnsweredSection:
    """What a client said to one media line."""

    mid: str
    direction: str
    "As the client sees it."
    payload_types: tuple[int, ...]
    "Payload types of our table that it takes."
    rids: tuple[str, ...]
    streams: tuple[tuple[int, int], ...]
    "(SSRC, RTX SSRC or 0) pairs it announced."


@dataclass(frozen=True)
class Answer:
    """What a client's answer says about the transport and each line."""

    ufrag: str
    fingerprints: tuple[tuple[str, str], ...]
    client_is_active: bool
    "The client begins the DTLS handshake."
    sections: dict[str, AnsweredSection] = field(default_factory=dict)


def codecs_of(medium: str, preferred_video: tuple[str, ...] = ()) -> tuple[Codec, ...]:
    """The codecs offered for a medium, preferred ones first."""
    if medium == "audio":
        return AUDIO_CODECS
    names = list(preferred_video)
    return tuple(
        sorted(
            VIDEO_CODECS,
            key=lambda codec: names.index(codec.name) if codec.name in names else len(names),
        )
    )


def write_offer(
    session: int,
    version: int,
    credentials: Credentials,
    fingerprint: str,
    addresses: list[tuple[str, int]],
    sections: list[Section],
) -> str:
    """An offer. ``fingerprint`` is ``sha-256 AA:BB...``; ``addresses`` are ours, best first."""
    bundle = " ".join(section.mid for section in sections)
    text = [
        "v=0",
        f"o=- {session} {version} IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=ice-lite",
        f"a=group:BUNDLE {bundle}",
        "a=msid-semantic:WMS *",
    ]
    for index, section in enumerate(sections):
        text += _write_section(section)
        text += [
            f"a=ice-ufrag:{credentials.ufrag}",
            f"a=ice-pwd:{credentials.password}",
            f"a=fingerprint:{fingerprint}",
            "a=setup:actpass",
            "a=rtcp-mux",
            "a=rtcp-rsize",
        ]
        if index == 0:
            text += candidate_lines(addresses)
            text.append("a=end-of-candidates")
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
        feedback = ["transport-cc"] if section.direction == "recvonly" else []
        if section.medium == "video":
            feedback += ["goog-remb", "nack", "nack pli", "ccm fir"]
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
    text += [f"a=extmap:{number} {EXTENSION_URIS[number]}" for number in extensions]
    text.append(f"a={section.direction}")
    text += formats
    if section.direction == "recvonly" and section.rids:
        text += [f"a=rid:{rid} recv" for rid in section.rids]
        text.append(f"a=simulcast:recv {';'.join(section.rids)}")
    if section.direction == "sendonly":
        text.append(f"a=msid:{section.stream} {section.track}")
        if section.rtx_ssrc:
            text.append(f"a=ssrc-group:FID {section.ssrc} {section.rtx_ssrc}")
        for ssrc in (section.ssrc, section.rtx_ssrc):
            if ssrc:
                text.append(f"a=ssrc:{ssrc} cname:{section.stream}")
                text.append(f"a=ssrc:{ssrc} msid:{section.stream} {section.track}")
    return text


def read_answer(text: str, offered: list[Section]) -> Answer:
    """What an answer to ``offered`` says. Raises AnswerRejected."""
    if len(text) > LONGEST_ANSWER:
        raise AnswerRejected("the answer is too long")
    try:
        session = sdp.SessionDescription.parse(text)
    except Exception as error:  # aiortc's parser fails in many ways on what is no SDP
        raise AnswerRejected(f"the answer is no session description: {error}") from error
    if len(session.media) != len(offered):
        raise AnswerRejected(f"{len(offered)} media lines were offered, {len(session.media)} came")
    rids = _read_rids(text)
    ufrag = ""
    fingerprints: tuple[tuple[str, str], ...] = ()
    active = True
    sections: dict[str, AnsweredSection] = {}
    for section, media, line_rids in zip(offered, session.media, rids, strict=True):
        if media.kind != section.medium or (media.rtp.muxId or section.mid) != section.mid:
            raise AnswerRejected(f"the line of media id {section.mid} is answered by another")
        if media.dtls is not None and media.dtls.fingerprints and not fingerprints:
            fingerprints = tuple((one.algorithm, one.value) for one in media.dtls.fingerprints)
            active = media.dtls.role != "server"
        if media.ice is not None and media.ice.usernameFragment and not ufrag:
            ufrag = media.ice.usernameFragment
        ours = {codec.payload_type: codec for codec in section.codecs}
        taken = []
        for codec in media.rtp.codecs:
            number = codec.payloadType
            if number is None:
                continue
            known = ours.get(number)
            if known is not None and codec.name.lower() == known.name.lower():
                taken.append(known.payload_type)
            elif codec.name.lower() == "rtx":
                taken.append(number)
        repairs = {
            int(group.items[0]): int(group.items[1])
            for group in media.ssrc_group
            if group.semantic == "FID" and len(group.items) == 2
        }
        streams = tuple(
            (one.ssrc, repairs.get(one.ssrc, 0))
            for one in media.ssrc
            if one.ssrc not in repairs.values()
        )
        sections[section.mid] = AnsweredSection(
            section.mid,
            "inactive" if media.port == 0 else (media.direction or "sendrecv"),
            tuple(taken),
            tuple(rid for rid in line_rids if rid in section.rids),
            streams,
        )
    if not fingerprints or not ufrag:
        raise AnswerRejected("the answer has no fingerprint or no ICE credentials")
    return Answer(ufrag, fingerprints, active, sections)


def _read_rids(text: str) -> list[list[str]]:
    """The restriction ids (RFC 8851) each media line of a description sends."""
    rids: list[list[str]] = []
    for section in text.splitlines():
        if section.startswith("m="):
            rids.append([])
        elif section.startswith("a=rid:") and rids:
            name, _, rest = section[6:].partition(" ")
            if rest.split(" ")[0].split(";")[0] == "send":
                rids[-1].append(name)
    return rids
