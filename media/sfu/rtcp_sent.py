"""RTCP that the relay sends: NACKs, keyframe requests, transport-cc and receiver reports to publishers,
sender reports to subscribers.

How often it is sent is in ``media/sfu/timers.py``; what is received is in
``media/sfu/rtcp_received.py``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from aiortc.rtp import RtcpSenderInfo

from media.congestion.bandwidth_estimate import UNLIMITED
from media.rooms.peer import Peer
from media.rtp import rtcp
from media.rtp.codecs import FIR, NACK, PLI, REMB, Kind
from media.streams import keyframe_requests
from media.streams.inbound import Follower, InboundStream

OWN_REPORTS_AFTER = 5.0
"""Seconds of a stream without a sender report after which we send our own: the longest that RFC 3550
section 6.2 lets a sender wait for its first."""
LIFTED_SECONDS = 5.0
"Seconds for which REMB goes on after a cap was lifted: browsers keep the last one for ever."


def send_sender_report(peer: Peer, outbound: Follower, now: float) -> None:
    """Forward the publisher's sender report to one subscriber, in its outbound stream's terms."""
    info = outbound.sender_report()
    if info is None:
        return
    _send(peer, outbound, info, now)


def _send(peer: Peer, outbound: Follower, info: RtcpSenderInfo, now: float) -> None:
    section = peer.negotiation.receiving.get((outbound.publisher_id, Kind(outbound.kind)))
    mid = section.mid if section is not None else ""
    peer.downlink.note_report_sent(rtcp.middle_ntp(info.ntp_timestamp), now)
    peer.send_rtcp(rtcp.sender_report(outbound.ssrc, info, outbound.publisher_id, mid))


def send_own_reports(peer: Peer, now: float, publishers: Callable[[str], Peer | None]) -> None:
    """Send a subscriber sender reports by our clock for publishers that send none themselves.

    A publisher that reports on any stream soon reports on all, and its clock is not ours.
    """
    for outbound in peer.downlink.outbound_streams.values():
        inbound = outbound.inbound
        if (
            inbound is None
            or inbound.last_sender_report is not None
            or now - inbound.entered_at < OWN_REPORTS_AFTER
            or not inbound.is_active(now)
        ):
            continue
        publisher = publishers(outbound.publisher_id)
        if publisher is not None and not any(
            other.last_sender_report for other in publisher.inbound_streams.values()
        ):
            _send(peer, outbound, outbound.own_report(inbound, now), now)


def send_nack(peer: Peer, inbound: InboundStream, now: float) -> None:
    """Send a NACK for a stream if one is due."""
    due = inbound.due_nacks(now, peer.downlink.round_trip)
    if due and NACK in inbound.feedback:
        peer.send_feedback(rtcp.nack(peer.ssrc, inbound.ssrc, due))


def send_keyframe_requests(peer: Peer, now: float) -> None:
    """Send a publisher the keyframe requests that are due."""
    streams = peer.inbound_streams.values()
    for inbound in streams:
        if inbound.keyframe_wanted and keyframe_requests.is_due(inbound, streams, now):
            peer.send_feedback(_keyframe_request(peer, inbound))


def _keyframe_request(peer: Peer, inbound: InboundStream) -> bytes:
    """A FIR to who takes that alone. Who answered neither of the two gets a PLI all the same: at worst it
    is ignored, and nobody sees the video without a keyframe."""
    if FIR in inbound.feedback and PLI not in inbound.feedback:
        inbound.intra_requests += 1
        return rtcp.full_intra_request(peer.ssrc, inbound.ssrc, inbound.intra_requests)
    return rtcp.keyframe_request(peer.ssrc, inbound.ssrc)


def send_transport_feedback(peer: Peer) -> None:
    """Send a publisher transport-wide feedback on what arrived since the last one."""
    media_ssrc = next(iter(peer.inbound_streams), 0)
    message = peer.uplink.arrival_log.feedback_of(peer, peer.ssrc, media_ssrc)
    if message is not None:
        peer.send_feedback(message)


def _worst_loss(outbound_streams: Sequence[Follower]) -> float:
    """The highest fraction lost on any of these."""
    return max((outbound.reception.loss for outbound in outbound_streams), default=0.0)


def audio_loss(peer: Peer) -> float:
    """The fraction of a publisher's audio lost on its uplink, or on the worst downlink.

    Subscribers that would not get the redundancy do not count.
    """
    worst = 0.0
    for inbound in peer.inbound_streams.values():
        if inbound.history is None:
            redundant = [outbound for outbound in inbound.outbound_streams if outbound.receives_red]
            worst = max(worst, inbound.loss, _worst_loss(redundant))
    return worst


def send_receiver_reports(peer: Peer, now: float, limit: int) -> None:
    """Send a publisher receiver reports, and a REMB if its video is to be limited to ``limit``."""
    blocks = []
    lost = 0.0
    for inbound in peer.inbound_streams.values():
        block = inbound.report(now)
        if block is not None:
            blocks.append(block)
            lost = max(lost, block.fraction_lost / 256)
            if inbound.history is None:
                # A browser adds in-band FEC to its audio (RFC 6716 section 2.1.7) in proportion to
                # the loss reported, so the worst downlink is included. The cumulative count stays
                # our own: from that, and from transport-wide feedback, it estimates its uplink.
                downlink_loss = int(_worst_loss(inbound.outbound_streams) * 256)
                block.fraction_lost = min(255, max(block.fraction_lost, downlink_loss))
    if not blocks:
        return
    peer.uplink.loss = lost
    message = rtcp.receiver_reports(peer.ssrc, blocks)
    message += rtcp.source_description(peer.ssrc, peer.cname)
    videos = [
        inbound.ssrc
        for inbound in peer.inbound_streams.values()
        if inbound.history is not None and REMB in inbound.feedback
    ]
    if limit:
        peer.uplink.remb_until = math.inf
    elif videos and now < peer.uplink.remb_until:
        peer.uplink.remb_until = min(peer.uplink.remb_until, now + LIFTED_SECONDS)
        limit = UNLIMITED
    if limit and videos:
        message += rtcp.bitrate_limit(peer.ssrc, limit, videos)
    peer.send_rtcp(message)
