"""What this host does when another one has changed what it holds in memory: it reads that again.

What is told says where to look and never what is there, so it may be missed or told twice. What comes
while something is read is read once more after it; after a lost connection everything is.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from signaling.errors import Unavailable

Action = Callable[[], Awaitable[None]]
_log = logging.getLogger(__name__)


class Telling:
    """Words and what they lead to; each action runs once at a time."""

    def __init__(self) -> None:
        self._actions: dict[str, Action] = {}
        self._about: dict[str, Callable[[str], None]] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()

    def on(self, word: str, action: Action) -> None:
        """Run `action` when this word is told, and after the connection was lost."""
        self._actions[word] = action

    def on_each(self, word: str, action: Callable[[str], None]) -> None:
        """Call `action` with what follows this word each time."""
        self._about[word] = action

    def hear(self, what: str) -> None:
        word, _, rest = what.partition(" ")
        if word in self._about:
            self._about[word](rest)
        elif word in self._actions:
            self._run(word)

    def hear_everything(self) -> None:
        for word in self._actions:
            self._run(word)

    async def close(self) -> None:
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    def _run(self, word: str) -> None:
        if word in self._running:
            self._again.add(word)
            return
        task = self._running[word] = asyncio.create_task(self._act(word), name=f"told {word}")
        task.add_done_callback(lambda _: self._running.pop(word, None))

    async def _act(self, word: str) -> None:
        while True:
            self._again.discard(word)
            try:
                await self._actions[word]()
            except Unavailable:
                _log.warning("what another host has changed cannot be read", extra={"what": word})
            except Exception:
                _log.exception("what another host has changed was not read", extra={"what": word})
            if word not in self._again:
                return
