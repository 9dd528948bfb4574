"""Layer selection: which encoding of each video a subscriber gets.

Runs twice a second, and at once when something changes or a link is overused.
"""

from __future__ import annotations

from media.congestion.allocation import Choice, allocate
from media.congestion.bandwidth_estimate import SMALLEST_VIDEO, UNLIMITED
from media.rooms.negotiation import SourceId
from media.rooms.peer import Peer
from media.rooms.room import Room
from media.rtp.codecs import RED, Kind
from media.sfu import bandwidth_probes
from media.sfu.publisher_limit import least_rate
from media.streams.fitting_encodings import fitting, is_single
from media.streams.inbound import InboundStream

IMPORTANCE = {Kind.SCREEN: 0, Kind.VIDEO: 1}
"A shared screen is what the conversation is about; faces come after it."
SMALL_FIRST_SECONDS = 1.5
"""Seconds from a subscriber's first video packet in which it gets the smallest encodings: on a
narrow link their keyframes arrive a second sooner, and nothing is known of the link yet."""


def select_layers(room: Room, now: float) -> None:
    """Choose the layers of every subscriber in a room."""
    for peer in list(room.peers.values()):
        if peer.connected:
            select_layers_for(room, peer, now)


def select_layers_for(room: Room, peer: Peer, now: float) -> None:
    """Allocate one subscriber's link, and have its outbound streams follow accordingly."""
    estimate = peer.downlink.estimate
    estimate.grow(now)
    audio = _follow_audio(room, peer, now)
    choices, candidates, best = _choices(room, peer, now)
    bandwidth_probes.probe_first(peer, audio + best, now)
    # Of several videos a probe may pause all but one.
    estimate.probe_floor = audio + min(
        (
            choice.rates[-1] if choice.floor is None else min(SMALLEST_VIDEO, choice.rates[0])
            for choice in choices
            if choice.current is not None
        ),
        default=0.0,
    )
    choices.sort(key=lambda choice: IMPORTANCE[choice.key[1]])
    allocation = allocate(estimate.limit, audio, choices)
    if estimate.limit < UNLIMITED:
        bandwidth_probes.upgrade(peer, audio, choices, allocation, now)
    peer.downlink.shares = allocation.shares
    for choice in choices:
        source = choice.key
        index = allocation.chosen.get(source)
        stream = candidates[source][index] if index is not None else None
        outbound = peer.downlink.outbound_streams[source]
        followed = outbound.inbound
        better = stream and (followed is None or stream.bitrate > followed.bitrate)
        if better and estimate.limit < UNLIMITED and index != choice.current:
            estimate.note_upgrade(now)
        if stream and followed and stream.bitrate < followed.bitrate and estimate.overused:
            # Waiting for the smaller encoding's keyframe would cost more audio.
            outbound.leave(now)
        room.follow(peer, source, stream, paused=index is None)
    peer.downlink.share_out()


def _follow_audio(room: Room, peer: Peer, now: float) -> float:
    """Have a subscriber get all audio. Returns the bits per second of it, room for one more voice
    included: whoever is silent now, and sends next to nothing, may speak up."""
    total = more = 0.0
    for source, outbound in peer.downlink.outbound_streams.items():
        publication = room.publication(source)
        if source[1] is not Kind.AUDIO or publication is None or not outbound.payload_types:
            continue
        streams = fitting(publication, peer.subscriptions.heights.get(source, 0), now)
        # A subscriber that does not get RED is sent half of what comes in.
        red_share = 1 if outbound.receives_red else 0.5
        for stream in streams:
            share = red_share if stream.codec is RED else 1
            total += stream.bitrate * share
            more = max(more, (stream.peak_bitrate - stream.bitrate) * share)
        room.follow(peer, source, streams[0] if streams else None, paused=False)
    return total + more


def _choices(
    room: Room, peer: Peer, now: float
) -> tuple[list[Choice[SourceId]], dict[SourceId, list[InboundStream]], float]:
    """The videos to fit in, the encodings that each choice is between, and bits/s of all the best.

    All others are stopped.
    """
    choices: list[Choice[SourceId]] = []
    candidates: dict[SourceId, list[InboundStream]] = {}
    best = 0.0
    small_first = (
        now - peer.downlink.video_since < SMALL_FIRST_SECONDS
        or bandwidth_probes.awaits_first(peer, now)
    )
    for source, outbound in peer.downlink.outbound_streams.items():
        publication = room.publication(source)
        if source[1] is Kind.AUDIO or publication is None or not outbound.payload_types:
            continue
        streams = [
            stream
            for stream in fitting(publication, peer.subscriptions.heights.get(source, 0), now)
            if stream.payload_type in outbound.payload_types
        ]
        if not streams:
            room.follow(peer, source, None, paused=False)
            continue
        best += streams[0].bitrate
        if not peer.downlink.video_since or small_first:
            streams = streams[-1:]
        candidates[source] = streams
        current = outbound.target or outbound.inbound
        choices.append(
            Choice(
                source,
                tuple(max(stream.bitrate, 1.0) for stream in streams),
                streams.index(current) if current in streams else None,
                least_rate(publication)
                if len(streams) == 1 and is_single(publication, now)
                else None,
            )
        )
    return choices, candidates, best
