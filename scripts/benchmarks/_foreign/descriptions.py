"""What the offers and answers of a client say of what it receives, line by line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Sent:
    """A stream that the relay sends to a client."""

    mid: str
    publisher: str
    kind: str
    cname: str
    repairs: int
    "The SSRC whose packets it repeats (RFC 4588); 0 if it is one of its own."
    offered: frozenset[int]
    "Ids of header extensions in the offer."
    answered: frozenset[int]
    "Of these, in the answer."


def _sections(text: str) -> Iterator[tuple[str, str]]:
    for section in text.replace("\r\n", "\n").split("\nm=")[1:]:
        found = re.search(r"(?m)^a=mid:(\S+)$", section)
        if found:
            yield found[1], section


def _extensions(section: str) -> frozenset[int]:
    return frozenset(int(one) for one in re.findall(r"(?m)^a=extmap:(\d+)", section))


def sent_streams(
    offers: list[str], answers: list[str], tracks: dict[str, tuple[str, str]]
) -> dict[int, Sent]:
    """SSRC -> stream, of all offers to a client; ``tracks``: media id -> publisher and kind."""
    answered: dict[str, frozenset[int]] = {}
    for answer in answers:
        for mid, section in _sections(answer):
            answered[mid] = answered.get(mid, frozenset()) | _extensions(section)
    found = {}
    for offer in offers:
        for mid, section in _sections(offer):
            repairs = {
                int(repair): int(media)
                for media, repair in re.findall(r"(?m)^a=ssrc-group:FID (\d+) (\d+)", section)
            }
            offered = _extensions(section)
            for ssrc, cname in re.findall(r"(?m)^a=ssrc:(\d+) cname:(\S+)", section):
                if mid in tracks:
                    publisher, kind = tracks[mid]
                    found[int(ssrc)] = Sent(
                        mid,
                        publisher,
                        kind,
                        cname,
                        repairs.get(int(ssrc), 0),
                        offered,
                        offered & answered.get(mid, frozenset()),
                    )
    return found


def takes_reduced_size(answers: list[str]) -> bool:
    """Whether a client agreed to RTCP of reduced size (RFC 5506 section 5)."""
    return any("\na=rtcp-rsize" in answer for answer in answers)
