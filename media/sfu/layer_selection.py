"""Which encoding each subscriber of a room gets.

Decided twice a second, and at once when something changes or floods a link.
"""

from __future__ import annotations

from media.congestion.allocation import Choice, allocate
from media.congestion.estimate import SMALLEST_VIDEO, UNLIMITED
from media.rooms.negotiation import SourceId
from media.rooms.peer import Peer
from media.rooms.room import Room
from media.rtp.codecs import RED, Kind
from media.streams.inbound import InboundStream
from media.streams.publication import Publication

IMPORTANCE = {Kind.SCREEN: 0, Kind.VIDEO: 1}
"A shared screen is what the conversation is about; faces come after it."
SMALL_FIRST_SECONDS = 1.5
"""Seconds from a participant's first picture in which it gets the smallest encodings: their keyframe
is there a second sooner on a narrow link, and nothing is known of the link yet."""
LEAST_VIDEO = 150_000
"Bits per second of a picture that are never asked for less for the sake of one subscriber."
LEAST_SIMULCAST = 250_000
"The same of a camera that could be sent in two encodings: less would keep the second one away."


def select_layers(room: Room, now: float) -> None:
    """Allocate every subscriber's link and point its subscriptions accordingly."""
    for peer in list(room.peers.values()):
        if peer.connected:
            select_layers_for(room, peer, now)


def select_layers_for(room: Room, peer: Peer, now: float) -> None:
    """The same for one subscriber."""
    peer.estimate.grow(now)
    audio = 0.0
    choices: list[Choice[SourceId]] = []
    candidates: dict[SourceId, list[InboundStream]] = {}
    off_screen: list[SourceId] = []
    for source, outbound in peer.outbound_streams.items():
        publication = room.publication(source)
        if publication is None or not outbound.payload_types:
            continue
        streams = [
            one
            for one in publication.wanted(outbound.height, now)
            if one.payload_type in outbound.payload_types or source[1] is Kind.AUDIO
        ]
        if source[1] is Kind.AUDIO:
            # Who gets no copies gets half of what comes in twice.
            halved = 1 if outbound.receives_red else 0.5
            audio += sum(one.bitrate * (halved if one.codec is RED else 1) for one in streams)
            room.select_layers(peer, source, streams[0] if streams else None, for_bandwidth=False)
            continue
        if not streams:
            off_screen.append(source)
            continue
        if not peer.video_since or now - peer.video_since < SMALL_FIRST_SECONDS:
            streams = streams[-1:]
        candidates[source] = streams
        current = outbound.target or outbound.inbound
        choices.append(
            Choice(
                source,
                tuple(max(one.bitrate, 1.0) for one in streams),
                streams.index(current) if current in streams else None,
                _floor(publication) if len(streams) == 1 and publication.is_single(now) else None,
            )
        )
    for source in off_screen:
        room.select_layers(peer, source, None, for_bandwidth=False)
    # Of several pictures a trial may take all but one away.
    peer.estimate.probe_floor = audio + min(
        (
            one.rates[-1] if one.floor is None else min(SMALLEST_VIDEO, one.rates[0])
            for one in choices
            if one.current is not None
        ),
        default=0.0,
    )
    choices.sort(key=lambda one: IMPORTANCE[one.key[1]])
    allocation = allocate(peer.estimate.limit, audio, choices)
    peer.shares = allocation.shares
    for choice in choices:
        source = choice.key
        index = allocation.chosen.get(source)
        stream = candidates[source][index] if index is not None else None
        outbound = peer.outbound_streams[source]
        followed = outbound.inbound
        better = stream and (followed is None or stream.bitrate > followed.bitrate)
        if better and peer.estimate.limit < UNLIMITED and index != choice.current:
            peer.estimate.note_upgrade(now)
        if stream and followed and stream.bitrate < followed.bitrate and peer.estimate.overused:
            # To wait for the smaller picture's beginning would drown more sound.
            outbound.leave(now)
        room.select_layers(peer, source, stream, for_bandwidth=index is None)


def _floor(publication: Publication) -> float:
    """Bits per second below which nobody is asked to send a picture."""
    return LEAST_SIMULCAST if publication.rids else LEAST_VIDEO


def publisher_limit(room: Room, publisher: Peer, now: float) -> int:
    """Most bits per second a publisher should send in all; 0 for no limit.

    What it sends in one encoding it is asked to make smaller; its sound, and what it sends in
    several, come on top, because a browser divides the limit among everything. The narrowest of
    those who watch decides, within reason: who cannot take even the least is paused rather than
    making the picture bad for all.
    """
    least = float(UNLIMITED)
    flowing = sum(one.bitrate for one in publisher.inbound_streams.values() if one.is_active(now))
    for peer in room.peers.values():
        limit, adaptable = 0.0, 0.0
        for source, share in peer.shares.items():
            publication = room.publication(source)
            if source[0] != publisher.id or publication is None:
                continue
            limit += max(share, _floor(publication))
            adaptable += sum(one.bitrate for one in publication.encodings() if one.is_active(now))
        if limit:
            least = min(least, limit + max(0.0, flowing - adaptable))
    return 0 if least >= UNLIMITED else int(least)
