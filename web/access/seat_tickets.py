"""Tickets of a seat: what a socket says hello with that was opened before its page had the seat's cookie.

A socket is authorized by the cookies of its handshake, so one that the landing page has opened ahead
has none of the seat's. The answer to "Join the session" comes with a ticket for it. Kept in memory:
after a restart the sockets are new as well.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

VALID_FOR = timedelta(seconds=60)
"From the answer to the hello: twice what a page may take for its first message (`web/hello.py`)."


@dataclass(frozen=True)
class _Ticket:
    invite_id: str
    web_session: bytes
    expires_at: datetime


class SeatTickets:
    """Each is used once, for the seat and the web session that it was issued for."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._issued: dict[str, _Ticket] = {}
        "Oldest first. Joining is rate limited, and so is their number."

    def __len__(self) -> int:
        return len(self._issued)

    def issue(self, invite_id: str, web_session: bytes) -> str:
        """A ticket for the browser with this web session, by its digest, which has just taken the seat."""
        now = self._now()
        while self._issued and next(iter(self._issued.values())).expires_at <= now:
            del self._issued[next(iter(self._issued))]
        text = secrets.token_urlsafe(16)
        self._issued[text] = _Ticket(invite_id, web_session, now + VALID_FOR)
        return text

    def redeem(self, text: str, invite_id: str) -> bytes | None:
        """The digest of the web session; None for an unknown, used or expired ticket, or another's seat."""
        ticket = self._issued.pop(text, None)
        if ticket is None or ticket.invite_id != invite_id or ticket.expires_at <= self._now():
            return None
        return ticket.web_session
