"""How many connections there may be, how long each may take, and which is evicted when all are used.

A stranger needs one packet to take a descriptor, and can then stay silent for ever. So whatever a
connection is waited for has a deadline that nothing it sends renews, and such a connection is the
first to be closed when another needs its place. One that is being served is never evicted.

Only the bookkeeping is here. The sockets are those of `web/connections/http_server.py`.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum
from itertools import islice

HEAD_WITHIN = timedelta(seconds=20)
"""From the first byte (for a new connection, from accept) to the end of a request's head. With a round
trip of 3 s, a lost packet is sent again after nine (RFC 6298)."""
BODY_WITHIN = timedelta(seconds=60)
"""For a request's body: a long form at 10 kbit/s. The largest is a transfer of the device test, which
browsers give up sooner. The piece of a photo or PDF has this time for each of its bytes."""
DROPPED_WITHIN = timedelta(hours=1)
"""For the rest of a photo or PDF that is refused, at most: a browser that still sends reads no response,
and one whose connection ends meanwhile never shows it."""
DROPPED_BYTES = 64 * 2**20
"What is read of such a rest and dropped, a phone's short film."
ADMITTED_WITHIN = timedelta(seconds=60)
"For a WebSocket until it is admitted: thirty seconds for its hello, and as many for a refusal."
IDLE_WITHIN = timedelta(seconds=75)
"Between two requests on one connection."
PROXY_IDLE_WITHIN = timedelta(minutes=5)
"""The same for this machine: a proxy pools connections (Caddy for two minutes, nginx for one), and a
request that meets the end of one is lost."""
STAY_AT_LEAST = timedelta(seconds=1)
"""Before a connection without a request is evicted for another: a lost packet is sent again within
this time. Until then new ones queue in the kernel, in the order in which they arrive."""
SENT_WITHIN = timedelta(seconds=60)
"For reading a response, plus a second for each kilobyte (GPRS has some four)."
SENT_BYTES_PER_SECOND = 1024


class Stage(IntEnum):
    """What a connection is doing; the lowest is evicted first."""

    WAITING = 0
    "Has not said what it wants: no complete request, no hello."
    IDLE = 1
    "Has had its response, and may send another request."
    SENDING = 2
    "Is being sent a response that it does not read."
    SERVING = 3
    "Is inside a request, or in a room."


PROTECTED = Stage.SERVING
"A connection in this stage is never evicted."


@dataclass(eq=False)
class Connection:
    """One connection, as it is counted."""

    close: Callable[[], None]
    "Ends it at once."
    network: str | None = None
    "Whose limits it counts towards (`client_address.network`); None for this machine, maybe a proxy."
    stage: Stage = Stage.WAITING
    since: datetime = field(init=False)
    deadline: datetime | None = None
    "When it is closed if it is still in the same stage; None: never."


class _Group:
    """Connections by stage; within each stage in the order in which they entered it."""

    def __init__(self) -> None:
        self._stages: dict[Stage, dict[Connection, None]] = {stage: {} for stage in Stage}

    def __len__(self) -> int:
        return sum(map(len, self._stages.values()))

    def __contains__(self, connection: object) -> bool:
        return isinstance(connection, Connection) and connection in self._stages[connection.stage]

    def __iter__(self) -> Iterator[Connection]:
        for connections in self._stages.values():
            yield from connections

    def add(self, connection: Connection) -> None:
        self._stages[connection.stage][connection] = None

    def remove(self, connection: Connection) -> None:
        self._stages[connection.stage].pop(connection, None)

    def waiting(self) -> int:
        return len(self._stages[Stage.WAITING])

    def evictable(self) -> Iterator[Connection]:
        """All that are not being served, in the order of eviction."""
        return (connection for connection in self if connection.stage is not PROTECTED)


@dataclass
class ConnectionTable:
    """All open connections."""

    now: Callable[[], datetime]
    capacity: int
    "Connections at once."
    capacity_for_waiting: int = 1024
    "Of those, for all that have not said what they want yet."
    network_capacity: int = 2000
    "For a clinic behind one address: hundreds of people, each with a socket and parallel requests."
    network_capacity_for_waiting: int = 128
    evicted: int = 0
    "How many were closed by `evict_overdue` and for others so far."
    _all: _Group = field(default_factory=_Group)
    _networks: dict[str, _Group] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._all)

    def __contains__(self, connection: object) -> bool:
        return connection in self._all

    def __iter__(self) -> Iterator[Connection]:
        return iter(self._all)

    def must_wait(self) -> timedelta | None:
        """How long to accept nothing: all places are taken, and all that could be evicted are new.

        None if the next connection can be accepted, or refused, now.
        """
        first = next(self._all.evictable(), None)
        if first is None or first.stage is not Stage.WAITING or not self.full:
            return None
        left = first.since + STAY_AT_LEAST - self.now()
        return left if left > timedelta() else None

    @property
    def full(self) -> bool:
        """Whether one has to be evicted for the next."""
        return len(self._all) >= self.capacity or self._all.waiting() >= self.capacity_for_waiting

    @property
    def accept_interval(self) -> timedelta:
        """Between two accepts while it is full: a burst is spread evenly over STAY_AT_LEAST."""
        return STAY_AT_LEAST / min(self.capacity, self.capacity_for_waiting)

    def make_room(self, network: str | None) -> bool:
        """Evict one if that is needed for one more; false if all places are being served."""
        groups = [(self._all, self.capacity, self.capacity_for_waiting)]
        if network in self._networks:
            group = self._networks[network]
            groups.append((group, self.network_capacity, self.network_capacity_for_waiting))
        return all(self._make_room(*limits) for limits in groups)

    def add(self, connection: Connection) -> None:
        connection.since = self.now()
        connection.deadline = connection.since + HEAD_WITHIN
        for group in self._groups(connection):
            group.add(connection)

    def remove(self, connection: Connection) -> None:
        for group in self._groups(connection):
            group.remove(connection)
        if connection.network in self._networks and not self._networks[connection.network]:
            del self._networks[connection.network]

    def set_stage(
        self,
        connection: Connection,
        stage: Stage,
        within: timedelta | None = None,
        network: str | None = None,
    ) -> None:
        """Move a connection to a stage, for at most `within`; one that was removed stays out.

        `network` is the client's, once a proxy on this machine has named it.
        """
        if connection not in self._all:
            return
        self.remove(connection)
        connection.stage = stage
        connection.network = network or connection.network
        connection.since = self.now()
        connection.deadline = None if within is None else connection.since + within
        for group in self._groups(connection):
            group.add(connection)

    def expect_hello(self, connection: Connection, network: str | None) -> None:
        """A WebSocket is open whose peer has yet to identify itself."""
        if network in self._networks:
            group = self._networks[network]
            self._make_room(group, self.network_capacity, self.network_capacity_for_waiting)
        self.set_stage(connection, Stage.WAITING, ADMITTED_WITHIN, network)

    def evict_overdue(self) -> None:
        """Close the connections whose deadline has passed."""
        now = self.now()
        self._evict(c for c in self._all.evictable() if c.deadline and c.deadline <= now)

    def evict_first(self) -> bool:
        """Close one connection to win its descriptor; false if all are being served."""
        return self._make_room(self._all, len(self._all), len(self._all))

    def _make_room(self, group: _Group, most: int, most_waiting: int) -> bool:
        if len(group) >= most or group.waiting() >= most_waiting:
            self._evict(islice(group.evictable(), 1))
        return len(group) < most

    def _evict(self, connections: Iterable[Connection]) -> None:
        for connection in list(connections):
            self.remove(connection)
            self.evicted += 1
            connection.close()

    def _groups(self, connection: Connection) -> list[_Group]:
        if connection.network is None:
            return [self._all]
        return [self._all, self._networks.setdefault(connection.network, _Group())]
