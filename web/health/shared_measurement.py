"""One measurement for everybody who asks while an earlier one is under way.

It looks at disks and asks other servers, so several administrators who press "Check again" together must
not multiply it. Nobody reads what was measured before they asked.
"""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from web.health.measuring import Health


class SharedMeasurement:
    def __init__(self, measure: Callable[[], Awaitable[Health]]) -> None:
        self._measure = measure
        self._one_at_a_time = asyncio.Lock()
        self._begun = 0
        self._found: Health | None = None
        "What the newest one found; None if it failed or is under way."

    async def health(self) -> Health:
        """Measured after this call. Raises what measuring raises."""
        begun_before = self._begun
        async with self._one_at_a_time:
            if self._found is not None and self._begun > begun_before:
                return self._found
            self._begun += 1
            self._found = None
            self._found = await self._measure()
            return self._found


HEALTH = web.AppKey("health", SharedMeasurement)
