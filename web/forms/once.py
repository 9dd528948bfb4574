"""A form that may arrive more than once: pressed again when its answer was lost, or on two connections."""

from base64 import urlsafe_b64encode
from hashlib import sha256

import msgspec

from signaling.identifier import NEW_ID
from web.forms.invitation import Typed

ONCE = "once"
"Hidden field: an identifier that the form got when its page was made."


def id_of(typed: Typed, account_id: str) -> str | None:
    """The id of what this form makes: the same for the same form with the same content.

    A page that is shown again after going back is filled in for somebody else. None for a form that
    has no identifier.
    """
    if not NEW_ID.fullmatch(typed.get(ONCE, "")):
        return None
    content = msgspec.json.encode([account_id, sorted(typed.items())])
    return urlsafe_b64encode(sha256(content).digest()[:12]).decode()
