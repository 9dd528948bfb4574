"""The media lines of one peer, from one offer to the next.

Lines never change their place or leave (RFC 8829 section 5.2.2). A line that falls silent is used
again only after the client has answered its silence, so that the client sees the old track end
and a new one begin.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace

from media.rooms.sdp import MOST_LINES, Line, codecs_of
from media.rtp.codecs import AUDIO_CODECS, TWICE, Kind

SourceId = tuple[str, Kind]
"A publication as the room names it: the publisher's id and the kind."


class TooManyLines(Exception):
    """A description would need more media lines than a browser takes gladly."""


@dataclass
class Negotiation:
    """What was offered, what is being offered, and who is to be offered next."""

    preferred_video: tuple[str, ...] = ()
    lines: list[Line] = field(default_factory=list)
    offered: list[Line] = field(default_factory=list)
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
    publishing: dict[Kind, Line] = field(default_factory=dict)
    receiving: dict[SourceId, Line] = field(default_factory=dict)
    _retiring: list[Line] = field(default_factory=list)
    _idle: list[Line] = field(default_factory=list)

    def publish(self, kind: Kind, rids: tuple[str, ...], bitrate: int) -> Line:
        """Offer to receive ``kind`` from the client, on the line it always has."""
        line = self.publishing.get(kind)
        if line is None:
            line = self._append(kind.medium)
            self.publishing[kind] = line
        line.direction = "recvonly"
        line.rids = rids
        line.bitrate = bitrate if kind.medium == "video" else 0
        self.changed = True
        return line

    def repeat_sound(self, twice: bool) -> None:
        """Offer to receive sound twice, or once, if it is received at all."""
        line = self.publishing.get(Kind.AUDIO)
        codecs = TWICE if twice else AUDIO_CODECS
        if line is not None and line.codecs != codecs:
            line.codecs = codecs
            self.changed = True

    def unpublish(self, kind: Kind) -> None:
        """Offer to receive ``kind`` no more."""
        line = self.publishing.get(kind)
        if line is not None and line.direction != "inactive":
            line.direction = "inactive"
            self.changed = True

    def receive(self, source: SourceId, stream: str, ssrc: int, rtx_ssrc: int) -> Line:
        """Offer to send a publication to the client."""
        medium = source[1].medium
        line = next((one for one in self._idle if one.medium == medium), None)
        if line is not None:
            self._idle.remove(line)
        else:
            line = self._append(medium)
        line.direction = "sendonly"
        line.stream = stream
        line.track = f"{source[0]}-{source[1].value}"
        line.ssrc = ssrc
        line.rtx_ssrc = rtx_ssrc
        self.receiving[source] = line
        self.changed = True
        return line

    def drop(self, source: SourceId) -> None:
        """Offer to send a publication no more."""
        line = self.receiving.pop(source, None)
        if line is not None:
            line.direction = "inactive"
            self._retiring.append(line)
            self.changed = True

    def begin(self) -> list[Line]:
        """The lines to offer now. The caller writes them down and waits for the answer."""
        self.version += 1
        self.begun = True
        self.awaiting = True
        self.changed = False
        self.offered = [replace(line) for line in self.lines]
        return self.offered

    def finish(self) -> None:
        """The offer was answered; lines whose silence it told may be used again."""
        self.awaiting = False
        silent = {line.mid for line in self.offered if line.direction == "inactive"}
        for line in [one for one in self._retiring if one.mid in silent]:
            self._retiring.remove(line)
            self._idle.append(line)

    def _append(self, medium: str) -> Line:
        if len(self.lines) >= MOST_LINES:
            raise TooManyLines(f"more than {MOST_LINES} media lines")
        line = Line(str(len(self.lines)), medium, codecs=codecs_of(medium, self.preferred_video))
        self.lines.append(line)
        return line
