"""Whether mail can be sent right now, asked of the mail server itself.

A page that promises a mail to whoever has an account must say the same to everybody, so it cannot wait
for the mail: it says what the mail server answers to a connection in which nothing is sent.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Literal

from signaling.ports.clock import Timers

MailState = Literal["works", "fails", "missing"]
"`missing`: no mail server is set, so mails are only written to the outbox folder."

VALID_FOR = timedelta(minutes=1)
"How long an answer stands: a page that anybody may ask for must not open connections at will."
PATIENCE_S = 10.0
"A server that has not let us in by then is as good as none for somebody who waits for a mail."


class MailReach:
    def __init__(self, reaches: Callable[[], Awaitable[bool]] | None, waits: Timers) -> None:
        """`reaches` asks the mail server; None: there is none."""
        self._reaches = reaches
        self._waits = waits
        self._asking = asyncio.Lock()
        self._works = False
        self._asked_at: datetime | None = None

    async def state(self) -> MailState:
        """The mail server's answer, no older than a minute; takes up to ten seconds."""
        if self._reaches is None:
            return "missing"
        async with self._asking:
            now = self._waits.now()
            if self._asked_at is None or now - self._asked_at >= VALID_FOR:
                self._works = await self._ask(self._reaches)
                self._asked_at = now
        return "works" if self._works else "fails"

    async def _ask(self, reaches: Callable[[], Awaitable[bool]]) -> bool:
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await reaches()
        except TimeoutError:
            return False
