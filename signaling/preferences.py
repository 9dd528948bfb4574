"""What somebody has chosen for their own pages, under their profile."""

from dataclasses import dataclass
from typing import Literal, get_args

from signaling.errors import InvalidInput

RingSound = Literal["phone", "bell", "soft"]
RING_SOUNDS: tuple[RingSound, ...] = get_args(RingSound)


@dataclass(frozen=True)
class Preferences:
    ring_sound: RingSound = "phone"
    ring_volume: int = 70
    "Percent; 0 is silent."
    notifications: bool = True
    "Whether the browser shows a notification when somebody waits or calls."
    offer_notifications: bool = True
    "Whether pages may ask to show them; not once it was declined, but under the profile."

    @classmethod
    def from_input(cls, ring_sound: str, ring_volume: str, *, notifications: bool) -> "Preferences":
        """Raises InvalidInput naming the field."""
        sound = next((each for each in RING_SOUNDS if each == ring_sound), None)
        if sound is None:
            raise InvalidInput("ring_sound")
        volume = ring_volume.strip()
        if not (volume.isascii() and volume.isdigit() and len(volume) <= 3 and int(volume) <= 100):
            raise InvalidInput("ring_volume")
        return cls(sound, int(volume), notifications)


DEFAULT_PREFERENCES = Preferences()
