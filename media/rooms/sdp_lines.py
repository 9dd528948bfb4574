"""Session descriptions taken apart into the lines that count for an answer (RFC 8866).

What is not understood is left out, as RFC 8866 section 5 asks of every reader: attributes that are not
known, parameters behind those that are, and candidates, which a lite agent does not use.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_LINE_END = re.compile(r"\r\n|\n|\r")
_MEDIA = re.compile(r"(\S+) (\d{1,5})(?:/\d+)? (\S+) (\S.*)")
DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")


class NoDescription(ValueError):
    """A text that is no session description."""


class Attributes:
    """The attributes of a description or of one of its m= sections."""

    def __init__(self) -> None:
        self.direction = ""
        "Which way media goes, as the first of the four says; empty if none is there."
        self._values: dict[str, list[str]] = {}
        "By name, in order; the value of an attribute without one is empty."

    def add(self, name: str, value: str) -> None:
        """Add one, behind those of the same name."""
        self._values.setdefault(name, []).append(value)
        if not self.direction and name in DIRECTIONS:
            self.direction = name

    def values(self, name: str) -> list[str]:
        """The values of every attribute of that name."""
        return self._values.get(name, [])

    def first(self, name: str) -> str:
        """The first of them, or nothing."""
        return next(iter(self.values(name)), "")

    def has(self, name: str) -> bool:
        """Whether there is one."""
        return name in self._values


@dataclass(frozen=True)
class MediaLines:
    """One m= section."""

    medium: str
    port: int
    formats: frozenset[str]
    attributes: Attributes = field(default_factory=Attributes)


@dataclass(frozen=True)
class Description:
    """What stands above the first m= section, and the sections."""

    attributes: Attributes = field(default_factory=Attributes)
    media: list[MediaLines] = field(default_factory=list)

    def direction(self, media: MediaLines) -> str:
        """Which way media goes in a section: by itself, by the session, else both ways."""
        return media.attributes.direction or self.attributes.direction or "sendrecv"

    def inherited(self, media: MediaLines, name: str) -> list[str]:
        """An attribute's values in a section, or those of the session if it has none."""
        return media.attributes.values(name) or self.attributes.values(name)


def read_lines(text: str) -> Description:
    """Take a description apart. Raises NoDescription."""
    description = Description()
    attributes = description.attributes
    if not text.startswith("v=0"):
        raise NoDescription("it does not begin with its version")
    for line in _LINE_END.split(text):
        if line.startswith("m="):
            found = _MEDIA.fullmatch(line[2:].rstrip())
            if found is None:
                raise NoDescription("an m= line is malformed")
            media = MediaLines(found[1], int(found[2]), frozenset(found[4].split()))
            description.media.append(media)
            attributes = media.attributes
        elif line.startswith("a="):
            name, _, value = line[2:].rstrip().partition(":")
            attributes.add(name, value.strip())
    return description
