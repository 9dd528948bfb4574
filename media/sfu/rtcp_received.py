"""RTCP received from peers, and RTCP sent to them."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Sequence

import pylibsrtp
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    RtcpByePacket,
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSdesPacket,
    RtcpSenderInfo,
    RtcpSrPacket,
    unpack_remb_fci,
)

from media.congestion.estimate import LOSS_CALM, OVERUSE, UNLIMITED
from media.rooms.peer import Peer
from media.rtp import rtcp
from media.rtp.codecs import Kind
from media.rtp.extension_layout import absolute_send_time
from media.rtp.transport_cc import read_feedback, split_feedback
from media.streams.inbound import Follower, InboundStream

REPORT_INTERVAL = 0.2
"Seconds between two sender reports of a stream that are forwarded, each to every subscriber."
OWN_REPORTS_AFTER = 5.0
"""Seconds of a stream without a sender report after which we send our own: the longest that RFC 3550
section 6.2 lets a sender wait for its first."""
LIFTED_SECONDS = 5.0
"Seconds for which REMB goes on after a cap was lifted: browsers keep the last one for ever."
MOST_NACKED = 200
"Sequence numbers taken from one NACK."
MOST_FEEDBACK = 4
"Transport-wide feedback messages read from one datagram; browsers send each in its own."


def handle(peer: Peer, data: bytes, now: float, subscribers: Callable[[str], Peer | None]) -> None:
    """Handle a peer's SRTCP datagram; if it is malformed or forged, nothing changes.

    ``subscribers`` finds a participant of the same room by id.
    """
    ssrc = int.from_bytes(data[4:8])
    if peer.ciphers is None or not peer.may_unprotect(ssrc):
        peer.over_limit += 1
        return
    try:
        plain = peer.ciphers.incoming.unprotect_rtcp(data)
        peer.seen_ssrcs.add(ssrc)
        peer.liveness.spoke = True
        # Only authentic packets are charged, so that nobody else can use up the allowance.
        if not peer.allowance.spend_rtcp(peer.limits, len(data), now):
            peer.over_limit += 1
            return
        if peer.trace is not None:
            peer.trace.rtcp("received", plain)
        plain, feedback = split_feedback(plain)
        if peer.downlink.prober.round is not None:
            for message in feedback[:MOST_FEEDBACK]:
                peer.downlink.prober.note_feedback(read_feedback(message))
        packets = RtcpPacket.parse(plain)
    except (pylibsrtp.Error, ValueError, struct.error, IndexError):
        peer.refused += 1
        return
    for packet in packets:
        if isinstance(packet, RtcpSrPacket):
            _sender_report(peer, packet, now, subscribers)
            _receiver_reports(peer, packet.reports, now)
        elif isinstance(packet, RtcpRrPacket):
            _receiver_reports(peer, packet.reports, now)
        elif isinstance(packet, RtcpRtpfbPacket):
            if packet.fmt == RTCP_RTPFB_NACK:
                _nack(peer, packet, now)
        elif isinstance(packet, RtcpPsfbPacket):
            _payload_feedback(peer, packet, now)
        elif isinstance(packet, RtcpSdesPacket):
            for chunk in packet.chunks:
                for item, value in chunk.items:
                    if item == rtcp.MID_ITEM:
                        mid = value.decode("utf-8", "replace")
                        peer.publications.announce_by_mid(peer.id, chunk.ssrc, mid)
        elif isinstance(packet, RtcpByePacket):
            pass  # streams end by negotiation; the BYE of one encoding is only a pause


def _sender_report(
    peer: Peer, packet: RtcpSrPacket, now: float, subscribers: Callable[[str], Peer | None]
) -> None:
    inbound = peer.inbound_streams.get(packet.ssrc)
    if inbound is None or now - inbound.sender_report_at < REPORT_INTERVAL:
        return
    inbound.note_sender_report(packet.sender_info, now)
    for other_id in {outbound.owner_id for outbound in inbound.outbound_streams}:
        other = subscribers(other_id)
        if other is not None:
            for outbound in inbound.outbound_streams:
                if outbound.owner_id == other_id:
                    send_sender_report(other, outbound, now)


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


def _receiver_reports(peer: Peer, reports: list[RtcpReceiverInfo], now: float) -> None:
    tally = peer.downlink.tally
    for report in reports:
        outbound = peer.downlink.by_ssrc.get(report.ssrc)
        if outbound is None or report.ssrc != outbound.ssrc:
            continue
        peer.downlink.note_echo(report.lsr, report.dlsr, now)
        # What was lost on the publisher's link does not count against the subscriber's.
        before = outbound.inbound.upstream_loss() if outbound.inbound is not None else 0.0
        loss = max(report.fraction_lost / 256 - before, 0.0)
        tally.add(outbound.reception.note(report.highest_sequence, loss), loss)
    found = tally.take(now)
    if found is not None:
        peer.downlink.loss = found
        peer.downlink.estimate.note_loss(
            found,
            peer.downlink.present_rate,
            peer.downlink.video_rate,
            now,
            peer.downlink.rate_before,
        )
        if found <= peer.downlink.estimate.random_loss + LOSS_CALM:
            sent = min(peer.downlink.rate, peer.downlink.rate_before)
            peer.downlink.prober.note_fitting(sent, now)
        video = peer.downlink.video_rate
        peer.downlink.thrift.note_loss(found, max(0.0, peer.downlink.rate - video), video, now)


def _nack(peer: Peer, packet: RtcpRtpfbPacket, now: float) -> None:
    outbound = peer.downlink.by_ssrc.get(packet.media_ssrc)
    if outbound is None or packet.media_ssrc != outbound.ssrc or not outbound.rtx_ssrc:
        return
    lost = [sequence & 0xFFFF for sequence in packet.lost[:MOST_NACKED]]
    fraction = outbound.note_nack(lost)
    if fraction >= OVERUSE:
        peer.downlink.estimate.note_overuse(fraction, peer.downlink.present_rate, now)
    send_time = absolute_send_time(now)
    for sequence in lost:
        packet_again = outbound.retransmission(sequence, now, send_time)
        if packet_again is not None and peer.ciphers is not None:
            try:
                peer.send(peer.ciphers.outgoing.protect_packet(packet_again))
            except (pylibsrtp.Error, ValueError):
                peer.refused += 1


def _payload_feedback(peer: Peer, packet: RtcpPsfbPacket, now: float) -> None:
    if packet.fmt == RTCP_PSFB_PLI:
        outbound = peer.downlink.by_ssrc.get(packet.media_ssrc)
        if outbound is not None and outbound.inbound is not None:
            outbound.inbound.want_keyframe()
    elif packet.fmt == RTCP_PSFB_FIR:
        for position in range(0, len(packet.fci) - 7, 8):
            (ssrc,) = struct.unpack_from("!I", packet.fci, position)
            outbound = peer.downlink.by_ssrc.get(ssrc)
            if outbound is not None and outbound.inbound is not None:
                outbound.inbound.want_keyframe()
    elif packet.fmt == RTCP_PSFB_APP:
        try:
            bitrate, _ = unpack_remb_fci(packet.fci)
        except (ValueError, struct.error):
            return
        video = peer.downlink.video_rate
        peer.downlink.estimate.note_remb(bitrate, video, max(0.0, peer.downlink.rate - video), now)


def send_nack(peer: Peer, inbound: InboundStream, now: float) -> None:
    """Send a NACK for a stream if one is due."""
    due = inbound.due_nacks(now, peer.downlink.round_trip)
    if due:
        peer.send_feedback(rtcp.nack(peer.ssrc, inbound.ssrc, due))


def send_keyframe_requests(peer: Peer, now: float) -> None:
    """Send a publisher the keyframe requests that are due."""
    for inbound in peer.inbound_streams.values():
        if (
            inbound.keyframe_wanted
            and not _is_suspended(peer, inbound, now)
            and inbound.keyframe_request_due(now)
        ):
            peer.send_feedback(rtcp.keyframe_request(peer.ssrc, inbound.ssrc))


def _is_suspended(peer: Peer, inbound: InboundStream, now: float) -> bool:
    """Whether a camera sends its other encodings but not this one.

    Its browser would answer a request with keyframes of the others, again and again.
    """
    return (
        bool(inbound.rid)
        and not inbound.is_active(now)
        and any(other.rid and other.is_active(now) for other in peer.inbound_streams.values())
    )


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
        inbound.ssrc for inbound in peer.inbound_streams.values() if inbound.history is not None
    ]
    if limit:
        peer.uplink.remb_until = math.inf
    elif videos and now < peer.uplink.remb_until:
        peer.uplink.remb_until = min(peer.uplink.remb_until, now + LIFTED_SECONDS)
        limit = UNLIMITED
    if limit and videos:
        message += rtcp.bitrate_limit(peer.ssrc, limit, videos)
    peer.send_rtcp(message)
