"""When a host may act for the rooms that it owns, and when another may end it.

Hosts that share a database each have a row there, whose number of renewals a host counts up every
RENEW_EVERY. A row is over when some host deletes it, and with it go the rooms of that host:
they are nobody's from that moment on. So two rules suffice, and both measure durations by a clock of
the machine itself that nobody sets. No clock of another machine counts, that of the database included.

- A host acts for ACTS_FOR from the *beginning* of its latest renewal that succeeded (`Lease`). One
  whose answer was lost, or that found no row, does not count.
- A host may delete the row of another that it has seen unchanged for ENDED_AFTER, from the *end* of the
  first reading that showed it to the beginning of the deletion (`Watch`). The deletion names the number of
  renewals that was seen, so one that came first makes it do nothing. A host that has not read for more
  than LOOKED_WITHIN begins anew to watch: after an outage of the database nobody ends all others.

The renewal that a deletion names began before the first reading that showed it had ended, so its host has
stopped before the deletion begins, as long as no two clocks differ in rate by more than
MOST_DRIFT. A host that does not notice that time has passed, because its machine was paused, acts for
nobody either: what it writes is refused in the transaction that finds its row gone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

RENEW_EVERY = 0.5
"Seconds between the beginnings of two renewals."
ACTS_FOR = 2.0
"Seconds: three renewals in a row may be lost or late."
ENDED_AFTER = 2.25
"""Seconds: longer than ACTS_FOR by more than clocks can differ. Rooms of a host that dies are free that
long, and one reading, after its last renewal."""
LOOKED_WITHIN = 1.5
"""Seconds between two readings, at most, for what the first has shown to count. After a longer time the
database may have been away from all, and who could not renew is given the time to."""
MOST_DRIFT = 0.01
"Of a clock's rate; the crystals of computers stay a hundred times below it."


@dataclass(frozen=True)
class Lease:
    """What a host knows of its own row. Times are seconds of its own steady clock."""

    host_id: str
    renewed_at: float
    "When the latest renewal that succeeded had begun."

    def renewed(self, began: float) -> "Lease":
        """A renewal succeeded that began at `began`."""
        return Lease(self.host_id, max(self.renewed_at, began))

    def acts(self, now: float) -> bool:
        """Whether the host may act for its rooms."""
        return now - self.renewed_at < ACTS_FOR


@dataclass
class Watch:
    """What a host has seen of the others. Times are seconds of its own steady clock."""

    _since: dict[str, tuple[int, float]] = field(default_factory=dict)
    "Host id -> (renewals, when the first reading that showed this number had ended)."
    _looked_at: float = float("-inf")
    "When the latest reading had ended."

    def see(self, renewals: Mapping[str, int], ended: float) -> None:
        """A reading that ended at `ended` showed these rows, and no other: host id -> renewals."""
        before = self._since if ended - self._looked_at <= LOOKED_WITHIN else {}
        self._looked_at = max(self._looked_at, ended)
        self._since = {
            host_id: known
            if (known := before.get(host_id)) and known[0] == number
            else (number, ended)
            for host_id, number in renewals.items()
        }

    def over(self, now: float) -> Iterable[tuple[str, int]]:
        """Rows that may be deleted by a statement that begins now: (host id, renewals)."""
        return [
            (host_id, number)
            for host_id, (number, since) in self._since.items()
            if now - since >= ENDED_AFTER
        ]

    def next_at(self, but: str) -> float | None:
        """When the first row of another than host `but` is over if it does not change."""
        times = [since for host_id, (_, since) in self._since.items() if host_id != but]
        return min(times) + ENDED_AFTER if times else None
