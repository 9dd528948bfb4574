"""Which encoding each subscriber of a room gets, decided twice a second."""

from __future__ import annotations

from .bandwidth import UNLIMITED, Choice, allocate
from .codecs import RED, Kind
from .ingest import Ingest
from .negotiation import SourceId
from .peer import Peer
from .room import Room

IMPORTANCE = {Kind.SCREEN: 0, Kind.VIDEO: 1}
"A shared screen is what the conversation is about; faces come after it."
LEAST_SHARE = 150_000
"Bits per second a publisher is never asked to go below for the sake of one subscriber."


def steer(room: Room, now: float) -> None:
    """Allocate every subscriber's link and point its subscriptions accordingly."""
    for peer in list(room.peers.values()):
        if peer.connected:
            _steer_peer(room, peer, now)


def _steer_peer(room: Room, peer: Peer, now: float) -> None:
    peer.estimate.grow(now)
    audio = 0.0
    choices: list[Choice] = []
    candidates: dict[SourceId, list[Ingest]] = {}
    hidden: list[SourceId] = []
    for source, subscription in peer.subscriptions.items():
        publication = room.publication(source)
        if publication is None or not subscription.payload_types:
            continue
        streams = [
            one
            for one in publication.wanted(subscription.height, now)
            if one.payload_type in subscription.payload_types or source[1] is Kind.AUDIO
        ]
        if source[1] is Kind.AUDIO:
            # Who gets no copies gets half of what comes in twice.
            halved = 1 if subscription.gets_copies else 0.5
            audio += sum(one.bitrate * (halved if one.codec is RED else 1) for one in streams)
            room.steer(peer, source, streams[0] if streams else None, squeezed=False)
            continue
        if not streams:
            hidden.append(source)
            continue
        candidates[source] = streams
        current = subscription.target or subscription.ingest
        choices.append(
            Choice(
                source,
                tuple(max(one.bitrate, 1.0) for one in streams),
                streams.index(current) if current in streams else None,
                adaptable=len(streams) == 1 and publication.is_single(now),
            )
        )
    for source in hidden:
        room.steer(peer, source, None, squeezed=False)
    choices.sort(key=lambda one: IMPORTANCE[one.key[1]])  # type: ignore[index]
    allocation = allocate(peer.estimate.limit, audio, choices)
    peer.shares = allocation.shares
    for source, streams in candidates.items():
        index = allocation.chosen.get(source)
        room.steer(
            peer, source, streams[index] if index is not None else None, squeezed=index is None
        )


def publisher_limit(room: Room, publisher: Peer) -> int:
    """Most bits per second a publisher of one encoding should send; 0 for no limit.

    The narrowest of those who watch decides, within reason: who cannot take even the least is
    paused rather than making the picture bad for all.
    """
    least = float(UNLIMITED)
    for peer in room.peers.values():
        for source, share in peer.shares.items():
            if source[0] == publisher.id:  # type: ignore[index]
                least = min(least, max(share, LEAST_SHARE))
    return 0 if least >= UNLIMITED else int(least)
