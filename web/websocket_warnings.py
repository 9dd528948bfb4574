"""Warnings in the log about what the operator must fix before WebSockets open.

Anybody can cause one as often as they like, so each kind is logged once in ten minutes at most.
"""

import logging
import re
from datetime import datetime, timedelta

from aiohttp import hdrs, web

from signaling.ports.clock import Clock

WARN_EVERY = timedelta(minutes=10)
ANOTHER_NAME = "another name"
NO_UPGRADE = "no upgrade"
_ORIGIN = re.compile(r"https?://[a-z0-9._-]{1,253}(:[0-9]{1,5})?", re.ASCII)
"As browsers write one (WHATWG URL, serialized origin); no other text gets into the log."

_log = logging.getLogger(__name__)


class WebSocketWarnings:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._warned: dict[str, datetime] = {}

    def recent(self, kind: str) -> bool:
        """Whether the operator was warned of it within the last ten minutes."""
        at = self._warned.get(kind)
        return at is not None and self._clock.now() - at < WARN_EVERY

    def origin_refused(self, request: web.Request) -> None:
        """A WebSocket was refused because of the origin of its page."""
        origin = request.headers.get(hdrs.ORIGIN, "")
        if _ORIGIN.fullmatch(origin):
            self._warn(
                ANOTHER_NAME,
                "a page that was opened at %s gets no live line; if that is a name of this server,"
                " list it in TELECONNECT_OTHER_HOSTS",
                origin,
            )

    def upgrade_missing(self, request: web.Request) -> None:
        """A request without Upgrade; one with Sec-WebSocket-Key was a handshake before a proxy."""
        if hdrs.SEC_WEBSOCKET_KEY in request.headers:
            self._warn(
                NO_UPGRADE,
                "a WebSocket arrived without its header Upgrade: the proxy must pass on Upgrade"
                " and Connection, or no page gets its live line; README.md has the lines for nginx",
            )

    def _warn(self, kind: str, line: str, *values: str) -> None:
        if not self.recent(kind):
            self._warned[kind] = self._clock.now()
            _log.warning(line, *values)
