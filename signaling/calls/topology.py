"""Which topology carries the media of a call, and how a call moves to the other without a gap.

Two participants send to each other directly (mesh). From the third one on, if no direct path is
found, or if addresses are hidden, the relay forwards everything (SFM). A move makes before it
breaks: while `moving_to` is set both topologies carry media, and only when everybody receives
everybody over the new one does it become the topology. A move that takes too long is given up.

The rules only: times, and who is connected or receives whom, are arguments.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

Policy = Literal["auto", "relay"]

MOVE_WITHIN = timedelta(seconds=25)
"""A move that is not complete by then is given up. A browser connects within one or two seconds; at
a round-trip time of 3 s it takes up to six round trips (offer, ICE, DTLS)."""
CONNECT_WITHIN = MOVE_WITHIN
"Whoever joins a forwarded call and is not connected by then cannot reach the relay."
CALM = timedelta(seconds=5)
"Two participants stay with the relay this long after a third has left, who may be back at once."
PAUSE = timedelta(seconds=20)
"No move is tried for this long after a failed one."


class Topology(StrEnum):
    """RFC 7667: how the media flows."""

    MESH = "mesh"
    FORWARDED = "forwarded"


@dataclass(frozen=True)
class Path:
    """The topology of one call, and the move under way."""

    topology: Topology = Topology.MESH
    moving_to: Topology | None = None
    since: datetime | None = None
    "When the move under way began."
    carried: frozenset[str] = frozenset()
    "Participants that the current topology carries; newcomers during a move are not among them."
    moving: frozenset[str] = frozenset()
    "Participants of the move under way."
    paired_at: datetime | None = None
    "Since when at most two participants are in the call."
    blocked: frozenset[frozenset[str]] = frozenset()
    "Pairs between which no direct path was found."
    not_before: datetime | None = None
    "After a failed move: when another may be tried."

    @property
    def direct(self) -> bool:
        """Whether participants send to each other directly, now or soon."""
        return Topology.MESH in (self.topology, self.moving_to)

    @property
    def forwarded(self) -> bool:
        """Whether participants have legs at the relay, now or soon."""
        return Topology.FORWARDED in (self.topology, self.moving_to)

    def stay(self) -> "Path":
        """Without the move under way."""
        return replace(self, moving_to=None, moving=frozenset(), since=None)


def wanted(
    path: Path, joined: frozenset[str], policy: Policy, relay: bool, now: datetime
) -> Topology:
    """The topology that should carry these participants; `relay`: whether there is one."""
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
    """The path after participants or time have changed: a move begins, or is dropped."""
    paired_at = None if len(joined) > 2 else path.paired_at or now
    path = replace(path, paired_at=paired_at)
    goal = wanted(path, joined, policy, relay, now)
    if goal is path.topology:
        return replace(path.stay(), carried=joined)
    if path.moving_to is goal:
        # Newcomers during a move get the whole time.
        late = bool(joined - path.moving)
        return replace(path, moving=joined, since=now if late else path.since)
    if len(path.carried & joined) < 2 or not relay:
        # Nobody would be interrupted, or the old topology is gone.
        return replace(path.stay(), topology=goal, carried=joined)
    if path.not_before is not None and now < path.not_before:
        return path.stay()
    return replace(path, moving_to=goal, moving=joined, since=now)


def complete(path: Path, joined: frozenset[str], receives: Mapping[str, Collection[str]]) -> bool:
    """Whether everybody receives everybody over the new topology (participant -> participants)."""
    return path.moving_to is not None and all(
        sender in receives.get(receiver, ())
        for receiver in joined
        for sender in joined
        if sender != receiver
    )


def arrive(path: Path, joined: frozenset[str]) -> Path:
    """Complete the move: the new topology carries the call."""
    topology = path.moving_to or path.topology
    return replace(path.stay(), topology=topology, carried=joined, not_before=None)


def conclude(
    path: Path,
    joined: frozenset[str],
    connected: frozenset[str],
    policy: Policy,
    now: datetime,
) -> tuple[Path, frozenset[str]]:
    """(path, participants who have to leave the call) when the time of a move is over.

    To the relay, those who are connected with it go on there, but never at the cost of participants
    that the old topology still carries: if one of these is not connected, the newcomers leave. Back
    to the mesh, a pair that found no direct path stays with the relay.
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
    """Record that no direct path was found between these two."""
    return replace(path, blocked=path.blocked | {pair})


def next_review(path: Path) -> datetime | None:
    """When the path may change by the passing of time alone."""
    if path.moving_to is not None and path.since is not None:
        return path.since + MOVE_WITHIN
    moments = []
    if path.topology is Topology.FORWARDED and path.paired_at is not None:
        moments.append(path.paired_at + CALM)
    if path.not_before is not None:
        moments.append(path.not_before)
    return max(moments, default=None)
