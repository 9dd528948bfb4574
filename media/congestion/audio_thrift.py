"""Whether a subscriber's link asks for audio in fewer bits.

Two voices in packets of 20 ms take 86 kbit/s, more than half of it headers: too much for a phone on
2G, which then hears little of either. The publishers it hears are asked for longer packets and a
lower bit rate (RFC 7587 section 6.1), which everybody in the room then gets. A link is narrow

- if its round trips are as long as those of 2G, which is known before audio harms it, or
- if much of the audio is lost while no video is sent. Loss may also be random, and a lost packet is
  then a longer gap: the audio is taken back where fewer bits have cured nothing.

A link that carries a video well is not narrow. Where there is no video to tell, audio that has long
got through without loss is given its bits back; if that was too early, the next time is later.
"""

from __future__ import annotations

from dataclasses import dataclass

FAR = 0.4
"Seconds of a round trip from which a link may be one of 2G. Or it is a satellite's."
NEAR = 0.3
"Seconds below which it is not: between the two nothing changes."
LOSSY = 0.10
"Fraction of audio lost that may be too much audio."
OVERUSED = 0.2
"Fraction from which a single report is enough: each covers seconds of speech."
LOSSY_REPORTS = 2
SPOKEN = 20_000
"Bits per second of audio below which nobody speaks, so that it cannot be too much (DTX)."
NARROW = 110_000
"Bits per second that arrive at most on a narrow link."
SETTLING = 8.0
"""Seconds after which reports cover only what was sent as asked for: an offer and an answer, then
the interval of reports on audio, which is five seconds in browsers."""
CURED = 0.5
"Fraction of the loss before below which fewer bits have helped."
RETRY_AFTER = 180.0
"Seconds until they are asked for again after they have not."
PATIENCE = 60.0
"""Seconds without loss after which a cured link gets all bits again, for the first time. Each time that
the loss came back they are twice as many, up to LONGEST_PATIENCE."""
LONGEST_PATIENCE = 960.0
WIDE_VIDEO = 200_000
"Bits per second of video that a narrow link does not carry."
CALM = 0.02
"Fraction lost at most while it does."
WIDE_SECONDS = 20.0
"Seconds in which it must: each change costs all publishers an offer and an answer."


def is_far(round_trip: float) -> bool:
    """Whether a link has round trips as long as those of 2G."""
    return round_trip >= FAR


@dataclass
class Thrift:
    """Whether one subscriber needs its audio in fewer bits. Times are seconds."""

    wanted: bool = False
    _lossy_reports: int = 0
    _loss_before: float = 0.0
    _tried_at: float | None = None
    "When loss was the reason to ask, until a report has judged it."
    _not_before: float = 0.0
    _far: bool = False
    "Round trips are the reason, or would be."
    _calm_since: float = -1.0
    _patience: float = PATIENCE
    _restored_at: float | None = None
    "When a link without loss got its bits back, until loss has come back or stayed away."
    _wide_since: float = -1.0
    _is_wide: bool = False

    def note_round_trip(self, shortest: float) -> None:
        """Record the shortest round trip known, in which nothing waits."""
        self._far = is_far(shortest)
        if self._far and not self._is_wide:
            self.wanted = True
        elif shortest < NEAR and self.wanted and not self._loss_before:
            self.wanted = False

    def note_loss(self, fraction: float, audio: float, video: float, now: float) -> None:
        """Record receiver reports: ``fraction`` was lost of ``audio`` and ``video`` bits/s."""
        self._note_width(fraction, video, now)
        if video > 0:
            self._lossy_reports = 0
        elif self._tried_at is not None:
            self._judge(fraction, now)
        elif self.wanted and self._loss_before:
            self._note_calm(fraction, now)
        elif not self.wanted and now >= self._not_before:
            self._suspect(fraction, audio, now)

    def _suspect(self, fraction: float, audio: float, now: float) -> None:
        narrow = fraction > LOSSY and audio >= SPOKEN and audio * (1 - fraction) < NARROW
        self._lossy_reports = self._lossy_reports + 1 if narrow else 0
        if self._lossy_reports >= LOSSY_REPORTS or (narrow and fraction >= OVERUSED):
            self._lossy_reports = 0
            self._tried_at, self._loss_before = now, fraction
            self.wanted = True
            self._is_wide = False
            self._calm_since = -1.0
            restored = self._restored_at
            again = restored is not None and now - restored < max(self._patience, RETRY_AFTER)
            self._patience = min(2 * self._patience, LONGEST_PATIENCE) if again else PATIENCE
            self._restored_at = None

    def _judge(self, fraction: float, now: float) -> None:
        assert self._tried_at is not None
        if now - self._tried_at < SETTLING:
            return
        self._tried_at = None
        if fraction >= CURED * self._loss_before:
            self.wanted = False
            self._loss_before = 0.0
            self._not_before = now + RETRY_AFTER

    def _note_calm(self, fraction: float, now: float) -> None:
        """Have the bits back once nothing has been lost for long, unless round trips forbid it."""
        if fraction > CALM:
            self._calm_since = -1.0
        elif self._calm_since < 0:
            self._calm_since = now
        elif now - self._calm_since >= self._patience and not self._far:
            self.wanted = False
            self._loss_before, self._restored_at = 0.0, now

    def _note_width(self, fraction: float, video: float, now: float) -> None:
        if video < WIDE_VIDEO or fraction > CALM:
            self._wide_since = -1.0
        elif self._wide_since < 0:
            self._wide_since = now
        elif now - self._wide_since >= WIDE_SECONDS:
            self._is_wide, self.wanted = True, False
            self._tried_at, self._loss_before = None, 0.0
