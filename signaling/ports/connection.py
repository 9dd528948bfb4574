"""One live socket, as a room uses it."""

from typing import Protocol


class Connection(Protocol):
    """One live socket."""

    @property
    def peer_id(self) -> str: ...

    def send(self, frame: str, *, counted: bool = True) -> None:
        """Queue a frame; never waits. A reader with too much before it is cut off.

        What is not counted, because every newcomer gets it, may be of any size.
        """
        ...

    def close(self, reason: str) -> None:
        """Close after what is queued was sent; `reason` is a key of messages.CLOSE_CODES."""
        ...
