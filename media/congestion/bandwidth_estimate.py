"""How much bandwidth one subscriber's link has.

Four kinds of evidence say that a link is full: the receiver's own estimate (REMB) falls below what
is sent, its reports show loss, they arrive late, or it sends NACKs for much of a video that has
just begun. A grown round trip makes a low REMB count for more and rules out random loss; alone it
counts only where a receiver sends no REMB. Without evidence nothing is held back. After a cut the
limit grows slowly, and after each growth that fails the next try waits longer, so that videos do
not flicker.

Loss has two causes. A full link loses the excess, a radio link loses a fraction of whatever is
sent. A probe tells which it is: less is sent for a moment. If the loss ends, the link was full; if
the same fraction is lost as before, the loss is random and no reason to take videos away. (Browsers
reason alike: draft-ietf-rmcat-gcc-02 section 6 cuts at 10 % whatever the cause, their later
estimators separate an inherent part.)
"""

from __future__ import annotations

from dataclasses import dataclass, field

from media.congestion.queueing_delay import Delay

UNLIMITED = 50_000_000
"Bits per second meaning that nothing is known to limit the link."
FLOOR = 60_000
"Bits per second that the limit never goes below: audio and its reports."
LOSS_CUT = 0.10
"Fraction of packets lost above which a link is full (draft-ietf-rmcat-gcc-02 section 6)."
LOSS_ALONE = 0.05
"The same while there is no video: it is taken for random then."
LOSS_CALM = 0.02
"Fraction below which loss does not matter."
LOSSY_REPORTS = 2
"Reports in a row that must show such loss: one covers some fifty packets, and may be chance."
EVIDENCE = 150.0
"""Sum of what reports show beyond LOSS_CUT, each divided by its variance, that is no chance (a CUSUM):
at a loss of 20 % two reports of 75 packets. A link that loses 6 % gets there once in a day or more."""
OVERUSE = 0.3
"Fraction of loss from which one report is enough: audio is suffering."
PROBE_SHARE = 0.6
"Most of the present rate that a probe sends, unless videos would have to be paused for it."
SETTLED = 0.75
"""The probe counts as applied once the rate is below this fraction of the earlier one: encodings
change at keyframes."""
SETTLING = 1.5
"Seconds after that whose reports still cover what was sent before."
CURED = 0.5
"Sending less has helped if loss falls below this fraction of before; reports are off by a third."
WORSE = 0.2
"Increase of loss that is not chance: over fifty packets, consecutive reports differ by a tenth."
PATIENCE = 15.0
"""Seconds after which a probe without an outcome is given up; with audio only, browsers send few
reports."""
MOST_RANDOM_LOSS = 0.3
"Fraction beyond which loss next to video is not taken for random."
NO_VIDEO = 10_000
"Bits per second of video below which there is nothing to send less of."
LONGEST_REPORT = 7.0
"Seconds that a report may look back: those on audio come every five, and some get lost."
CONCLUSION_SECONDS = 30.0
"Seconds for which the outcome of a probe holds before there is another one."
REMB_MARGIN = 0.85
"A REMB below this fraction of what is sent means that packets queue up."
GROWTH = 1.08
"Factor per second, as browsers grow their own estimates."
HOLD = 4.0
"Seconds without growth after a cut; doubled by each cut that soon follows a growth."
LONGEST_HOLD = 60.0
RELAPSE = 10.0
"Seconds after growth began, or after an upgrade, within which a cut counts as its failure."
DRAINING = 2.0
"Seconds after a cut in which its queue empties and reports still cover what was sent before."
SMALLEST_VIDEO = 100_000
"""Bits per second below which a moving video is not worth sending. A still one takes less, in so
few packets that a REMB for it is chance: only loss holds it back."""
DOUBTED_VIDEO = 220_000
"""Bits per second that a REMB alone cannot take from the videos: from few packets it is mostly
chance, and a link too narrow for so little soon shows loss or delay."""


