"""One change at a time: whoever changes the same thing waits here."""

import asyncio
from contextlib import AbstractAsyncContextManager
from weakref import WeakValueDictionary


class Locks:
    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        "A lock lives as long as somebody holds it or waits for it."

    def exclusive(self, key: str) -> AbstractAsyncContextManager[object]:
        """Within, nobody else is inside the same `key`."""
        lock = self._locks.get(key)
        if lock is None:
            lock = self._locks[key] = asyncio.Lock()
        return lock
