"""What the operator has to set right before pages get their live line, as lines of the log.

Anybody can bring such a line about as often as they like: of each kind there is one in a while.
"""

import logging
import re
from datetime import datetime, timedelta

from aiohttp import hdrs, web

from signaling.ports.clock import Clock

TELL_EVERY = timedelta(minutes=10)
ANOTHER_NAME = "another name"
NO_UPGRADE = "no upgrade"
_ORIGIN = re.compile(r"https?://[a-z0-9._-]{1,253}(:[0-9]{1,5})?", re.ASCII)
"As browsers write one (WHATWG URL, serialized origin); other text does not get into a log."

_log = logging.getLogger(__name__)


class Hints:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._told: dict[str, datetime] = {}

    def recent(self, kind: str) -> bool:
        """Whether the operator was told of it a while ago."""
        told = self._told.get(kind)
        return told is not None and self._clock.now() - told < TELL_EVERY

    def refused(self, request: web.Request) -> None:
        """A socket was refused because of where its page comes from."""
        origin = request.headers.get(hdrs.ORIGIN, "")
        if _ORIGIN.fullmatch(origin):
            self._tell(
                ANOTHER_NAME,
                "a page that was opened at %s gets no live line; if that is a name of this server,"
                " list it in TELECONNECT_OTHER_HOSTS",
                origin,
            )

    def stripped(self, request: web.Request) -> None:
        """What came without Upgrade may be a handshake from which somebody took it away."""
        if hdrs.SEC_WEBSOCKET_KEY in request.headers:
            self._tell(
                NO_UPGRADE,
                "a WebSocket arrived without its header Upgrade: the proxy must pass on Upgrade"
                " and Connection, or no page gets its live line; README.md has the lines for nginx",
            )

    def _tell(self, kind: str, line: str, *values: str) -> None:
        if not self.recent(kind):
            self._told[kind] = self._clock.now()
            _log.warning(line, *values)
