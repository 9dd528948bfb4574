"""How much one subscriber can take.

Four kinds of evidence say that a link is full: the receiver's own estimate (REMB) falls below what
is sent, its reports show loss, they come late, or it asks for much of a picture again that has just
begun. A round trip that has grown makes a low estimate count for more, and loss no link's nature;
by itself it counts where a receiver does not estimate. Without evidence nothing is held back. After
a cut the limit grows slowly, and each growth that fails is tried again later, so that pictures do
not flicker.

Loss has two causes. A full link loses what is too much, a radio link loses a part of whatever is
sent. A trial shows which it is: less is sent for a moment. If the loss ends, the link was full; if
the same part gets lost as before, that is its nature and no reason to take the pictures away.
(Browsers reason alike: draft-ietf-rmcat-gcc-02 section 6 cuts at 10 % whatever the cause, their
later estimators separate an inherent part.)
"""

from __future__ import annotations

from dataclasses import dataclass, field

from media.congestion.delay import Delay

UNLIMITED = 50_000_000
"Bits per second meaning that nothing is known to limit the link."
FLOOR = 60_000
"Bits per second never gone below: sound and its reports."
LOSS_CUT = 0.10
"Fraction of packets lost above which a link is full (draft-ietf-rmcat-gcc-02 section 6)."
LOSS_DOUBT = 0.05
"Fraction above which it is not tried whether the link takes more."
LOSS_CALM = 0.02
"Fraction below which there is no loss to speak of."
LOSSY_REPORTS = 2
"Reports in a row that must show such loss: one counts some fifty packets, and is chance."
OVERUSE = 0.3
"Fraction beyond which one report is enough: sound is being lost."
PROBE_SHARE = 0.6
"Part of the present rate that a trial sends at most, unless pictures would have to go for it."
SETTLED = 0.75
"Part of the earlier rate below which a trial has begun in earnest: encodings change at keyframes."
SETTLING = 1.5
"Seconds from there whose reports still speak of what was sent before."
CURED = 0.5
"Part of the earlier loss below which sending less has helped; single reports are off by a third."
WORSE = 0.2
"Further loss that is no chance: of fifty packets one report and the next differ by a tenth."
PATIENCE = 15.0
"Seconds after which a trial without an outcome is given up; of sound alone a browser says little."
MOST_RANDOM_LOSS = 0.3
"Fraction beyond which loss beside pictures is no link's nature."
NO_VIDEO = 10_000
"Bits per second of video below which there is nothing to send less of."
LONGEST_REPORT = 7.0
"Seconds that a report may look back: sound's come every five, and some get lost."
CONCLUSION_SECONDS = 30.0
"Seconds for which the outcome of a trial is believed before there is another one."
REMB_MARGIN = 0.85
"A receiver's estimate below this part of what is sent means that packets queue up."
GROWTH = 1.08
"Factor a second, as browsers grow their own estimates."
HOLD = 4.0
"Seconds without growth after a cut; doubled by each cut that follows a growth at once."
LONGEST_HOLD = 60.0
RELAPSE = 10.0
"Seconds after a growth began, or a better encoding was tried, within which a cut is its failure."
SMALLEST_VIDEO = 100_000
"""Bits per second below which a moving picture is not worth sending. Still ones take less, and so
few packets that a receiver's estimate of them is chance: only loss holds them back."""
DOUBTED_VIDEO = 220_000
"""Bits per second that a receiver's estimate alone cannot take from the pictures: of few packets
it is mostly chance, and a link too narrow for so little soon shows it by loss or delay."""


@dataclass
class Probe:
    """Less is sent for a moment to see what becomes of the loss."""

    began_at: float
    sent: float
    loss: float
    limit: float
    "What was allowed before."
    ends_at: float | None = None
    "When a report tells what became of the loss; None until less is sent."
    reported_loss: float = 1.0
    reported_at: float = -1000.0
    "The last report meanwhile, and when it came."


