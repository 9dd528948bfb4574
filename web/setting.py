"""A setting, and what is wrong with one. `web/config.py` has all of them and reads them."""

from dataclasses import dataclass


class ConfigError(Exception):
    """A setting that cannot be used; the message is a sentence for the operator."""


@dataclass(frozen=True)
class Setting:
    name: str
    default: str
    meaning: str
    secret: bool = False
