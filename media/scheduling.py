"""How soon a thread that has waited gets a processor (sched_setattr(2), Linux 6.12 and later).

Since then a thread that wakes up interrupts another one only if it asks for a shorter slice; otherwise that
one, however nice, may use its slice up first: 1.4 to 2.8 ms on a small machine. Whoever computes for long
should keep the usual slice.
"""

import ctypes
import os
import platform
import struct
import sys

SHORT = 100_000
"The shortest slice that Linux gives, in nanoseconds."
USUAL = 0
"Asks for the machine's own."
_NUMBERS = {"x86_64": (314, 315), "aarch64": (274, 275)}
"Of sched_setattr and sched_getattr: the C library has no functions for them before glibc 2.41."
_ATTRIBUTES = struct.Struct("=IIQiIQQQ")
"size, policy, flags, nice, priority, runtime, deadline, period: struct sched_attr (linux/sched/types.h)."
_SCHED_OTHER = 0


def take_turns(slice_nanoseconds: int) -> bool:
    """Set the slice of the calling thread, which threads and processes that it starts begin with.

    Returns whether the system knows the call; before Linux 6.12 it has no effect. A thread of another
    policy than the usual one is left alone.
    """
    numbers = _numbers()
    if numbers is None or os.sched_getscheduler(0) != _SCHED_OTHER:
        return False
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    attributes = _ATTRIBUTES.pack(
        _ATTRIBUTES.size, _SCHED_OTHER, 0, nice, 0, slice_nanoseconds, 0, 0
    )
    return bool(ctypes.CDLL(None).syscall(numbers[0], 0, attributes, 0) == 0)


def slice_of(process_id: int) -> int:
    """The slice of a process's main thread in nanoseconds; 0 where Linux does not say."""
    numbers = _numbers()
    attributes = ctypes.create_string_buffer(_ATTRIBUTES.size)
    if numbers is None or ctypes.CDLL(None).syscall(
        numbers[1], process_id, attributes, len(attributes), 0
    ):
        return 0
    return int(_ATTRIBUTES.unpack(attributes.raw)[5])


def _numbers() -> tuple[int, int] | None:
    return _NUMBERS.get(platform.machine()) if sys.platform == "linux" else None
