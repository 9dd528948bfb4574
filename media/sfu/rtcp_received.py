"""RTCP received from peers, and what follows from it: SR, RR, NACK, PLI, FIR, REMB, transport-cc.

RTCP that the relay sends by itself is in ``media/sfu/rtcp_sent.py``.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

import pylibsrtp
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    AnyRtcpPacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSdesPacket,
    RtcpSrPacket,
    unpack_remb_fci,
)

from media.congestion.bandwidth_estimate import LOSS_CALM, OVERUSE
from media.rooms.peer import Peer
from media.rtp import rtcp
from media.rtp.header_extensions import absolute_send_time
from media.rtp.rtcp_compound import read_compound
from media.rtp.transport_cc import read_feedback, split_feedback
from media.sfu import rtcp_sent
from media.streams.keyframe_requests import KEYFRAME_INTERVAL

REPORT_INTERVAL = 0.2
"Seconds between two sender reports of a stream that are forwarded, each to every subscriber."
MOST_NACKED = 200
"Sequence numbers taken from one NACK."
MOST_FEEDBACK = 4
"Transport-wide feedback messages read from one datagram; browsers send each in its own."


def handle(
    peer: Peer,
    data: bytes,
    now: float,
    arrived_at: float,
    subscribers: Callable[[str], Peer | None],
) -> None:
    """Handle a peer's SRTCP datagram; if it is forged or no RTCP, nothing changes.

    It may have waited since ``arrived_at``, by which round trips are measured. ``subscribers`` finds
    a participant of the same room by id.
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
        packets = read_compound(plain)
    except (pylibsrtp.Error, ValueError, struct.error, IndexError):
        peer.refused += 1
        return
    for packet in packets:
        _handle_packet(peer, packet, now, arrived_at, subscribers)


def _handle_packet(
    peer: Peer,
    packet: AnyRtcpPacket,
    now: float,
    arrived_at: float,
    subscribers: Callable[[str], Peer | None],
) -> None:
    # What a BYE ends, negotiation ends as well; that of one encoding is only a pause.
    if isinstance(packet, RtcpSrPacket):
        _sender_report(peer, packet, now, arrived_at, subscribers)
        _receiver_reports(peer, packet.reports, now, arrived_at)
    elif isinstance(packet, RtcpRrPacket):
        _receiver_reports(peer, packet.reports, now, arrived_at)
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


def _sender_report(
    peer: Peer,
    packet: RtcpSrPacket,
    now: float,
    arrived_at: float,
    subscribers: Callable[[str], Peer | None],
) -> None:
    inbound = peer.inbound_streams.get(packet.ssrc)
    if inbound is None or arrived_at - inbound.sender_report_at < REPORT_INTERVAL:
        return
    if not packet.sender_info.ntp_timestamp:
        # A publisher without a clock (RFC 3550 section 6.4.1) tells nothing of lip sync.
        return
    inbound.note_sender_report(packet.sender_info, arrived_at)
    for outbound in inbound.outbound_streams:
        subscriber = subscribers(outbound.owner_id)
        if subscriber is not None:
            rtcp_sent.send_sender_report(subscriber, outbound, now)


def _receiver_reports(
    peer: Peer, reports: list[RtcpReceiverInfo], now: float, arrived_at: float
) -> None:
    tally = peer.downlink.tally
    for report in reports:
        outbound = peer.downlink.by_ssrc.get(report.ssrc)
        if outbound is None or report.ssrc != outbound.ssrc:
            continue
        peer.downlink.note_echo(report.lsr, report.dlsr, arrived_at)
        # What was lost on the publisher's link does not count against the subscriber's.
        before = outbound.inbound.upstream_loss() if outbound.inbound is not None else 0.0
        loss = max(report.fraction_lost / 256 - before, 0.0)
        tally.add(outbound.reception.note(report.highest_sequence, loss), loss, before)
    found = tally.take(now)
    if found is not None:
        peer.downlink.loss = found.fraction
        peer.downlink.estimate.note_loss(
            found.fraction,
            peer.downlink.present_rate,
            peer.downlink.video_rate,
            now,
            peer.downlink.rate_before,
            found.variance,
        )
        if found.fraction <= peer.downlink.estimate.random_loss + LOSS_CALM:
            sent = min(peer.downlink.rate, peer.downlink.rate_before)
            peer.downlink.prober.note_fitting(sent, now)
        video = peer.downlink.video_rate
        peer.downlink.thrift.note_loss(
            found.fraction, max(0.0, peer.downlink.rate - video), video, now
        )


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
        _intra_requests(peer, packet, now)
    elif packet.fmt == RTCP_PSFB_APP:
        try:
            bitrate, ssrcs = unpack_remb_fci(packet.fci)
        except (ValueError, struct.error):
            return
        peer.downlink.note_receiver_estimate(bitrate, ssrcs, now)


def _intra_requests(peer: Peer, packet: RtcpPsfbPacket, now: float) -> None:
    """Want keyframes as a FIR says (RFC 5104 section 4.3.1.2).

    The same number is the same request again, but if it still comes two round trips after a keyframe,
    that was lost. On a fast link it takes longer to send one.
    """
    lost_after = max(2 * peer.downlink.round_trip, KEYFRAME_INTERVAL)
    for position in range(0, len(packet.fci) - 7, 8):
        ssrc, number = struct.unpack_from("!IB", packet.fci, position)
        outbound = peer.downlink.by_ssrc.get(ssrc)
        if outbound is None or outbound.inbound is None:
            continue
        is_new = outbound.last_fir != (packet.ssrc, number)
        if is_new or now - outbound.inbound.keyframe_at > lost_after:
            outbound.last_fir = (packet.ssrc, number)
            outbound.inbound.want_keyframe()
