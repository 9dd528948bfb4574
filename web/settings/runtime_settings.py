"""The settings that may change while the server runs: everything asks here, and not `Config`.

This is the one place that says which value is in force. What the environment sets wins: whoever runs
the machine has the last word, and a server comes up the same way every time. Without it, what an
administrator chose here holds, and without that the default.
"""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, TypeVar

from signaling.errors import InvalidInput
from signaling.wire.values import MediaPolicy
from storage.store import Store
from web.config import Config
from web.environment import config_values as read
from web.settings.logo import Logo, read_logo
from web.settings.palette import OWN_PALETTE, Palette, checked_color, palette_of
from web.texts.catalogs import OWN_NAMES, SOURCE_LANGUAGE

T = TypeVar("T")
Origin = Literal["environment", "here", "default"]

BRAND = "brand"
MEDIA_POLICY = "media_policy"
REMINDER_MINUTES = "reminder_minutes"
COLOR = "color"
LOGO = "logo"
LANGUAGES_OFF = "languages_off"
"Names of stored settings."

ENVIRONMENT = {
    BRAND: "TELECONNECT_BRAND",
    MEDIA_POLICY: "TELECONNECT_MEDIA_POLICY",
    REMINDER_MINUTES: "TELECONNECT_REMINDER_MINUTES",
}
"Stored setting -> variable that takes its place."


@dataclass(frozen=True)
class _InForce:
    brand: str
    media_policy: MediaPolicy
    reminder_minutes: tuple[float, ...]
    color: str
    palette: Palette
    style_sheet: str
    logo: Logo | None
    languages_off: frozenset[str]


class RuntimeSettings:
    """In memory; `load` again after each change."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._stored: dict[str, str] = {}
        self._in_force = self._read()
        self.on_change: list[Callable[[], None]] = []
        "Called after each change, for what holds a value of its own."

    async def load(self, store: Store) -> None:
        """Put what is stored in force."""
        self._stored = await store.read.settings.all()
        self._in_force = self._read()
        for tell in self.on_change:
            tell()

    def origin(self, name: str) -> Origin:
        """By what a setting has its value."""
        if ENVIRONMENT.get(name) in self._config.given:
            return "environment"
        return "here" if name in self._stored else "default"

    @property
    def brand(self) -> str:
        return self._in_force.brand

    @property
    def media_policy(self) -> MediaPolicy:
        return self._in_force.media_policy

    @property
    def reminder_minutes(self) -> tuple[float, ...]:
        return self._in_force.reminder_minutes

    @property
    def reminders(self) -> tuple[timedelta, ...]:
        """The same as times before a session."""
        return tuple(timedelta(minutes=minutes) for minutes in self.reminder_minutes)

    @property
    def color(self) -> str:
        """As #rrggbb; empty: the program's own colors."""
        return self._in_force.color

    @property
    def palette(self) -> Palette:
        """The colors of links and buttons, for what has no style sheet."""
        return self._in_force.palette

    @property
    def style_sheet(self) -> str:
        """The color's variables; empty without a color."""
        return self._in_force.style_sheet

    @property
    def logo(self) -> Logo | None:
        return self._in_force.logo

    @property
    def languages_off(self) -> frozenset[str]:
        """Codes of the languages that are not offered."""
        return self._in_force.languages_off

    @property
    def languages(self) -> tuple[tuple[str, str], ...]:
        """(code, own name) of every language that is offered; always with English, to which texts
        fall back."""
        return tuple(each for each in OWN_NAMES.items() if each[0] not in self.languages_off)

    @property
    def mail_from(self) -> str:
        """The sender of mail, which by default has the brand as its name."""
        if "TELECONNECT_MAIL_FROM" in self._config.given:
            return self._config.delivery.mail_from
        return read.default_sender(self.brand, self._config.public_url.raw_host or "")

    def _read(self) -> _InForce:
        config = self._config
        color = self._chosen(COLOR, checked_color, "")
        palette = palette_of(color) if color else OWN_PALETTE
        return _InForce(
            brand=self._chosen(BRAND, read.brand, config.brand),
            media_policy=self._chosen(MEDIA_POLICY, read.media_policy, config.media_policy),
            reminder_minutes=self._chosen(REMINDER_MINUTES, read.amounts, config.reminder_minutes),
            color=color,
            palette=palette,
            style_sheet=palette.style_sheet() if color else "",
            logo=self._chosen(LOGO, read_logo, None),
            languages_off=frozenset(self._stored.get(LANGUAGES_OFF, "").split())
            - {SOURCE_LANGUAGE},
        )

    def _chosen(self, name: str, reader: Callable[[str], T], otherwise: T) -> T:
        """The value in force; what another version stored and this one refuses does not count."""
        if self.origin(name) == "here":
            with contextlib.suppress(ValueError, InvalidInput):
                return reader(self._stored[name])
        return otherwise
