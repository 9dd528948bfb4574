"""What a form holds that was refused for a time, so that it can be sent once more: after the time of a
sign-in was over, beyond a limit, or while something of the server fails.

It is not stored: the page that answers holds it. Otherwise whoever is not signed in could fill a store.
"""

import contextlib
from collections.abc import Mapping
from typing import Any

from aiohttp import hdrs, web

from signaling.errors import TeleConnectError, TooManyRequests
from web.http.client_address import client_network
from web.http.over_limit import may_come_back
from web.keys import LIMITS

FORM = "application/x-www-form-urlencoded"
KEPT = web.RequestKey("kept_form", tuple)
"""(address, fields) of a form that its handler has read as it came, and that no other can read any more:
what of it is to be sent once more, and where to."""
SECRETS = ("password", "code", "token")
"What a field is called that no page may hold."
NOT_TYPED = frozenset(("id", "file_id", "language", "next", "others", "room"))
"Fields of forms of guests that are a button alone: pressing it again is all that is lost."


def is_typed(fields: Mapping[str, str]) -> bool:
    """Whether a form has more in it than the button that was pressed."""
    return any(text.strip() for name, text in fields.items() if name not in NOT_TYPED)


async def kept_form(
    request: web.Request, error: TeleConnectError
) -> tuple[str, dict[str, str]] | None:
    """(address, fields) of a form that nothing was done with but answer `error`; None if it cannot be kept.

    What is read of a stranger counts towards the limit of their network, as for other forms.
    """
    if KEPT in request:
        address, fields = request[KEPT]
        return address, fields
    if request.method != hdrs.METH_POST or request.content_type != FORM:
        return None
    with contextlib.suppress(ValueError, LookupError, web.HTTPException, TooManyRequests):
        if isinstance(error, TooManyRequests):
            if not may_come_back(request):
                return None
        else:
            await request.app[LIMITS].hit("form", client_network(request))
        posted: Any = await request.post()
        fields = {name: value for name, value in posted.items() if isinstance(value, str)}
        if not any(secret in name for name in fields for secret in SECRETS):
            return request.path_qs, fields
    return None
