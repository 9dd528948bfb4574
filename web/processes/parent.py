"""How a process that works for the server ends with it, however the server ends."""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def end_with(parent: int) -> None:
    """Have this process killed as soon as its parent has ended (prctl(2), PR_SET_PDEATHSIG; Linux only).

    Ends it now if the parent is not there any more. The kernel follows the thread that started this
    process, and forgets it in a fork and when a program with privileges of its own is executed.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
