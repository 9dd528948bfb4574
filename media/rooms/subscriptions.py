"""What one participant wants to receive, whether or not it is published."""

from __future__ import annotations

from media.rooms.negotiation import SourceId


class Subscriptions:
    """The wishes of one peer; :class:`~media.rooms.downlink.Downlink` has what is sent to it."""

    def __init__(self, automatic: bool = True) -> None:
        self.automatic = automatic
        "Subscribed to everything others publish."
        self.heights: dict[SourceId, int | None] = {}
        "Height in pixels a video is shown at; None off screen, 0 or absent when unknown."
        self.unplaced: set[SourceId] = set()
        "Wanted and published, but there was no m= section left for them."
        self._added: set[SourceId] = set()
        self._removed: set[SourceId] = set()

    def wants(self, source: SourceId) -> bool:
        """Whether a publication is to be sent, as soon as it exists."""
        return source not in self._removed and (self.automatic or source in self._added)

    def add(self, source: SourceId) -> None:
        """Subscribe to a publication, now or later."""
        self._added.add(source)
        self._removed.discard(source)

    def discard(self, source: SourceId) -> None:
        """Withdraw a subscription that was added; an automatic one stays."""
        self._added.discard(source)

    def remove(self, source: SourceId) -> None:
        """Unsubscribe from a publication, also from an automatic subscription."""
        self._added.discard(source)
        self._removed.add(source)

    def forget_publisher(self, publisher_id: str) -> None:
        """Drop the subscriptions that were added to somebody who has left."""
        self._added = {source for source in self._added if source[0] != publisher_id}
