"""How many bits per second a publisher is asked to send, by REMB, for its narrowest subscriber."""

from __future__ import annotations

from media.congestion.bandwidth_estimate import UNLIMITED
from media.rooms.peer import Peer
from media.rooms.room import Room
from media.streams.publication import Publication

LEAST_VIDEO = 150_000
"Bits per second below which no video is capped for the sake of one subscriber."
LEAST_SIMULCAST = 250_000
"The same for a camera that could be sent in two encodings: less would keep the second one away."


def least_rate(publication: Publication) -> float:
    """Bits per second below which no publisher is asked to send a video."""
    return LEAST_SIMULCAST if publication.rids else LEAST_VIDEO


def publisher_limit(room: Room, publisher: Peer, now: float) -> int:
    """Most bits per second a publisher should send in all; 0 for no limit.

    A video it sends in one encoding is to shrink; its audio, and what it sends in several
    encodings, come on top, because a browser divides the limit among everything. The narrowest
    subscriber decides, within reason: one that cannot take even the floor is paused rather than
    spoiling the video for all.
    """
    least = float(UNLIMITED)
    sent = sum(
        stream.bitrate for stream in publisher.inbound_streams.values() if stream.is_active(now)
    )
    for peer in room.peers.values():
        limit, adaptable = 0.0, 0.0
        for source, share in peer.downlink.shares.items():
            publication = room.publication(source)
            if source[0] != publisher.id or publication is None:
                continue
            limit += max(share, least_rate(publication))
            adaptable += sum(
                stream.bitrate for stream in publication.encodings() if stream.is_active(now)
            )
        if limit:
            least = min(least, limit + max(0.0, sent - adaptable))
    return 0 if least >= UNLIMITED else int(least)
