"""The media relay, as calls and device checks use it."""

from collections.abc import Callable
from typing import Literal, Protocol

from signaling.calls.relay_events import Event

VideoKind = Literal["video", "screen"]


class Relay(Protocol):
    """Forwards media between the peers of a room. Events about a room go to whoever opened it.

    No method raises: what could not be done shows in the events that do not come.
    """

    @property
    def usable(self) -> bool:
        """Whether calls can go through it now."""
        ...

    async def open(self, room_id: str, listener: Callable[[Event], None]) -> None: ...

    async def join(self, room_id: str, peer_id: str) -> None:
        """Connect a peer, which may publish microphone and camera; an offer follows."""
        ...

    async def probe(self, room_id: str, peer_id: str) -> None:
        """Connect a peer only to see whether it can be reached; the smallest offer follows."""
        ...

    async def share(self, room_id: str, peer_id: str, on: bool) -> None:
        """Let a peer publish a screen as well, or no longer."""
        ...

    async def answer(self, room_id: str, peer_id: str, revision: int, sdp: str) -> None: ...

    async def prefer(
        self, room_id: str, peer_id: str, publisher_id: str, kind: VideoKind, height: int | None
    ) -> None:
        """`height`: pixels at which the peer shows this video; None: not at all."""
        ...

    async def leave(self, room_id: str, peer_id: str) -> None: ...

    async def close(self, room_id: str) -> None: ...
