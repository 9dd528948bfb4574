"""A page without a socket, as a connection to a room: it reads by asking again.

Old browsers, and those without scripts, have no socket. What would be sent to one is dropped, for the
next request shows the room as it is then.
"""

from collections.abc import Callable

from signaling.identifier import new_id


class PageVisit:
    """Somebody is there for as long as their page goes on asking."""

    def __init__(self) -> None:
        self.peer_id = new_id()
        self.on_close: Callable[[], None] = lambda: None
        "The room is over for this page, or another one has taken the seat."

    def send(self, frame: str, *, counted: bool = True) -> None:
        """Nothing: the page asks again."""

    def close(self, reason: str) -> None:
        self.on_close()
