"""Messages that somebody has not read, by session and author; never what they say."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Unread:
    """What one author wrote in one session and a reader has not seen."""

    consultation_id: str
    participant_id: str
    "Of the author."
    count: int
    since: datetime
    "When the oldest of these messages was sent."


@dataclass(frozen=True)
class UnreadSession:
    """A session in which something is unread."""

    consultation_id: str
    names: tuple[str, ...]
    "Of those who wrote, whoever began at first."
    count: int
    since: datetime


def by_session(
    unread: Iterable[Unread], names: Mapping[str, str], anonymous: str = "?"
) -> list[UnreadSession]:
    """The sessions in which something is unread, oldest first.

    `names` are those of the authors, by participant id.
    """
    sessions: dict[str, list[Unread]] = {}
    for each in sorted(unread, key=lambda each: each.since):
        sessions.setdefault(each.consultation_id, []).append(each)
    return [
        _session(consultation_id, parts, names, anonymous)
        for consultation_id, parts in sessions.items()
    ]


def _session(
    consultation_id: str, parts: Sequence[Unread], names: Mapping[str, str], anonymous: str
) -> UnreadSession:
    written = (names.get(each.participant_id) or anonymous for each in parts)
    return UnreadSession(
        consultation_id,
        tuple(dict.fromkeys(written)),
        sum(each.count for each in parts),
        parts[0].since,
    )