@dataclass
class Estimate:
    """What is known of one subscriber's link. Times are seconds, rates bits per second."""

    limit: float = UNLIMITED
    hold: float = HOLD
    held_until: float = 0.0
    grown_at: float = -1000.0
    upgraded_at: float | None = None
    "When a better encoding was tried, unless that has failed since."
    failed: bool = False
    "The last try has failed, and none has held since."
    updated_at: float = -1.0
    loss: float = 0.0
    "Fraction lost beyond what the link loses whatever is sent."
    lost_at: float = -1000.0
    "When that was told."
    random_loss: float = 0.0
    probe: Probe | None = None
    concluded_at: float = -1000.0
    video_at: float = -1000.0
    "When video was last sent."
    probe_floor: float = 0.0
    "What sound and pictures take that cannot be made smaller without being taken away."
    unprobed: bool = False
    "There is loss whose cause no trial has told."
    urgent: bool = False
    "What is sent should be looked at now, not at the next turn."
    lossy_reports: int = 0
    remb: int = 0
    remb_at: float = -1000.0
    remb_rising: bool = False
    low_rembs: int = 0
    delay: Delay = field(default_factory=Delay)

    @property
    def overused(self) -> bool:
        """Whether so much is lost that sound goes under."""
        return self.loss >= OVERUSE

    def note_round_trip(self, seconds: float, sent: float, with_video: bool, now: float) -> None:
        """The time a report took there and back, what is sent now, whether pictures are in it.

        A receiver that estimates tells of a queue itself, and better.
        """
        self.delay.note(seconds, now, with_video)
        silent = now - self.remb_at >= LONGEST_REPORT
        if self.delay.lasting and with_video and silent and now >= self.held_until:
            self._cut(REMB_MARGIN * sent, now)

    def note_loss(
        self, fraction: float, sent: float, video: float, now: float, before: float = 0.0
    ) -> None:
        """Receiver reports: ``fraction`` lost of what was sent at rate ``sent``, video in it.

        ``before`` is what was sent a second earlier, of which they speak as well.
        """
        reported = max(sent, before)
        known = self.random_loss > LOSS_CALM and self.limit >= UNLIMITED
        if fraction < self.random_loss or (known and fraction < self.random_loss + LOSS_CUT):
            # A little at a time: single reports count few packets. It rises only while nothing is
            # held back, or a link that a growing limit fills up would pass for a bad one.
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
                    # Worse though less is sent: the link has narrowed meanwhile.
                    self._start_probe(fraction, sent, now, probe.limit)
                else:
                    self._conclude(probe, fraction, now)
            return
        alone = video < NO_VIDEO and now - self.video_at > LONGEST_REPORT
        if self.loss <= (LOSS_DOUBT if alone else LOSS_CUT):
            self.lossy_reports = 0
            return
        self.lossy_reports += 1
        if self.lossy_reports < LOSSY_REPORTS and self.loss < OVERUSE:
            return
        self.lossy_reports = 0
        if video >= NO_VIDEO:
            self._act(fraction, reported, now)
        elif now - self.video_at > LONGEST_REPORT:
            # Sound is never held back, so what it loses no limit would cure; but a picture that
            # has just been taken away may be what filled the link.
            self._accept(fraction, now, 1.0)

    def note_overuse(self, fraction: float, sent: float, now: float) -> None:
        """A picture that has just begun loses so much that its receiver misses it at once.

        Waiting for reports would cost a second or two of sound.
        """
        if self.probe is None and fraction - self.random_loss >= OVERUSE:
            before = self.limit
            self.loss = fraction - self.random_loss
            self.lost_at = now
            self._act(fraction, sent, now)
            self.urgent = self.limit < before

    def _act(self, fraction: float, sent: float, now: float) -> None:
        if now - self.concluded_at < CONCLUSION_SECONDS and not self.unprobed:
            # What queues up needs room to drain.
            self._cut((REMB_MARGIN if self.delay.queueing else 1.0) * sent * (1 - self.loss), now)
        else:
            self._start_probe(fraction, sent, now)

    def _start_probe(
        self, fraction: float, sent: float, now: float, limit: float | None = None
    ) -> None:
        """Begin a trial where one is possible; ``limit`` is given back if it finds nothing."""
        target = min(PROBE_SHARE * sent, REMB_MARGIN * sent * (1 - fraction))
        if self.loss < OVERUSE:
            # Not worth the whole picture: it would be gone for as long as the trial takes.
            target = max(target, self.probe_floor)
        if target > SETTLED * sent and self.delay.queueing:
            # It queues up as well, so the link is full, and sound comes first.
            self._cut(REMB_MARGIN * sent * (1 - self.loss), now)
        elif target > SETTLED * sent:
            self._accept(fraction, now)
            self.unprobed = True
        else:
            self.unprobed = False
            self.probe = Probe(now, sent, fraction, self.limit if limit is None else limit)
            self._cut(target, now)

    def _accept(self, fraction: float, now: float, most: float = MOST_RANDOM_LOSS) -> None:
        """Take loss for the link's nature."""
        self.concluded_at = now
        self.random_loss = min(fraction, most)
        self.loss = fraction - self.random_loss

    def _conclude(self, probe: Probe, fraction: float, now: float) -> None:
        """A report on what was sent during a trial alone."""
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
        """Not much less was sent, or nobody told what became of it.

        If the loss has ended all the same, that is an answer. Otherwise only a flood is taken for
        a full link.
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
        """A receiver's estimate. Two in a row must be low: the first ones of a call always are.

        Browsers estimate from video alone and claim little more than they receive of it. So
        ``sent`` is the video sent to them, and ``beside`` the sound, which has room of its own.
        One that rises, however low, is on its way to what has become more, eight percent a second;
        one that feels a queue falls.
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
        """Let time pass without evidence against the link."""
        seconds = now - self.updated_at if self.updated_at >= 0 else 0.0
        self.updated_at = now
        self.urgent = False
        if self.probe is not None and now >= self.probe.began_at + PATIENCE:
            self._give_up(self.probe, now)
        if self.limit >= UNLIMITED:
            self.hold, self.failed = HOLD, False
        if now - self.lost_at > 2 * LONGEST_REPORT:
            # Whoever is sent nothing reports on nothing.
            self.loss = 0.0
        if self.probe or self.limit >= UNLIMITED or now < self.held_until or self.loss > LOSS_DOUBT:
            return
        if self.grown_at < self.held_until:
            self.grown_at = now
        self.limit = min(UNLIMITED, self.limit * GROWTH ** min(seconds, 5.0))
        since = self.upgraded_at if self.failed else self.grown_at
        if since is not None and now - since > 2 * RELAPSE:
            self.hold = HOLD
            self.failed = False

    def note_upgrade(self, now: float) -> None:
        """A limit has grown so much that a better encoding is tried."""
        self.upgraded_at = now

    def _cut(self, limit: float, now: float) -> None:
        if now < self.held_until and limit >= self.limit:
            return
        relapse = self.upgraded_at is not None and now - self.upgraded_at < RELAPSE
        if now >= self.held_until and (relapse or now - self.grown_at < RELAPSE):
            self.hold = min(LONGEST_HOLD, self.hold * 2)
        self.failed = self.failed or relapse
        self.upgraded_at = None
        self.limit = max(FLOOR, min(self.limit, limit))
        self.held_until = now + self.hold
