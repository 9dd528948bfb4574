"""How many notices to people outside may be requested within an hour.

Notices that the server owes are never limited: reminders, cancellations, consequences of an answer
from outside. Beyond the limit the whole request is refused, and whoever made it is told when to try
again. Each number is far above what honest work needs.
"""

from dataclasses import dataclass
from datetime import timedelta

WINDOW = timedelta(hours=1)


@dataclass(frozen=True)
class Allowance:
    """Notices within the last hour, the new ones included; reminders do not count."""

    to_address: int
    "To one address, whoever requests them."
    by_scheduler: int | None
    "About all sessions of one scheduler; None: unlimited."


INVITING = Allowance(to_address=10, by_scheduler=300)
"A full clinic invites some dozens an hour; a person who has lost a link asks again twice."
MOVING = Allowance(to_address=20, by_scheduler=None)
"More than INVITING, so that every invited session can be moved; a ward may move all it has."
ASKING = Allowance(to_address=60, by_scheduler=300)
"An organization hears from everybody who needs an interpreter."
ASKING_AGAIN = Allowance(to_address=120, by_scheduler=None)
"Moving a session for which an organization was asked."