@dataclass
class Probe:
    """Less is sent for a moment, to see whether the loss ends."""

    began_at: float
    sent: float
    "Bits per second when it began."
    loss: float
    "Fraction lost when it began."
    limit: float
    "The limit before."
    ends_at: float | None = None
    "From when on a report decides; None until less is actually sent."
    reported_loss: float = 1.0
    "Fraction lost in the last report since it began."
    reported_at: float = -1000.0


@dataclass
class Estimate:
    """What is known about one subscriber's link. Times are seconds, rates bits per second."""

    limit: float = UNLIMITED
    hold: float = HOLD
    held_until: float = 0.0
    grown_at: float = -1000.0
    upgraded_at: float | None = None
    "When a better encoding was chosen, unless that has failed since."
    failed: bool = False
    "The last upgrade failed, and none has held since."
    updated_at: float = -1.0
    loss: float = 0.0
    "Fraction lost beyond the random loss."
    lost_at: float = -1000.0
    "When a report last said so."
    random_loss: float = 0.0
    "Fraction that the link loses whatever is sent."
    probe: Probe | None = None
    concluded_at: float = -1000.0
    video_at: float = -1000.0
    "When video was last sent."
    probe_floor: float = 0.0
    """Floor of a probe: the audio plus the lowest layer of the cheapest video (a probe may pause
    the others)."""
    unprobed: bool = False
    "There is loss whose cause no probe could tell."
    urgent: bool = False
    "Layers should be selected now, not at the next turn."
    cut_at: float = -1000.0
    "When the limit last fell."
    lossy_reports: int = 0
    evidence: float = 0.0
    "That the loss is above LOSS_CUT; see EVIDENCE."
    remb: int = 0
    remb_at: float = -1000.0
    remb_rising: bool = False
    low_rembs: int = 0
    delay: Delay = field(default_factory=Delay)

    @property
    def overused(self) -> bool:
        """Whether the link is so overused that audio suffers."""
        return self.loss >= OVERUSE

    def note_round_trip(self, seconds: float, sent: float, with_video: bool, now: float) -> None:
        """Record a round trip, the rate sent now, and whether video is in it.

        A receiver that sends REMB notices a queue itself, and better.
        """
        self.delay.note(seconds, now, with_video)
        silent = now - self.remb_at >= LONGEST_REPORT
        if self.delay.lasting and with_video and silent and now >= self.held_until:
            self._cut(REMB_MARGIN * sent, now)

    def note_loss(
        self,
        fraction: float,
        sent: float,
        video: float,
        now: float,
        before: float = 0.0,
        variance: float = 0.0,
    ) -> None:
        """Record receiver reports: ``fraction`` was lost of ``sent``, of which ``video`` is video.

        ``before`` is the rate a second earlier, which they cover as well. ``variance`` says how far
        the fraction may be off by chance; 0 if it is not known to be.
        """
        reported = max(sent, before)
        known = self.random_loss > LOSS_CALM and self.limit >= UNLIMITED
        if fraction < self.random_loss or (known and fraction < self.random_loss + LOSS_CUT):
            # In small steps: single reports cover few packets. It rises only while nothing is held
            # back, or a link that a growing limit fills up would pass for a lossy one.
            most = max(self.random_loss, MOST_RANDOM_LOSS)
            self.random_loss += 0.1 * (min(fraction, most) - self.random_loss)
        self.loss = max(0.0, fraction - self.random_loss)
        self.lost_at = now
        if video >= NO_VIDEO:
            self.video_at = now
        if fraction <= LOSS_CALM:
            self.unprobed = False
        if self.probe is not None:
            self.probe.reported_loss, self.probe.reported_at = fraction, now
            if self.probe.ends_at is None:
                if sent < SETTLED * self.probe.sent:
                    self.probe.ends_at = now + SETTLING
            elif now >= self.probe.ends_at:
                probe, self.probe = self.probe, None
                if fraction > probe.loss + WORSE:
                    # Worse although less is sent: the link has become narrower meanwhile.
                    self._start_probe(fraction, sent, now, probe.limit)
                else:
                    self._conclude(probe, fraction, now)
            return
        if not self._is_lossy(video, now, variance):
            return
        self.lossy_reports, self.evidence = 0, 0.0
        if video >= NO_VIDEO:
            self._act(fraction, reported, now)
        elif now - self.video_at > LONGEST_REPORT:
            # Audio is never held back, so no limit would cure its loss; but a video that has just
            # been paused may be what filled the link.
            self._accept(fraction, now, 1.0)

    def _is_lossy(self, video: float, now: float, variance: float) -> bool:
        """Whether the loss is too much, and more than chance."""
        alone = video < NO_VIDEO and now - self.video_at > LONGEST_REPORT
        most = LOSS_ALONE if alone else LOSS_CUT
        if self.loss >= OVERUSE:
            return True
        self.lossy_reports = self.lossy_reports + 1 if self.loss > most else 0
        if not variance:
            return self.lossy_reports >= LOSSY_REPORTS
        self.evidence = max(0.0, self.evidence + (self.loss - most) / variance)
        return self.lossy_reports >= LOSSY_REPORTS and self.evidence >= EVIDENCE

    def note_overuse(self, fraction: float, sent: float, now: float) -> None:
        """Record that a video that has just begun loses ``fraction``, as NACKs show.

        Waiting for reports would cost a second or two of audio.
        """
        if self.probe is None and fraction - self.random_loss >= OVERUSE:
            before = self.limit
            self.loss = fraction - self.random_loss
            self.lost_at = now
            self._act(fraction, sent, now)
            self.urgent = self.limit < before

    def _act(self, fraction: float, sent: float, now: float) -> None:
        if now - self.concluded_at < CONCLUSION_SECONDS and not self.unprobed:
            # A queue needs room to drain.
            self._cut((REMB_MARGIN if self.delay.queueing else 1.0) * sent * (1 - self.loss), now)
        else:
            self._start_probe(fraction, sent, now)

    def _start_probe(
        self, fraction: float, sent: float, now: float, limit: float | None = None
    ) -> None:
        """Start a probe where one is possible; ``limit`` is restored if the loss is random."""
        target = min(PROBE_SHARE * sent, REMB_MARGIN * sent * (1 - fraction))
        if self.loss < OVERUSE:
            # Not worth the whole video, which would be gone for as long as the probe takes.
            target = max(target, self.probe_floor)
        if target > SETTLED * sent and self.delay.queueing:
            # There is a queue as well, so the link is full, and audio comes first.
            self._cut(REMB_MARGIN * sent * (1 - self.loss), now)
        elif target > SETTLED * sent:
            self._accept(fraction, now)
            self.unprobed = True
        else:
            self.unprobed = False
            self.probe = Probe(now, sent, fraction, self.limit if limit is None else limit)
            self._cut(target, now)

    def _accept(self, fraction: float, now: float, most: float = MOST_RANDOM_LOSS) -> None:
        """Take this loss for random."""
        self.concluded_at = now
        self.random_loss = min(fraction, most)
        self.loss = fraction - self.random_loss

    def _conclude(self, probe: Probe, fraction: float, now: float) -> None:
        """Decide by a report that covers only what was sent during the probe."""
        self.probe = None
        self.unprobed = False
        if self.delay.queueing and fraction > LOSS_CUT:
            # Less is still too much.
            self.concluded_at = now
            self._cut(REMB_MARGIN * self.limit * (1 - fraction), now)
            return
        self._accept(fraction if fraction > LOSS_CALM else self.random_loss, now)
        if fraction >= CURED * probe.loss:
            # Sending less has cured little.
            self.limit = max(self.limit, probe.limit)
            self.held_until = now
        else:
            arrived = probe.sent * (1 - probe.loss)
            self.limit = max(FLOOR, min(probe.limit, REMB_MARGIN * arrived))
            self.held_until = now + self.hold

    def _give_up(self, probe: Probe, now: float) -> None:
        """End a probe without a decisive report: little less was sent, or no report came.

        If the loss has ended all the same, that is an answer. Otherwise only overuse counts as a
        full link.
        """
        if now - probe.reported_at < LONGEST_REPORT and probe.reported_loss < CURED * probe.loss:
            self._conclude(probe, probe.reported_loss, now)
            return
        self.probe = None
        overused = probe.loss >= OVERUSE
        self._accept(self.random_loss if overused else probe.loss, now)
        if not overused:
            self.limit = max(self.limit, probe.limit)

    def note_remb(self, bitrate: int, sent: float, beside: float, now: float) -> None:
        """Record a REMB. Two in a row must be low: the first ones of a call always are.

        Browsers estimate from video alone and report little more than they receive of it. So
        ``sent`` is the video sent to them; ``beside`` is the audio, which comes on top. A REMB that
        rises, however low, is catching up with what has become more, eight percent a second; one
        that sees a queue falls.
        """
        if bitrate != self.remb:
            self.remb_rising = bitrate > self.remb > 0
        self.remb = bitrate
        self.remb_at = now
        suspicious = self.delay.queueing or self.unprobed or self.loss > LOSS_CUT
        bitrate = max(bitrate, SMALLEST_VIDEO if suspicious else DOUBTED_VIDEO)
        if sent <= 0 or bitrate >= REMB_MARGIN * sent:
            self.low_rembs = 0
        elif suspicious or not self.remb_rising:
            self.low_rembs += 1
            if self.low_rembs >= 2:
                self._cut(bitrate + beside, now)

    def grow(self, now: float) -> None:
        """Let the limit grow for the time that has passed without evidence against the link."""
        seconds = now - self.updated_at if self.updated_at >= 0 else 0.0
        self.updated_at = now
        self.urgent = False
        if self.probe is not None and now >= self.probe.began_at + PATIENCE:
            self._give_up(self.probe, now)
        if self.limit >= UNLIMITED:
            self.hold, self.failed = HOLD, False
        if now - self.lost_at > 2 * LONGEST_REPORT:
            # A subscriber that is sent nothing reports nothing.
            self.loss = 0.0
        if self.probe or self.limit >= UNLIMITED or now < self.held_until or self.loss > LOSS_CUT:
            return
        if self.grown_at < self.held_until:
            self.grown_at = now
        self.limit = min(UNLIMITED, self.limit * GROWTH ** min(seconds, 5.0))
        since = self.upgraded_at if self.failed else self.grown_at
        if since is not None and now - since > 2 * RELAPSE:
            self.hold = HOLD
            self.failed = False

    def begin_low(self, limit: float, now: float) -> None:
        """Begin with as much: nothing is known to be too much for the link, but more may be."""
        self.limit = max(FLOOR, limit)
        self.cut_at = self.updated_at = now

    def may_probe(self, now: float) -> bool:
        """Whether more may be sent for a moment to find out whether it fits."""
        settled = now - self.cut_at >= DRAINING and (now >= self.held_until or not self.failed)
        return settled and self.probe is None and not self.delay.queueing and self.loss <= LOSS_CUT

    def prove(self, rate: float, now: float) -> None:
        """Record that a probe has shown this much to fit."""
        self.limit = max(self.limit, rate)
        self.held_until = min(self.held_until, now)

    def note_upgrade(self, now: float) -> None:
        """Record that the limit has grown enough for a better encoding."""
        self.upgraded_at = now

    def _cut(self, limit: float, now: float) -> None:
        if now < self.held_until and limit >= self.limit:
            return
        relapse = self.upgraded_at is not None and now - self.upgraded_at < RELAPSE
        if now >= self.held_until and (relapse or now - self.grown_at < RELAPSE):
            self.hold = min(LONGEST_HOLD, self.hold * 2)
        self.failed = self.failed or relapse
        self.cut_at = now
        self.upgraded_at = None
        self.limit = max(FLOOR, min(self.limit, limit))
        self.held_until = now + self.hold
