"""Who holds a connection, how long each may wait, and who goes when places run out.

A stranger needs one packet to take a descriptor of ours, and can then say nothing for ever. So
whoever is waited for has a time of their own, which nothing they send renews, and is the first to
go when others need the place. Who is being served is never sent away.

Lives here: the book. The connections themselves are those of `web/connections/http_server.py`.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum
from itertools import islice

HEAD_WITHIN = timedelta(seconds=20)
"""From the first byte (of a new connection: from its being accepted) to the end of a request's head.
On a line of 3 s there and back, a packet that was lost comes again after nine (RFC 6298)."""
BODY_WITHIN = timedelta(seconds=60)
"""Of a request: a long form at 10 kbit/s. The largest is a transfer of the device test, which browsers
give up sooner."""
GREETING_WITHIN = timedelta(seconds=60)
"Of a WebSocket until it is admitted: thirty seconds to say hello, and as many to be told why not."
IDLE_WITHIN = timedelta(seconds=75)
"Between two requests of one connection."
PROXY_IDLE_WITHIN = timedelta(minutes=5)
"""The same for this machine: a proxy keeps connections in store (Caddy two minutes, nginx one), and
a request that meets the end of one is lost."""
STAY_AT_LEAST = timedelta(seconds=1)
"""Before anybody who has not been heard goes for somebody else: a packet that was lost comes again
within this time. Until then whoever comes waits with the kernel, in the order of their coming."""
READ_WITHIN = timedelta(seconds=60)
"For taking what is being sent, and beside it a second for each kilobyte (GPRS has some four)."
READ_BYTES_PER_SECOND = 1024


class Standing(IntEnum):
    """What a visitor is to us; who stands lower goes first."""

    UNHEARD = 0
    "Has not said what it wants: no complete request, no hello."
    IDLE = 1
    "Has been answered, and may ask again."
    READING = 2
    "Is being answered and does not take the answer."
    SERVED = 3
    "Is inside a request, or in a room."


FINAL = Standing.SERVED
"Nobody of this standing is ever sent away."


@dataclass(eq=False)
class Visitor:
    """One connection."""

    leave: Callable[[], None]
    "Ends the connection at once."
    network: str | None = None
    "What shares one limit (`web.access.rate_limits.network`); None for this machine, which may be a proxy."
    standing: Standing = Standing.UNHEARD
    since: datetime = field(init=False)
    until: datetime | None = None
    "When it goes if it still has the same standing; None: never."


class _Crowd:
    """Some visitors by their standing, each standing in the order in which it was taken."""

    def __init__(self) -> None:
        self._standing: dict[Standing, dict[Visitor, None]] = {each: {} for each in Standing}

    def __len__(self) -> int:
        return sum(map(len, self._standing.values()))

    def __contains__(self, visitor: object) -> bool:
        return isinstance(visitor, Visitor) and visitor in self._standing[visitor.standing]

    def __iter__(self) -> Iterator[Visitor]:
        for visitors in self._standing.values():
            yield from visitors

    def add(self, visitor: Visitor) -> None:
        self._standing[visitor.standing][visitor] = None

    def remove(self, visitor: Visitor) -> None:
        self._standing[visitor.standing].pop(visitor, None)

    def unheard(self) -> int:
        return len(self._standing[Standing.UNHEARD])

    def waited_for(self) -> Iterator[Visitor]:
        """Everybody who is not being served, who goes first at the head."""
        return (visitor for visitor in self if visitor.standing is not FINAL)


@dataclass
class Visitors:
    """Everybody who holds a connection."""

    now: Callable[[], datetime]
    places: int
    "Connections at once."
    places_for_unheard: int = 1024
    "Of those: for all who have not said what they want yet."
    places_for_network: int = 2000
    "A clinic behind one address: hundreds of people, each with a socket and parallel requests."
    places_for_network_unheard: int = 128
    sent_away: int = 0
    "How many were made to leave so far."
    _all: _Crowd = field(default_factory=_Crowd)
    _networks: dict[str, _Crowd] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._all)

    def __contains__(self, visitor: object) -> bool:
        return visitor in self._all

    def __iter__(self) -> Iterator[Visitor]:
        return iter(self._all)

    def must_wait(self) -> timedelta | None:
        """How long the next one is not to be taken: there is no place, and all who could go are new.

        None if it can be taken now, or refused.
        """
        first = next(self._all.waited_for(), None)
        if first is None or first.standing is not Standing.UNHEARD or not self.crowded:
            return None
        left = first.since + STAY_AT_LEAST - self.now()
        return left if left > timedelta() else None

    @property
    def crowded(self) -> bool:
        """Whether somebody has to go for whoever comes next."""
        return len(self._all) >= self.places or self._all.unheard() >= self.places_for_unheard

    @property
    def pace(self) -> timedelta:
        """Between two who come while it is crowded: a storm is spread evenly over its time."""
        return STAY_AT_LEAST / min(self.places, self.places_for_unheard)

    def admit(self, network: str | None) -> bool:
        """Make room for one more; false if all places belong to people who are being served."""
        crowds = [(self._all, self.places, self.places_for_unheard)]
        if network in self._networks:
            crowd = self._networks[network]
            crowds.append((crowd, self.places_for_network, self.places_for_network_unheard))
        return all(self._make_room(*limits) for limits in crowds)

    def enter(self, visitor: Visitor) -> None:
        visitor.since = self.now()
        visitor.until = visitor.since + HEAD_WITHIN
        for crowd in self._crowds(visitor):
            crowd.add(visitor)

    def leave(self, visitor: Visitor) -> None:
        for crowd in self._crowds(visitor):
            crowd.remove(visitor)
        if visitor.network in self._networks and not self._networks[visitor.network]:
            del self._networks[visitor.network]

    def stand(
        self,
        visitor: Visitor,
        standing: Standing,
        within: timedelta | None = None,
        network: str | None = None,
    ) -> None:
        """Give a visitor another standing, for at most so long.

        A `network` is whom a proxy on this machine turned out to speak for. Nothing happens if the
        visitor has left.
        """
        if visitor not in self._all:
            return
        self.leave(visitor)
        visitor.standing = standing
        visitor.network = network or visitor.network
        visitor.since = self.now()
        visitor.until = None if within is None else visitor.since + within
        for crowd in self._crowds(visitor):
            crowd.add(visitor)

    def greet(self, visitor: Visitor, network: str | None) -> None:
        """A WebSocket is open, and who speaks has yet to be told."""
        if network in self._networks:
            crowd = self._networks[network]
            self._make_room(crowd, self.places_for_network, self.places_for_network_unheard)
        self.stand(visitor, Standing.UNHEARD, GREETING_WITHIN, network)

    def send_away_overdue(self) -> None:
        """End the connections whose time is over."""
        now = self.now()
        self._send_away(v for v in self._all.waited_for() if v.until and v.until <= now)

    def send_away_first(self) -> bool:
        """End one connection to win its descriptor; false if everybody is being served."""
        return self._make_room(self._all, len(self._all), len(self._all))

    def _make_room(self, crowd: _Crowd, most: int, most_unheard: int) -> bool:
        if len(crowd) >= most or crowd.unheard() >= most_unheard:
            self._send_away(islice(crowd.waited_for(), 1))
        return len(crowd) < most

    def _send_away(self, visitors: Iterable[Visitor]) -> None:
        for visitor in list(visitors):
            self.leave(visitor)
            self.sent_away += 1
            visitor.leave()

    def _crowds(self, visitor: Visitor) -> list[_Crowd]:
        if visitor.network is None:
            return [self._all]
        return [self._all, self._networks.setdefault(visitor.network, _Crowd())]
