"""Answers read: what of an offer a client accepts, and which answers are rejected (RFC 8829).

Codecs and header extensions that were not offered are left out; an answer that does not bundle all
of its m= sections on one transport is rejected.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from media.rooms.sdp_lines import Attributes, Description, MediaLines, NoDescription, read_lines
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
    "Ids of header extensions of our table that it accepts in what it is sent."
    feedback: frozenset[str] = frozenset()
    "RTCP feedback that it agreed to, as ``nack pli`` (RFC 4585 section 4.2)."


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
        session = read_lines(text)
    except NoDescription as error:
        raise AnswerRejected(f"the answer is no session description: {error}") from error
    if len(session.media) != len(offered):
        raise AnswerRejected(f"{len(offered)} m= sections were offered, {len(session.media)} came")
    for section, media in zip(offered, session.media, strict=True):
        mid = media.attributes.first("mid") or section.mid
        if media.medium != section.medium or mid != section.mid:
            raise AnswerRejected(f"the m= section {section.mid} is answered by another")
    _check_bundle(session, offered)
    fingerprints, setup, ufrag = _transport(session)
    accepted = _accepted(session)
    shared = frozenset(_received_extensions(session.attributes))
    return Answer(
        bool(accepted) and all(media.attributes.has("rtcp-rsize") for media in accepted),
        ufrag,
        fingerprints,
        setup != "passive",
        {
            section.mid: _answered(session, media, section, shared)
            for section, media in zip(offered, session.media, strict=True)
        },
    )


def _transport(session: Description) -> tuple[tuple[tuple[str, str], ...], str, str]:
    """The fingerprints, DTLS role and ICE ufrag of the first sections that have them.

    A rejected section is in no bundle, and may have a transport of its own that nobody uses.
    """
    fingerprints: tuple[tuple[str, str], ...] = ()
    setup = ufrag = ""
    for media in _accepted(session) or session.media:
        roles = session.inherited(media, "setup")
        if roles and not fingerprints:
            found = [value.split() for value in session.inherited(media, "fingerprint")]
            fingerprints = tuple((pair[0], pair[1]) for pair in found if len(pair) == 2)
            setup = roles[0]
        ufrag = ufrag or next(iter(session.inherited(media, "ice-ufrag")), "")
    if not fingerprints or not ufrag or setup not in ("active", "passive", "actpass"):
        raise AnswerRejected("the answer has no fingerprint, DTLS role or ICE credentials")
    return fingerprints, setup, ufrag


def _answered(
    session: Description, media: MediaLines, section: Section, shared: frozenset[int]
) -> AnsweredSection:
    """A client's answer to one section; ``shared`` are extensions that the session has for all."""
    return AnsweredSection(
        section.mid,
        "inactive" if _is_rejected(media) else session.direction(media),
        _accepted_payload_types(media, section),
        tuple(rid for rid in _sent_rids(media) if rid in section.rids),
        _announced_streams(media),
        shared | frozenset(_received_extensions(media.attributes)),
        frozenset(_accepted_feedback(media)),
    )


def _is_rejected(media: MediaLines) -> bool:
    """Whether an answered section was rejected; port 0 may also mean that it is bundled."""
    return media.port == 0 and not media.attributes.has("bundle-only")


def _accepted(session: Description) -> list[MediaLines]:
    return [media for media in session.media if not _is_rejected(media)]


def _check_bundle(session: Description, offered: list[Section]) -> None:
    """Raise AnswerRejected unless all that is sent either way shares one transport."""
    used = [
        section.mid
        for section, media in zip(offered, session.media, strict=True)
        if not _is_rejected(media) and session.direction(media) != "inactive"
    ]
    groups = [group.split() for group in session.attributes.values("group")]
    bundles = [set(group[1:]) for group in groups if group[:1] == ["BUNDLE"]]
    if len(used) > 1 and not any(bundle.issuperset(used) for bundle in bundles):
        raise AnswerRejected("the answer does not bundle its m= sections (RFC 8843)")


def _accepted_payload_types(media: MediaLines, section: Section) -> tuple[int, ...]:
    """The payload types of our table that an answered section has, RTX included."""
    ours = {codec.payload_type: codec.name.lower() for codec in section.codecs}
    accepted = []
    for value in media.attributes.values("rtpmap"):
        number, _, encoding = value.partition(" ")
        name = encoding.partition("/")[0].strip().lower()
        payload_type = _number(number, 127)
        if number in media.formats and name and name in ("rtx", ours.get(payload_type)):
            accepted.append(payload_type)
    return tuple(accepted)


def _received_extensions(attributes: Attributes) -> Iterator[int]:
    """Ids of header extensions of our table that may be sent to the client (RFC 8285 section 5)."""
    for line in attributes.values("extmap"):
        # "4/recvonly URI vad=on": a direction and attributes of the extension may be there.
        mapped, uri, *_ = (*line.split(), "", "")
        number, _, direction = mapped.partition("/")
        identifier = _number(number, 255)
        if (
            direction not in ("sendonly", "inactive")
            and uri
            and EXTENSION_URIS.get(identifier) == uri
        ):
            yield identifier


def _accepted_feedback(media: MediaLines) -> Iterator[str]:
    """What ``a=rtcp-fb`` says, of any accepted payload type; browsers say the same of each codec."""
    for value in media.attributes.values("rtcp-fb"):
        payload_type, *feedback = value.split() or [""]
        if payload_type == "*" or payload_type in media.formats:
            yield " ".join(feedback)


def _announced_streams(media: MediaLines) -> tuple[tuple[int, int], ...]:
    """(SSRC, RTX SSRC or 0) pairs that an answered section announces (RFC 5576)."""
    repairs: dict[int, int] = {}
    for value in media.attributes.values("ssrc-group"):
        semantics, *members = value.split() or [""]
        ssrcs = [_number(member, 0xFFFFFFFF) for member in members]
        if semantics == "FID" and len(ssrcs) == 2 and min(ssrcs) >= 0:
            repairs[ssrcs[0]] = ssrcs[1]
    repairing = set(repairs.values())
    named = [value.partition(" ")[0] for value in media.attributes.values("ssrc")]
    sources = dict.fromkeys(_number(ssrc, 0xFFFFFFFF) for ssrc in named)
    return tuple(
        (ssrc, repairs.get(ssrc, 0)) for ssrc in sources if ssrc >= 0 and ssrc not in repairing
    )


def _number(text: str, most: int) -> int:
    """A decimal number up to ``most``; -1 for anything else."""
    if not text.isascii() or not text.isdecimal() or len(text) > 10:
        return -1
    return int(text) if int(text) <= most else -1


def _sent_rids(media: MediaLines) -> list[str]:
    """The rids (RFC 8851) that a section sends."""
    rids = []
    for line in media.attributes.values("rid"):
        rid, direction, *_ = (*line.split(), "", "")
        if direction.split(";")[0] == "send":
            rids.append(rid)
    return rids
