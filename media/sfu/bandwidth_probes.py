"""Probes of a subscriber's link before it is sent more: when, how much, and the padding itself."""

from __future__ import annotations

from collections.abc import Sequence

import pylibsrtp

from media.congestion.allocation import UPGRADE_MARGIN, Allocation, Choice, allocate
from media.congestion.bandwidth_estimate import FLOOR, UNLIMITED
from media.congestion.probing import Verdict
from media.rooms.negotiation import SourceId
from media.rooms.peer import Peer
from media.rtp.header_extensions import absolute_send_time
from media.rtp.padding import MOST_PADDING, PADDED_HEADER

OVERHEAD = PADDED_HEADER + 16 + 28
"Bytes of a packet of padding besides the padding: its headers, its tag, UDP and IPv4."
FIRST_AFTER = 0.2
"Seconds of the first video after which its rate is known well enough."
FIRST_WITHIN = 4.0
"Seconds in which the first probe must have ended. Until then all videos are small."
MUCH_MORE = 1.3
"Factor by which more must be wanted than is sent for a first probe to be worth while."
FINER = 1.08
"Factor between two limits that are tried in search of the next that allows more."
ADAPTABLE_STEP = 1.6
"Factor by which the video of a single encoding may grow at once."
FULLY_USED = 0.8
"Fraction of what its publisher may send from which it would send more."


def awaits_first(peer: Peer, now: float) -> bool:
    """Whether a link of which nothing is known is being probed, or is about to be."""
    downlink = peer.downlink
    if not downlink.prober.unknown or downlink.beside_padding is None:
        return False
    return bool(downlink.video_since) and now - downlink.video_since < FIRST_WITHIN


def probe_first(peer: Peer, best: float, now: float) -> None:
    """Probe for ``best`` bits per second as soon as the first video is sent, in small."""
    downlink, prober = peer.downlink, peer.downlink.prober
    if not prober.unknown or not downlink.video_since or prober.round is not None:
        return
    present, wanted = downlink.present_rate, UPGRADE_MARGIN * best
    if not awaits_first(peer, now) or downlink.estimate.limit < UNLIMITED:
        prober.unknown = False
    elif (
        wanted > MUCH_MORE * present > 0
        and now - downlink.video_since >= FIRST_AFTER
        and downlink.estimate.may_probe(now)
    ):
        prober.begin(present, wanted, now)


def upgrade(
    peer: Peer,
    audio: float,
    choices: Sequence[Choice[SourceId]],
    allocation: Allocation[SourceId],
    now: float,
) -> None:
    """Undo the upgrades in ``allocation`` that no probe has allowed, and probe for the next.

    Nothing changes for a subscriber that reports no arrivals: there the limit grows slowly.
    """
    prober, estimate = peer.downlink.prober, peer.downlink.estimate
    if peer.downlink.beside_padding is None:
        return
    prober.sparse = peer.downlink.thrift.wanted
    prober.note_cut(estimate.limit, estimate.cut_at)
    if prober.usable:
        _keep_to_what_fits(peer, audio, choices, allocation, now)
    if prober.round is None and now >= prober.next_at and estimate.may_probe(now):
        wanted = _next_limit(estimate.limit, audio, choices, allocation)
        if wanted:
            prober.begin(peer.downlink.present_rate, wanted, now)


def _keep_to_what_fits(
    peer: Peer,
    audio: float,
    choices: Sequence[Choice[SourceId]],
    allocation: Allocation[SourceId],
    now: float,
) -> None:
    chosen, undone = allocation.chosen, False
    if peer.downlink.prober.fits(_total(audio, choices, allocation), now):
        return
    for choice in choices:
        outbound = peer.downlink.outbound_streams[choice.key]
        has_ended = choice.current is None and (outbound.target or outbound.inbound) is not None
        # A video whose encoding is not to be had any more goes on with another.
        if not has_ended and _is_better(chosen[choice.key], choice.current):
            chosen[choice.key] = choice.current
            allocation.shares.pop(choice.key, None)
            undone = True
    if undone:
        # It has grown without evidence.
        kept = _total(audio, choices, allocation)
        estimate = peer.downlink.estimate
        estimate.limit = max(FLOOR, min(estimate.limit, max(kept, peer.downlink.prober.proven)))


def _total(
    audio: float, choices: Sequence[Choice[SourceId]], allocation: Allocation[SourceId]
) -> float:
    """Bits per second of what is chosen."""
    return audio + sum(
        choice.rates[index]
        for choice in choices
        if choice.rates and (index := allocation.chosen[choice.key]) is not None
    )


def _is_better(index: int | None, current: int | None) -> bool:
    return index is not None and (current is None or index < current)


def _next_limit(
    limit: float,
    audio: float,
    choices: Sequence[Choice[SourceId]],
    allocation: Allocation[SourceId],
) -> float:
    """The least limit that allows more than now; 0 if there is nothing more to allow."""
    most = FINER * (audio + sum(2 * max(choice.rates, default=0.0) for choice in choices))
    tried = max(audio, FLOOR)
    while tried < min(most, UNLIMITED):
        tried *= FINER
        found = allocate(tried, audio, choices).chosen
        if any(_is_better(found[key], allocation.chosen[key]) for key in found) and not any(
            _is_better(allocation.chosen[key], found[key]) for key in found
        ):
            return tried
    for choice in choices:
        share = allocation.shares.get(choice.key, 0.0)
        if share and choice.rates[0] >= FULLY_USED * share:
            return ADAPTABLE_STEP * limit
    return 0.0


def service(peer: Peer, now: float) -> None:
    """Send the padding that is due, and judge what was heard of it."""
    downlink = peer.downlink
    prober, estimate = downlink.prober, downlink.estimate
    lost_anyway = estimate.random_loss + estimate.loss
    verdict = prober.review(downlink.round_trip, lost_anyway, now)
    if verdict is not None:
        first, prober.unknown = prober.unknown, False
        if verdict is Verdict.FITS:
            estimate.prove(prober.proven, now)
        elif first and verdict is not Verdict.UNHEARD:
            estimate.begin_low(max(prober.proven, downlink.present_rate), now)
        estimate.urgent = True
    if prober.round is None:
        return
    outbound = downlink.beside_padding
    if outbound is None or peer.ciphers is None or peer.closed or not estimate.may_probe(now):
        prober.abandon(now)
        return
    send_time = absolute_send_time(now)
    while prober.round is not None:
        octets = max(1, min(MOST_PADDING, round(prober.round.packet_octets - OVERHEAD)))
        if prober.octets_due(now) < octets + OVERHEAD:
            break
        packet = outbound.padding(octets, prober.next_number(octets + OVERHEAD, now), send_time)
        try:
            peer.send(peer.ciphers.outgoing.protect_packet(packet))
        except (pylibsrtp.Error, ValueError):
            peer.refused += 1
