"""An event loop beside which the native loop has a thread: who may touch what they share, and when.

The native loop has one lock, and whoever holds it may touch the state of ports, peers and streams.
The event loop's thread holds it whenever it runs a callback, and lets go of it while it waits for
events; so callbacks run as undisturbed as without the thread, and need not know of it. Work that
takes longer offers the lock in between (``ReadSchedule.drain_all``). The rules of the thread itself
are in ``media/native/thread.c``.
"""

from __future__ import annotations

import asyncio
import selectors
from typing import Any


class YieldingSelector(selectors.DefaultSelector):
    """A selector that lets go of a lock while it waits."""

    lock: Any = None
    "The native loop whose lock is held outside :meth:`select`, while it has a thread."

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """As of any selector."""
        lock = self.lock
        if lock is None:
            return super().select(timeout)
        if timeout is not None and timeout <= 0:
            lock.offer()
            return super().select(timeout)
        try:
            # In here, because an interrupt (Ctrl-C) is raised as soon as this has returned.
            lock.release()
            return super().select(timeout)
        finally:
            lock.acquire()


class YieldingEventLoop(asyncio.SelectorEventLoop):
    """An event loop beside which a native loop may have a thread."""

    def __init__(self) -> None:
        self.selector = YieldingSelector()
        super().__init__(self.selector)
