"""How a process that works for the server lets the server, its calls and its chat go first."""

import contextlib
import os

LAST = 19
"The last `nice` value there is."


def give_way(nice: int = LAST) -> None:
    """Set this process's `nice` value, and its class for idle times while processors are to spare.

    `nice` divides the time of a processor, but does not say who goes on: a thread of the server that
    wakes up on a processor where this process runs may wait until the next tick, 4 ms where there are
    250 in a second, even if another processor has nothing to do. From the class for idle times
    (sched(7), SCHED_IDLE) Linux takes the processor at once. Once there is more to do than there are
    processors (the load of the last minute), such a process would hardly go on, and keeps to `nice`.
    """
    os.setpriority(os.PRIO_PROCESS, 0, nice)
    if hasattr(os, "SCHED_IDLE") and os.getloadavg()[0] < (os.cpu_count() or 1):
        with contextlib.suppress(OSError):  # some containers forbid it
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
