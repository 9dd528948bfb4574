"""Who speaks: one name a room, from the audio levels senders declare (RFC 6464).

Levels are read from header extensions; no sound is decoded.
"""

from __future__ import annotations

from dataclasses import dataclass, field

SMOOTHING = 0.3
"Weight of the newest interval: at five a second, a word of half a second is noticed."
AUDIBLE = 40.0
"Loudness (127 minus dBov) that counts as speech: room noise stays near 30."
LEAD = 6.0
"Decibels somebody must be louder by before taking over, so that a cough does not."
LINGER = 2.0
"Seconds after the last word during which the speaker keeps the name."


@dataclass
class SpeakerDetector:
    """The loudness of each participant of one room."""

    loudness: dict[str, float] = field(default_factory=dict)
    speaker: str | None = None
    spoke_at: float = 0.0

    def note(self, participant: str, loudness: float) -> None:
        """The mean loudness of one interval, 0 for silence."""
        before = self.loudness.get(participant, 0.0)
        self.loudness[participant] = before + SMOOTHING * (loudness - before)

    def forget(self, participant: str) -> None:
        """The participant left."""
        self.loudness.pop(participant, None)

    def decide(self, now: float) -> str | None:
        """The active speaker after this interval, or None when nobody speaks."""
        loudest = max(self.loudness, key=self.loudness.__getitem__, default=None)
        current = self.loudness.get(self.speaker, 0.0) if self.speaker is not None else 0.0
        if current >= AUDIBLE:
            self.spoke_at = now
        if self.speaker is not None and (
            self.speaker not in self.loudness
            or (current < AUDIBLE and now - self.spoke_at > LINGER)
        ):
            self.speaker = None
            current = 0.0
        if (
            loudest is not None
            and loudest != self.speaker
            and self.loudness[loudest] >= max(AUDIBLE, current + (LEAD if self.speaker else 0.0))
        ):
            self.speaker = loudest
            self.spoke_at = now
        return self.speaker
