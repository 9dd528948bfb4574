"""How much is sent to people outside because somebody asked for it: so much an hour, no more.

What the server owes is never held back: reminders, cancellations, what follows from an answer of
somebody outside. What is held back is the request: nothing of it is done, and whoever made it is
told when to ask again. Each number is far above what honest work needs.
"""

from dataclasses import dataclass
from datetime import timedelta

WINDOW = timedelta(hours=1)


@dataclass(frozen=True)
class Allowance:
    """Notices within the last hour, the new ones included; reminders do not count."""

    to_address: int
    "To one address, whoever asked for them."
    by_scheduler: int | None
    "About all sessions of one scheduler; None: however many."


INVITING = Allowance(to_address=10, by_scheduler=300)
"A full clinic invites some dozens an hour; a person who has lost a link asks twice."
MOVING = Allowance(to_address=20, by_scheduler=None)
"More than the invitations take, so that what was invited can be moved; a ward may move all it has."
ASKING = Allowance(to_address=60, by_scheduler=300)
"An organization is written to by everybody who needs an interpreter."
ASKING_AGAIN = Allowance(to_address=120, by_scheduler=None)
"Moving a session for which an organization was asked."
