"""Answers read: what of an offer a client accepts, and which answers are rejected (RFC 8829).

Codecs and header extensions that were not offered are left out; an answer that does not bundle all
of its m= sections on one transport is rejected.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from aiortc import sdp

from media.rooms.sdp_offer import Section
from media.rtp.header_extensions import EXTENSION_URIS

LONGEST_ANSWER = 128 * 1024
"Bytes; a browser writes some 2 KB per m= section."


class AnswerRejected(ValueError):
    """An answer that does not fit its offer, or is no SDP."""


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
