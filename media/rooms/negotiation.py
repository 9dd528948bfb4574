"""The media lines of one peer, from one offer to the next.

Lines never change their place or leave (RFC 8829 section 5.2.2). A line that falls silent is used
again only after the client has answered its silence, so that the client sees the old track end
and a new one begin.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace

from media.rooms.sdp import MOST_SECTIONS, Section, codecs_of
from media.rtp.codecs import AUDIO_CODECS, RED_FIRST, Kind

SourceId = tuple[str, Kind]
"A publication as the room names it: the publisher's id and the kind."


class TooManySections(Exception):
    """A description would need more media lines than a browser takes gladly."""


@dataclass
class Negotiation:
    """What was offered, what is being offered, and who is to be offered next."""

    preferred_video: tuple[str, ...] = ()
    sections: list[Section] = field(default_factory=list)
    offered: list[Section] = field(default_factory=list)
    "The lines of the offer that waits for its answer, or of the last one answered."
    version: int = field(default_factory=lambda: secrets.randbelow(1 << 30))
    """Rises with each offer from an unguessed beginning: an answer that was meant for another
    connection is recognized."""
    begun: bool = False
    "A first offer was made."
    awaiting: bool = False
    "An offer is out and not answered."
    changed: bool = True
    "Something is to be offered."
    publishing: dict[Kind, Section] = field(default_factory=dict)
    receiving: dict[SourceId, Section] = field(default_factory=dict)
    _retiring: list[Section] = field(default_factory=list)
    _idle: list[Section] = field(default_factory=list)

    def publish(self, kind: Kind, rids: tuple[str, ...], bitrate: int) -> Section:
        """Offer to receive ``kind`` from the client, on the line it always has."""
        section = self.publishing.get(kind)
        if section is None:
            section = self._append(kind.medium)
            self.publishing[kind] = section
        section.direction = "recvonly"
        section.rids = rids
        section.bitrate = bitrate if kind.medium == "video" else 0
        self.changed = True
        return section

    def set_redundancy(self, twice: bool) -> None:
        """Offer to receive sound twice, or once, if it is received at all."""
        section = self.publishing.get(Kind.AUDIO)
        codecs = RED_FIRST if twice else AUDIO_CODECS
        if section is not None and section.codecs != codecs:
            section.codecs = codecs
            self.changed = True

    def unpublish(self, kind: Kind) -> None:
        """Offer to receive ``kind`` no more."""
        section = self.publishing.get(kind)
        if section is not None and section.direction != "inactive":
            section.direction = "inactive"
            self.changed = True

    def receive(self, source: SourceId, stream: str, ssrc: int, rtx_ssrc: int) -> Section:
        """Offer to send a publication to the client."""
        medium = source[1].medium
        section = next((one for one in self._idle if one.medium == medium), None)
        if section is not None:
            self._idle.remove(section)
        else:
            section = self._append(medium)
        section.direction = "sendonly"
        section.stream = stream
        section.track = f"{source[0]}-{source[1].value}"
        section.ssrc = ssrc
        section.rtx_ssrc = rtx_ssrc
        self.receiving[source] = section
        self.changed = True
        return section

    def drop(self, source: SourceId) -> None:
        """Offer to send a publication no more."""
        section = self.receiving.pop(source, None)
        if section is not None:
            section.direction = "inactive"
            self._retiring.append(section)
            self.changed = True

    def begin(self) -> list[Section]:
        """The lines to offer now. The caller writes them down and waits for the answer."""
        self.version += 1
        self.begun = True
        self.awaiting = True
        self.changed = False
        self.offered = [replace(section) for section in self.sections]
        return self.offered

    def finish(self) -> None:
        """The offer was answered; lines whose silence it told may be used again."""
        self.awaiting = False
        silent = {section.mid for section in self.offered if section.direction == "inactive"}
        for section in [one for one in self._retiring if one.mid in silent]:
            self._retiring.remove(section)
            self._idle.append(section)

    def _append(self, medium: str) -> Section:
        if len(self.sections) >= MOST_SECTIONS:
            raise TooManySections(f"more than {MOST_SECTIONS} media lines")
        section = Section(
            str(len(self.sections)), medium, codecs=codecs_of(medium, self.preferred_video)
        )
        self.sections.append(section)
        return section
