"""What an SMS costs, as far as configured: one price per prefix and segment.

    +41=0.07 CHF, +380=0.09 EUR, +=0.05 EUR

The longest prefix of a number decides; `+` alone covers all others.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from signaling.errors import N_, InvalidInput
from signaling.notices.route import PREFIX

MALFORMED = N_("A price looks like +41=0.07 CHF.")


@dataclass(frozen=True)
class Price:
    """Of one segment. Raises InvalidInput for an invalid prefix, amount or currency (ISO 4217)."""

    prefix: str
    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if (
            not PREFIX.fullmatch(self.prefix)
            or not 0 <= self.amount < 1000
            or not (len(self.currency) == 3 and self.currency.isascii() and self.currency.isupper())
        ):
            raise InvalidInput("prices", MALFORMED)


def parse(text: str) -> tuple[Price, ...]:
    """Parse a line as in the module's docstring; it may be empty. Raises InvalidInput."""
    prices = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        prefix, _, cost = part.partition("=")
        amount, _, currency = cost.strip().partition(" ")
        try:
            number = Decimal(amount)
        except InvalidOperation:
            raise InvalidInput("prices", MALFORMED) from None
        if not number.is_finite():
            raise InvalidInput("prices", MALFORMED)
        prices.append(Price(prefix.strip(), number, currency.strip().upper()))
    return tuple(prices)


def cost(prices: Iterable[Price], number: str, segments: int) -> str:
    """Amount and currency of an SMS to the E.164 `number`: `0.14 CHF`; empty: unknown."""
    matching = [price for price in prices if number.startswith(price.prefix)]
    if not matching:
        return ""
    price = max(matching, key=lambda price: len(price.prefix))
    return f"{price.amount * segments} {price.currency}"
