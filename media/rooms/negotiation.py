"""The m= sections of one peer's descriptions, and when a new offer is needed.

Sections are never moved or removed (RFC 8829 section 5.2.2). One that became inactive is reused
only after the client has answered so, so that the client sees the old track end and a new one
start.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace

from media.rooms.sdp_offer import Section
from media.rtp.codecs import OPUS, RED, THRIFTY_OPUS, THRIFTY_PACKET_TIME, Kind, codecs_of

MOST_SECTIONS = 64
"m= sections of one description: browsers do not handle more of them well."

SourceId = tuple[str, Kind]
"A publication: the publisher's id and the kind."


class TooManySections(Exception):
    """A description would need more m= sections than browsers handle well."""


@dataclass
class Negotiation:
    """What was offered, what the pending offer says, and what to offer next."""

    preferred_video: tuple[str, ...] = ()
    sections: list[Section] = field(default_factory=list)
    offered: list[Section] = field(default_factory=list)
    "The sections of the offer that awaits its answer, or of the last one answered."
    version: int = field(default_factory=lambda: secrets.randbelow(1 << 30))
    """Rises with each offer, from a random start: an answer meant for another connection is
    recognized by it."""
    begun: bool = False
    "The first offer was made."
    awaiting: bool = False
    "An offer is pending."
    changed: bool = True
    "A new offer is needed."
    reduced_size: bool = False
    "The client agreed to reduced-size RTCP (RFC 5506)."
    publishing: dict[Kind, Section] = field(default_factory=dict)
    receiving: dict[SourceId, Section] = field(default_factory=dict)
    redundancy: bool = False
    "The audio is to come with redundancy (RED)."
    thrift: bool = False
    "The audio is to come in few bits."
    _retiring: list[Section] = field(default_factory=list)
    _idle: list[Section] = field(default_factory=list)

    def publish(self, kind: Kind, rids: tuple[str, ...], bitrate: int) -> Section:
        """Offer to receive ``kind`` from the client, in the section it always has."""
        section = self.publishing.get(kind)
        if section is None:
            section = self._append(kind.medium)
            self.publishing[kind] = section
        section.direction = "recvonly"
        section.rids = rids
        section.bitrate = bitrate if kind.medium == "video" else 0
        self.changed = True
        return section

    def set_redundancy(self, on: bool) -> None:
        """Offer to receive the audio with redundancy (RED first), or without."""
        self.redundancy = on
        self._describe_audio()

    def set_thrift(self, on: bool) -> None:
        """Offer to receive the audio in few bits: longer packets and a lower bit rate, or not."""
        self.thrift = on
        self._describe_audio()

    def _describe_audio(self) -> None:
        section = self.publishing.get(Kind.AUDIO)
        opus = THRIFTY_OPUS if self.thrift else OPUS
        packet_time = THRIFTY_PACKET_TIME if self.thrift else 0
        # A browser sends the codec that an offer names first.
        codecs = (RED, opus) if self.redundancy else (opus, RED)
        if section is not None and (section.codecs, section.packet_time) != (codecs, packet_time):
            section.codecs, section.packet_time = codecs, packet_time
            self.changed = True

    def unpublish(self, kind: Kind) -> None:
        """Offer to stop receiving ``kind``."""
        section = self.publishing.get(kind)
        if section is not None and section.direction != "inactive":
            section.direction = "inactive"
            self.changed = True

    def receive(self, source: SourceId, stream: str, ssrc: int, rtx_ssrc: int) -> Section:
        """Offer to send a publication to the client."""
        medium = source[1].medium
        section = next((idle for idle in self._idle if idle.medium == medium), None)
        if section is not None:
            self._idle.remove(section)
        else:
            section = self._append(medium)
        section.direction = "sendonly"
        section.stream = stream
        section.track = f"{source[0]}-{source[1].value}"
        section.cname = source[0]
        section.ssrc = ssrc
        section.rtx_ssrc = rtx_ssrc
        self.receiving[source] = section
        self.changed = True
        return section

    def drop(self, source: SourceId) -> None:
        """Offer to stop sending a publication."""
        section = self.receiving.pop(source, None)
        if section is not None:
            section.direction = "inactive"
            self._retiring.append(section)
            self.changed = True

    def begin(self) -> list[Section]:
        """Start an offer. Returns its sections; :meth:`finish` follows the answer."""
        self.version += 1
        self.begun = True
        self.awaiting = True
        self.changed = False
        self.offered = [replace(section) for section in self.sections]
        return self.offered

    def finish(self) -> None:
        """Record that the offer was answered; sections it showed as inactive may be reused."""
        self.awaiting = False
        inactive = {section.mid for section in self.offered if section.direction == "inactive"}
        self._idle += [section for section in self._retiring if section.mid in inactive]
        self._retiring = [section for section in self._retiring if section.mid not in inactive]

    def _append(self, medium: str) -> Section:
        if len(self.sections) >= MOST_SECTIONS:
            raise TooManySections(f"more than {MOST_SECTIONS} m= sections")
        section = Section(
            str(len(self.sections)), medium, codecs=codecs_of(medium, self.preferred_video)
        )
        self.sections.append(section)
        return section
