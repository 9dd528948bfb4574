"""Which way the media of a call go, and how they change over without a gap.

Two people send to each other directly (mesh). From the third person on, where no direct path is
found, or where addresses are hidden, a forwarder passes everything on. A change is made before
the old way is broken: while `moving_to` is set both ways live, and only when everybody receives
everybody by the new one does it become the topology. One that takes too long is given up.

The rules only: times come in, and who is connected or receives whom is told by the caller.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

Policy = Literal["auto", "relay"]

MOVE_WITHIN = timedelta(seconds=25)
"""A change that is not complete by then is given up. A browser connects within one or two seconds; on a
line of 3 s there and back it takes up to six round trips (offer, ICE, DTLS)."""
CONNECT_WITHIN = MOVE_WITHIN
"Whoever joins a forwarded call and is not connected by then cannot be reached."
CALM = timedelta(seconds=5)
"Two people stay with the forwarder this long after the third left: they may be back at once."
PAUSE = timedelta(seconds=20)
"After a change that failed no other is tried for this long."


class Topology(StrEnum):
    """RFC 7667: how the media flows."""

    MESH = "mesh"
    FORWARDED = "forwarded"


@dataclass(frozen=True)
class Path:
    """The way of one call's media, and where it is going."""

    topology: Topology = Topology.MESH
    moving_to: Topology | None = None
    since: datetime | None = None
    "When the change under way began."
    carried: frozenset[str] = frozenset()
    "Participants that the present topology carries; while it changes, newcomers are not in it."
    moving: frozenset[str] = frozenset()
    "Participants that the change under way is for."
    paired_at: datetime | None = None
    "Since when no more than two people are in the call."
    blocked: frozenset[frozenset[str]] = frozenset()
    "Pairs between which no direct path was found."
    not_before: datetime | None = None
    "After a change that failed: when another may be tried."

    @property
    def direct(self) -> bool:
        """Whether people send to each other directly, now or soon."""
        return Topology.MESH in (self.topology, self.moving_to)

    @property
    def forwarded(self) -> bool:
        """Whether the forwarder has legs of this call, now or soon."""
        return Topology.FORWARDED in (self.topology, self.moving_to)

    def stay(self) -> "Path":
        """Without the change under way."""
        return replace(self, moving_to=None, moving=frozenset(), since=None)


def wanted(
    path: Path, joined: frozenset[str], policy: Policy, relay: bool, now: datetime
) -> Topology:
    """What should carry these people; `relay` tells whether there is a forwarder."""
    if not relay:
        return Topology.MESH
    if policy == "relay" or len(joined) > 2 or joined in path.blocked:
        return Topology.FORWARDED
    if len(joined) < 2:
        return path.topology
    since = path.paired_at or now
    if path.topology is Topology.FORWARDED and now - since < CALM:
        return Topology.FORWARDED
    return Topology.MESH


def steer(path: Path, joined: frozenset[str], policy: Policy, relay: bool, now: datetime) -> Path:
    """The path after people came or went, or time has passed: a change begins, or is dropped."""
    paired_at = None if len(joined) > 2 else path.paired_at or now
    path = replace(path, paired_at=paired_at)
    goal = wanted(path, joined, policy, relay, now)
    if goal is path.topology:
        return replace(path.stay(), carried=joined)
    if path.moving_to is goal:
        # Who comes in late is given the same time as all others.
        late = bool(joined - path.moving)
        return replace(path, moving=joined, since=now if late else path.since)
    if len(path.carried & joined) < 2 or not relay:
        # There is nobody to be interrupted, or nothing left to go on with.
        return replace(path.stay(), topology=goal, carried=joined)
    if path.not_before is not None and now < path.not_before:
        return path.stay()
    return replace(path, moving_to=goal, moving=joined, since=now)


def complete(path: Path, joined: frozenset[str], receives: Mapping[str, Collection[str]]) -> bool:
    """Whether everybody receives everybody by the new way (participant -> participants)."""
    return path.moving_to is not None and all(
        other in receives.get(one, ()) for one in joined for other in joined if other != one
    )


def arrive(path: Path, joined: frozenset[str]) -> Path:
    """The change is done: what it went to carries the call."""
    topology = path.moving_to or path.topology
    return replace(path.stay(), topology=topology, carried=joined, not_before=None)


def conclude(
    path: Path,
    joined: frozenset[str],
    connected: frozenset[str],
    policy: Policy,
    now: datetime,
) -> tuple[Path, frozenset[str]]:
    """The time of a change is over: the path, and who has to leave the call.

    To the forwarder, those who are connected with it go on there, but never at the cost of
    people that the old way still carries: if one of these is not connected, the newcomers leave.
    Back to direct paths, a pair that found none stays with the forwarder.
    """
    if path.moving_to is not Topology.FORWARDED:
        return block(path.stay(), joined), frozenset()
    settled = path.carried & joined
    if settled <= connected:
        rest = joined & connected
        if wanted(path, rest, policy, True, now) is Topology.FORWARDED:
            return arrive(path, rest), joined - rest
        return path.stay(), joined - rest
    given_up = replace(path.stay(), blocked=path.blocked - {joined}, not_before=now + PAUSE)
    return given_up, joined - settled


def block(path: Path, pair: frozenset[str]) -> Path:
    """No direct path was found between these two."""
    return replace(path, blocked=path.blocked | {pair})


def next_review(path: Path) -> datetime | None:
    """When time alone may change the path."""
    if path.moving_to is not None and path.since is not None:
        return path.since + MOVE_WITHIN
    moments = []
    if path.topology is Topology.FORWARDED and path.paired_at is not None:
        moments.append(path.paired_at + CALM)
    if path.not_before is not None:
        moments.append(path.not_before)
    return max(moments, default=None)
