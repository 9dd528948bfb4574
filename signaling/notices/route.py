"""Routes: by which channel, and under whose name, a phone number may be written to.

Some countries refuse sender names, some networks drop SMS, some must not be written to at all.
Operators configure one rule per line:

    # action  prefix  channel   sender
    allow     +       sms       Clinic
    deny      +7      sms
    allow     +7      whatsapp  +41790000000
    deny      +850    any

For each channel the rules with the longest matching prefix decide, in the order of the lines; a
`deny` among them closes the channel. What no rule allows is not sent.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from signaling.contact import E164
from signaling.errors import N_, InvalidInput

PhoneChannel = Literal["sms", "whatsapp"]
PHONE_CHANNELS: tuple[PhoneChannel, ...] = ("sms", "whatsapp")

PREFIX = re.compile(r"\+[0-9]{0,15}", re.ASCII)
SENDER_NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 ._-]{1,11}", re.ASCII)
"An alphanumeric sender: at most 11 GSM characters (3GPP TS 23.040 section 9.1.2.5)."
SHORT_CODE = re.compile(r"[0-9]{3,8}", re.ASCII)

MAX_ROUTES = 1000


@dataclass(frozen=True)
class Route:
    """One rule. Raises InvalidInput for an invalid prefix, channel or sender."""

    action: Literal["allow", "deny"]
    prefix: str
    "A plus sign and the first digits of E.164 numbers; `+` alone matches all."
    channel: PhoneChannel
    order: int
    "Lower is tried first."
    sender_id: str | None = None
    "A name or number; None: the account's own."

    def __post_init__(self) -> None:
        if not PREFIX.fullmatch(self.prefix) or self.prefix.startswith("+0"):
            raise InvalidInput("routes", N_("A prefix is a plus sign and digits, for example +41."))
        if self.channel not in PHONE_CHANNELS:
            raise InvalidInput("routes", N_("The channel must be sms, whatsapp or any."))
        if self.sender_id is None:
            return
        if E164.fullmatch(self.sender_id):
            return
        if self.channel == "whatsapp":
            raise InvalidInput(
                "routes", N_("A WhatsApp sender is a number, for example +41790000000.")
            )
        if not SENDER_NAME.fullmatch(self.sender_id) and not SHORT_CODE.fullmatch(self.sender_id):
            raise InvalidInput(
                "routes",
                N_("A sender is a number or a name of at most 11 Latin letters and digits."),
            )

    def matches(self, number: str) -> bool:
        return number.startswith(self.prefix)


def choose(routes: Iterable[Route], number: str) -> tuple[Route, ...]:
    """The routes that may carry a message to the E.164 `number`, in the order to try them."""
    matching = [route for route in routes if route.matches(number)]
    chosen: list[Route] = []
    for channel in PHONE_CHANNELS:
        of_channel = [route for route in matching if route.channel == channel]
        longest = max((len(route.prefix) for route in of_channel), default=0)
        deciding = [route for route in of_channel if len(route.prefix) == longest]
        if not any(route.action == "deny" for route in deciding):
            chosen += deciding
    return tuple(sorted(chosen, key=lambda route: route.order))


def channels(routes: Iterable[Route], number: str) -> tuple[PhoneChannel, ...]:
    """The channels that can reach the E.164 `number`, preferred first."""
    return tuple(dict.fromkeys(route.channel for route in choose(routes, number)))


def default_routes(sms: bool, whatsapp: bool) -> tuple[Route, ...]:
    """The routes of an operator who has written none: all numbers, by every configured channel."""
    routes = []
    if sms:
        routes.append(Route("allow", "+", "sms", 0))
    if whatsapp:
        routes.append(Route("allow", "+", "whatsapp", 1))
    return tuple(routes)


def parse(text: str) -> tuple[Route, ...]:
    """Parse lines as in the module's docstring; blank lines and `#` comments are skipped.

    Raises InvalidInput; its `values["line"]` is the line, counted from 1.
    """
    routes: list[Route] = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split("#", 1)[0].split(maxsplit=3)
        if not words:
            continue
        try:
            routes += _rule(words, len(routes))
        except InvalidInput as error:
            raise InvalidInput("routes", error.sentence, line=number) from None
        if len(routes) > MAX_ROUTES:
            raise InvalidInput("routes", N_("There are too many routes."))
    return tuple(routes)


def _rule(words: list[str], order: int) -> list[Route]:
    if len(words) < 3:
        raise InvalidInput(
            "routes", N_("A route needs an action, a prefix and a channel: allow +41 sms.")
        )
    action, prefix, channel = words[0].lower(), words[1], words[2].lower()
    sender_id = words[3].strip() if len(words) > 3 else None
    if action == "deny":
        if sender_id is not None:
            raise InvalidInput("routes", N_("A deny rule has no sender."))
        denied = PHONE_CHANNELS if channel == "any" else (channel,)
        return [
            Route("deny", prefix, each, order)  # type: ignore[arg-type]  # it checks itself
            for each in denied
        ]
    if action != "allow":
        raise InvalidInput("routes", N_("A route begins with allow or deny."))
    if channel == "any":
        raise InvalidInput("routes", N_("Only a deny rule can be for any channel."))
    return [Route("allow", prefix, channel, order, sender_id)]  # type: ignore[arg-type]


def write(routes: Iterable[Route]) -> str:
    """The text that `parse` parses to the same routes."""
    return "".join(
        " ".join(filter(None, (route.action, route.prefix, route.channel, route.sender_id))) + "\n"
        for route in sorted(routes, key=lambda route: route.order)
    )
