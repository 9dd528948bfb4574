"""Offers written, answers read (RFC 8829, RFC 8866).

The server always offers, so there is no glare and one table of payload types. Every m= section
sends one track one way. None is ever removed; it becomes inactive and is reused for another
publication of the same medium.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from aiortc import sdp

from media.rtp.codecs import (
    AUDIO_CODECS,
    EXTENSION_URIS,
    PADDING_EXTENSIONS,
    PUBLISHED_EXTENSIONS,
    SUBSCRIBED_EXTENSIONS,
    VIDEO_CODECS,
    Codec,
)
from media.transport.ice import Credentials, candidate_lines

LONGEST_ANSWER = 128 * 1024
"Bytes; a browser writes some 2 KB per m= section."
MOST_SECTIONS = 64


class AnswerRejected(ValueError):
    """An answer that does not fit its offer, or is no SDP."""


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


@dataclass(frozen=True)
class AnsweredSection:
    """A client's answer to one m= section."""

    mid: str
    direction: str
    "As the client sees it."
    payload_types: tuple[int, ...]
    "Payload types of our table that it accepts."
    rids: tuple[str, ...]
    streams: tuple[tuple[int, int], ...]
    "(SSRC, RTX SSRC or 0) pairs it announced."
    extensions: frozenset[int] = frozenset()
    "Ids of header extensions of our table that it accepts."


@dataclass(frozen=True)
class Answer:
    """What a client's answer says about the transport and each m= section."""

    reduced_size: bool
    "Whether it agreed to reduced-size RTCP (RFC 5506)."

    ufrag: str
    fingerprints: tuple[tuple[str, str], ...]
    client_is_active: bool
    "Whether the client starts the DTLS handshake."
    sections: dict[str, AnsweredSection] = field(default_factory=dict)


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
        feedback = ["transport-cc"] if section.direction == "recvonly" or section.rtx_ssrc else []
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


def read_answer(text: str, offered: list[Section]) -> Answer:
    """Parse an answer to ``offered``. Raises AnswerRejected."""
    if len(text) > LONGEST_ANSWER:
        raise AnswerRejected("the answer is too long")
    try:
        session = sdp.SessionDescription.parse(text)
    except Exception as error:  # aiortc's parser fails in many ways on what is no SDP
        raise AnswerRejected(f"the answer is no session description: {error}") from error
    if len(session.media) != len(offered):
        raise AnswerRejected(f"{len(offered)} m= sections were offered, {len(session.media)} came")
    ufrag = ""
    fingerprints: tuple[tuple[str, str], ...] = ()
    active = True
    sections: dict[str, AnsweredSection] = {}
    attributes = _section_attributes(text)
    _check_bundle(session, offered, attributes)
    for section, media, lines in zip(offered, session.media, attributes, strict=True):
        if media.kind != section.medium or (media.rtp.muxId or section.mid) != section.mid:
            raise AnswerRejected(f"the m= section {section.mid} is answered by another")
        if media.dtls is not None and media.dtls.fingerprints and not fingerprints:
            fingerprints = tuple(
                (fingerprint.algorithm, fingerprint.value)
                for fingerprint in media.dtls.fingerprints
            )
            active = media.dtls.role != "server"
        if media.ice is not None and media.ice.usernameFragment and not ufrag:
            ufrag = media.ice.usernameFragment
        sections[section.mid] = AnsweredSection(
            section.mid,
            "inactive" if _is_rejected(media, lines) else (media.direction or "sendrecv"),
            _accepted_payload_types(media, section),
            tuple(rid for rid in _sent_rids(lines) if rid in section.rids),
            _announced_streams(media),
            frozenset(
                extension.id
                for extension in media.rtp.headerExtensions
                if extension.uri == EXTENSION_URIS.get(extension.id)
            ),
        )
    if not fingerprints or not ufrag:
        raise AnswerRejected("the answer has no fingerprint or no ICE credentials")
    accepted = [
        lines
        for media, lines in zip(session.media, attributes, strict=True)
        if not _is_rejected(media, lines)
    ]
    reduced_size = bool(accepted) and all("rtcp-rsize" in lines for lines in accepted)
    return Answer(reduced_size, ufrag, fingerprints, active, sections)


def _is_rejected(media: sdp.MediaDescription, attributes: list[str]) -> bool:
    """Whether an answered section was rejected; port 0 may also mean that it is bundled."""
    return media.port == 0 and "bundle-only" not in attributes


def _check_bundle(
    session: sdp.SessionDescription, offered: list[Section], attributes: list[list[str]]
) -> None:
    """Raise AnswerRejected unless all that is sent either way shares one transport."""
    used = [
        section.mid
        for section, media, lines in zip(offered, session.media, attributes, strict=True)
        if not _is_rejected(media, lines) and media.direction != "inactive"
    ]
    bundles = [set(map(str, group.items)) for group in session.group if group.semantic == "BUNDLE"]
    if len(used) > 1 and not any(bundle.issuperset(used) for bundle in bundles):
        raise AnswerRejected("the answer does not bundle its m= sections (RFC 8843)")


def _accepted_payload_types(media: sdp.MediaDescription, section: Section) -> tuple[int, ...]:
    """The payload types of our table that an answered section has, RTX included."""
    ours = {codec.payload_type: codec.name.lower() for codec in section.codecs}
    accepted = []
    for codec in media.rtp.codecs:
        number, name = codec.payloadType, codec.name.lower()
        if number is not None and name in ("rtx", ours.get(number)):
            accepted.append(number)
    return tuple(accepted)


def _announced_streams(media: sdp.MediaDescription) -> tuple[tuple[int, int], ...]:
    """(SSRC, RTX SSRC or 0) pairs that an answered section announces."""
    repairs = {
        int(group.items[0]): int(group.items[1])
        for group in media.ssrc_group
        if group.semantic == "FID" and len(group.items) == 2
    }
    return tuple(
        (source.ssrc, repairs.get(source.ssrc, 0))
        for source in media.ssrc
        if source.ssrc not in repairs.values()
    )


def _section_attributes(text: str) -> list[list[str]]:
    """The attributes (``a=`` lines without that) of each m= section of a description."""
    sections: list[list[str]] = []
    for line in text.splitlines():
        if line.startswith("m="):
            sections.append([])
        elif line.startswith("a=") and sections:
            sections[-1].append(line[2:].strip())
    return sections


def _sent_rids(attributes: list[str]) -> list[str]:
    """The rids (RFC 8851) that a section sends."""
    rids = []
    for line in attributes:
        if line.startswith("rid:"):
            rid, _, rest = line[4:].partition(" ")
            if rest.split(" ")[0].split(";")[0] == "send":
                rids.append(rid)
    return rids
