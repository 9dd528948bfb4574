"""One live socket, as a room uses it."""

from typing import Protocol


class Connection(Protocol):
    """One live socket."""

    @property
    def peer_id(self) -> str: ...

    def send(self, frame: str, *, counted: bool = True) -> None:
        """Queue a frame; never waits. A reader that is too far behind is disconnected.

        Frames that every newcomer gets are not counted, whatever their size.
        """
        ...

    def close(self, reason: str) -> None:
        """Close once everything queued was sent; `reason` is a key of values.CLOSE_CODES."""
        ...
