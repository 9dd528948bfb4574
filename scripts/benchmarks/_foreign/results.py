"""What a run says about each client: how late it connected, whether it stayed, what it received."""

from __future__ import annotations

import re
import statistics
from dataclasses import dataclass
from typing import Any

SOON = 0.15
"Seconds from an answer to the connection, at most."
AT_ONCE = 0.03
"Seconds within which a flight of DTLS records leaves; one is sent again after fifty milliseconds."


@dataclass(frozen=True)
class Row:
    """One client."""

    name: str
    late: dict[str, list[float | None]]
    "Delay of the answer -> what each connection took after it; None if there was none."
    silent: tuple[float, ...]
    "Seconds for which it said nothing in the midst of handshakes; not in what they took."
    connected: bool
    cut: str
    receives: int
    "Streams of others that went on arriving until the end."
    wanted: int
    "Streams that others send."
    sends: int
    "Streams of it that went on arriving at others."
    paused: tuple[str, ...]
    """What the relay paused for lack of bandwidth since the room was complete. Before that everybody's
    encoder and first keyframes begin at once, and the time that is asked for has not begun."""
    missing: tuple[str, ...]
    "Publisher and kind of streams that did not go on arriving here, though the publisher is there."

    @property
    def faults(self) -> list[str]:
        """What is not as it should be, in words."""
        found = [
            f"{self.name}: connected {_seconds(one)} after an answer {delay} s late"
            for delay, times in self.late.items()
            for one in times
            if one is None or one > SOON
        ]
        if not self.connected:
            found.append(f"{self.name}: no connection in the room")
        elif self.cut:
            found.append(f"{self.name}: cut ({self.cut})")
        if self.missing:
            found.append(f"{self.name}: does not receive {', '.join(self.missing)}")
        if self.paused:
            found.append(f"{self.name}: paused at times {', '.join(self.paused)}")
        return found


def _seconds(one: float | None) -> str:
    return "never" if one is None else f"{one:.2f} s"


def sources(member: dict[str, Any]) -> dict[int, tuple[str, str]]:
    """SSRC -> publisher and kind of what a member is offered to receive."""
    found = {}
    for offer in member["offers"]:
        for section in offer.split("\r\nm=")[1:]:
            (mid,) = re.findall(r"(?m)^a=mid:(\S+)", section)
            ssrcs = re.findall(r"(?m)^a=ssrc:(\d+) cname", section)
            if mid in member["tracks"] and ssrcs:
                publisher, kind = member["tracks"][mid]
                found[int(ssrcs[0])] = (publisher, kind)
    return found


def lasting(member: dict[str, Any], since: float) -> set[tuple[str, str]]:
    """Publishers and kinds of which more packets came after ``since`` than before it."""
    before: dict[str, int] = {}
    after: dict[str, int] = {}
    for at, counts in member["counts"]:
        (before if at <= since else after).update(counts)
    known = sources(member)
    return {
        known[int(ssrc)]
        for ssrc, packets in after.items()
        if int(ssrc) in known and packets > before.get(ssrc, 0) > 0
    }


def silences(records: list[tuple[float, bool]], since: float, until: float) -> list[float]:
    """Seconds, more than ``SOON``, that the client took to say anything after a DTLS record of the
    relay that it received: the relay had not to send it again."""
    found, flight = [], None
    for at, upward in records:
        if not since <= at <= until:
            continue
        if not upward:
            # A flight in several datagrams is whole at once; one that was lost comes again later.
            flight = (at if flight is None else flight[0], at)
            continue
        if flight is not None and flight[1] - flight[0] < AT_ONCE and at - flight[1] > SOON:
            found.append(at - flight[1])
        flight = None
    return found


def after_answers(
    connections: list[tuple[float, float, float | None]],
    nominated: list[float],
    records: list[tuple[float, bool]],
) -> list[float | None]:
    """Seconds from each answer to the connection, or from the client's first nominating check where
    that came later: before it there is nowhere to connect to. Silences of the client are its own."""
    found: list[float | None] = []
    for joined, answered, connected in connections:
        if connected is None:
            found.append(None)
            continue
        first = next((at for at in nominated if joined <= at <= connected), joined)
        began = max(answered, first)
        found.append(connected - began - sum(silences(records, began, connected)))
    return found


def rows(
    seen: dict[str, Any],
    nominated: dict[str, list[float]],
    records: dict[str, list[tuple[float, bool]]],
) -> list[Row]:
    """A row for each client of the run; ``nominated``: when it sent checks that nominate; ``records``:
    when DTLS records passed, and whether from it."""
    members = seen["members"]
    since, complete = seen["times"]["over"] - 10.0, seen["times"]["complete"]
    arriving = {name: lasting(member, since) for name, member in members.items()}
    found = []
    there = {name for name, one in members.items() if one["connected_at"] and not one["cut"]}
    for name, member in members.items():
        connections = seen["connections"].get(name, {})
        wanted = {(other, kind) for other in members if other != name for kind in KINDS}
        found.append(
            Row(
                name,
                {
                    delay: after_answers(made, nominated[name], records[name])
                    for delay, made in connections.items()
                },
                tuple(
                    silence
                    for made in connections.values()
                    for _, answered, connected in made
                    if connected is not None
                    for silence in silences(records[name], answered, connected)
                ),
                bool(member["connected_at"]),
                member["cut"],
                len(arriving[name] & wanted),
                len(wanted),
                sum(publisher == name for got in arriving.values() for publisher, _ in got),
                tuple(sorted({what for at, what in member["paused"] if at >= complete})),
                tuple(
                    f"{other}'s {kind}"
                    for other, kind in sorted(wanted - arriving[name])
                    if other in there and name in there
                ),
            )
        )
    return found


def waiting(late: list[float]) -> str:
    """How long the relay's process waited for a processor, which the room's figures depend on."""
    if len(late) < 2:
        return "the room was over at once"
    slowest = statistics.quantiles(late, n=100, method="inclusive")[-1]
    return (
        "the relay's process went on late by at most"
        f" {slowest * 1000:.0f} ms in 99 of 100 looks, {late[-1] * 1000:.0f} ms in all"
    )


KINDS = ("audio", "video")
