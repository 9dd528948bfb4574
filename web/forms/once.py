"""A form that may arrive more than once: pressed again when its answer was lost, or on two connections."""

from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from hashlib import sha256

import msgspec

from signaling.identifier import NEW_ID
from web.forms.invitation import Typed

ONCE = "once"
"Hidden field: an identifier that the form got when its page was made."
AGAIN = timedelta(minutes=15)
"""For so long at least, and twice as long at most, the same is the same wish. Whoever goes back to the page
later, with the same typed in it, wants another session."""


def ids_of(
    typed: Typed, account_id: str, now: datetime, *, within: str = "", number: int = 0
) -> tuple[str, ...]:
    """The id of what this form makes, and the one that it would have got a little earlier.

    They are the same for the same form with the same content. A page that is shown again after going
    back is filled in for somebody else. `within`: the id of what it is added to; `number` tells apart
    what one form makes several of. Empty for a form that has no identifier.
    """
    if not NEW_ID.fullmatch(typed.get(ONCE, "")):
        return ()
    period = int(now.timestamp() // AGAIN.total_seconds())
    return tuple(
        _id([account_id, each, sorted(typed.items()), within, number])
        for each in (period, period - 1)
    )


def _id(content: object) -> str:
    return urlsafe_b64encode(sha256(msgspec.json.encode(content)).digest()[:12]).decode()
