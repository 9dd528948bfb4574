"""What a host says of itself in its row."""

import resource
import time
from collections.abc import Callable

from storage.records.hosts import Figures

MEASURED_FOR = 5.0
"Seconds of which the load is an average, at least."


class Measuring:
    def __init__(
        self,
        rooms: Callable[[], int],
        people: Callable[[], int],
        others: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """`others`: seconds of a processor that processes beside this one have used, if they count."""
        self._rooms = rooms
        self._people = people
        self._others = others
        self._at, self._used = time.monotonic(), self._processor_seconds()

    def now(self) -> Figures:
        at, used = time.monotonic(), self._processor_seconds()
        load = round(1000 * max(used - self._used, 0.0) / max(at - self._at, 0.001))
        if at - self._at > MEASURED_FOR:
            self._at, self._used = at, used
        return Figures(self._rooms(), self._people(), load)

    def _processor_seconds(self) -> float:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return usage.ru_utime + usage.ru_stime + self._others()
