"""The active speaker of a room, from the audio levels in header extensions (RFC 6464).

No audio is decoded.
"""

from __future__ import annotations

from dataclasses import dataclass, field

SMOOTHING = 0.3
"Weight of the newest interval: at five per second, half a second of speech is noticed."
AUDIBLE = 40.0
"Loudness (127 minus dBov) that counts as speech: room noise stays near 30."
LEAD = 6.0
"Decibels by which a participant must be louder to take over, so that a cough does not."
LINGER = 2.0
"Seconds of silence after which a speaker no longer counts as active."


@dataclass
class SpeakerDetector:
    """The smoothed loudness of each participant of one room."""

    loudness: dict[str, float] = field(default_factory=dict)
    speaker: str | None = None
    spoke_at: float = 0.0

    def note(self, participant: str, loudness: float) -> None:
        """Record a participant's mean loudness over one interval, 0 for silence."""
        before = self.loudness.get(participant, 0.0)
        self.loudness[participant] = before + SMOOTHING * (loudness - before)

    def forget(self, participant: str) -> None:
        """Remove a participant who has left."""
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
