"""The link from the relay to one participant: its streams, rate, loss and round trip."""

from __future__ import annotations

from collections.abc import Iterable

from media.congestion.audio_thrift import Thrift, is_far
from media.congestion.bandwidth_estimate import Estimate
from media.congestion.probing import Prober
from media.congestion.receiver_estimates import ReceiverEstimates
from media.rooms.negotiation import SourceId
from media.rtp.codecs import Kind
from media.streams.outbound import OutboundStream
from media.streams.receiver_reports import Tally

REMEMBERED_REPORTS = 16
"Sender reports whose echo still gives a round trip time."
FIRST_SECOND = 0.4
"Seconds that the first rate is averaged over at least: a stream begins with a keyframe."
SILENT_AUDIO = 10_000
"Bits per second of audio below which nobody speaks (RFC 7587 section 3.1.3: DTX)."


class Downlink:
    """The outbound streams of one peer, their rates, and what receiver reports say of them."""

    def __init__(self) -> None:
        self.outbound_streams: dict[SourceId, OutboundStream] = {}
        self.by_ssrc: dict[int, OutboundStream] = {}
        "By SSRC, and by the SSRC of retransmissions."
        self.estimate = Estimate()
        self.receiver_estimates = ReceiverEstimates()
        self.thrift = Thrift()
        self.prober = Prober()
        self.shares: dict[SourceId, float] = {}
        "Most bits per second each publisher of one encoding should send, for this subscriber."
        self.round_trip = 0.0
        "Seconds, smoothed; 0 before the first echo of a report."
        self.tally = Tally()
        self.loss = 0.0
        "Fraction lost, in the last receiver reports that covered enough packets."
        self.sending_since = 0.0
        "When the first packet was sent; 0 before."
        self.video_since = 0.0
        "When the first packet of a video was sent; 0 before."
        self.rate = 0.0
        "Bits per second sent during the last second."
        self.rate_before = 0.0
        "Bits per second sent during the second before that."
        self.video_rates: dict[int, float] = {}
        "The same of each video, by its SSRC."
        self._octets = 0
        self._video_octets: dict[int, int] = {}
        self.reports_sent: dict[int, float] = {}
        "Middle NTP bits of a sender report -> when it left."

    def add(self, source: SourceId, outbound: OutboundStream) -> None:
        """Send a publication to the peer, once the outbound stream follows something."""
        self.outbound_streams[source] = outbound
        self.by_ssrc[outbound.ssrc] = outbound
        if outbound.rtx_ssrc:
            self.by_ssrc[outbound.rtx_ssrc] = outbound

    def remove(self, source: SourceId, now: float) -> None:
        """Stop sending a publication."""
        outbound = self.outbound_streams.pop(source)
        outbound.follow(None, now)
        # Rates are computed from how these sums grow.
        self._octets -= outbound.octets
        self._video_octets.pop(outbound.ssrc, None)
        self.video_rates.pop(outbound.ssrc, None)
        self.by_ssrc.pop(outbound.ssrc, None)
        self.by_ssrc.pop(outbound.rtx_ssrc, None)

    def clear(self, now: float) -> None:
        """Stop sending everything."""
        for outbound in self.outbound_streams.values():
            outbound.follow(None, now)
        self.outbound_streams.clear()
        self.by_ssrc.clear()

    @property
    def video_rate(self) -> float:
        """Bits per second of video sent during the last second."""
        return sum(self.video_rates.values())

    @property
    def present_rate(self) -> float:
        """Bits per second sent now: of the last second, or of the streams followed if higher.

        A stream that has just begun is not in the last whole second.
        """
        followed = sum(
            outbound.inbound.bitrate
            for outbound in self.outbound_streams.values()
            if outbound.inbound is not None
        )
        return max(self.rate, followed)

    @property
    def beside_padding(self) -> OutboundStream | None:
        """An outbound stream beside which padding can be sent; None if there is none."""
        streams = self.outbound_streams.values()
        return next((outbound for outbound in streams if outbound.takes_padding), None)

    def note_switch(self, kind: Kind, now: float) -> None:
        """Record that a publication of that kind is about to be sent."""
        self.sending_since = self.sending_since or now
        if kind.medium == "video":
            self.video_since = self.video_since or now

    def share_out(self) -> None:
        """Divide the limit among the streams, for their retransmissions."""
        outbound_streams = self.outbound_streams.values()
        videos = audios = 0
        for outbound in outbound_streams:
            if outbound.inbound is not None:
                videos += bool(outbound.rtx_ssrc)
                audios += not outbound.rtx_ssrc and outbound.inbound.bitrate > SILENT_AUDIO
        for outbound in outbound_streams:
            sharing = max(1, videos if outbound.rtx_ssrc else audios)
            outbound.allow(self.estimate.limit / sharing, not self.thrift.wanted)

    def measure(self, seconds: float, now: float) -> None:
        """Update the rates after an interval of about a second."""
        octets = sum(outbound.octets for outbound in self.outbound_streams.values())
        self.rate_before = self.rate
        # The first second is not a whole one.
        passed = min(seconds, max(now - self.sending_since, FIRST_SECOND))
        self.rate = max(0, octets - self._octets) * 8 / passed
        self._octets = octets
        before = self._video_octets
        self._video_octets = {
            outbound.ssrc: outbound.octets
            for outbound in self.outbound_streams.values()
            if outbound.rtx_ssrc
        }
        self.video_rates = {
            ssrc: (octets - before.get(ssrc, 0)) * 8 / seconds
            for ssrc, octets in self._video_octets.items()
        }

    def note_receiver_estimate(self, bitrate: int, ssrcs: Iterable[int], now: float) -> None:
        """Record a REMB, and which SSRCs it names. One that names nothing sent is of all videos."""
        named = {self.by_ssrc[ssrc].ssrc for ssrc in ssrcs if ssrc in self.by_ssrc}
        of_videos = named & self.video_rates.keys() or set(self.video_rates)
        claim = self.receiver_estimates.note(bitrate, of_videos, now)
        if claim is not None:
            sent = sum(self.video_rates.get(ssrc, 0.0) for ssrc in claim.ssrcs)
            self.estimate.note_remb(claim.bitrate, sent, max(0.0, self.rate - sent), now)

    def note_report_sent(self, middle_ntp: int, now: float) -> None:
        """Remember when a sender report left, for the round trip that its echo tells."""
        self.reports_sent[middle_ntp] = now
        while len(self.reports_sent) > REMEMBERED_REPORTS:
            del self.reports_sent[next(iter(self.reports_sent))]

    def note_echo(self, last_report: int, delay: int, arrived_at: float) -> None:
        """Take a round trip from a report block's LSR and DLSR (RFC 3550 section 6.4.1)."""
        left = self.reports_sent.get(last_report) if last_report else None
        if left is not None:
            round_trip = arrived_at - left - delay / 65536
            if 0 <= round_trip < 10:
                self.note_round_trip(round_trip, arrived_at)

    def note_first_round_trip(self, seconds: float, now: float) -> None:
        """Record the round trip of the handshake, before anything is sent."""
        self.note_round_trip(seconds, now)
        if is_far(seconds):
            # With audio alone.
            self.estimate.begin_low(0.0, now)

    def note_round_trip(self, seconds: float, now: float) -> None:
        """Record one round trip: smoothed, and as evidence of a queue."""
        before = self.round_trip
        self.round_trip = before + 0.25 * (seconds - before) if before else seconds
        with_video = any(
            outbound.inbound is not None and outbound.rtx_ssrc
            for outbound in self.outbound_streams.values()
        )
        self.estimate.note_round_trip(seconds, self.present_rate, with_video, now)
        self.thrift.note_round_trip(self.estimate.delay.shortest)
