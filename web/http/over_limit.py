"""Forms beyond a rate limit: read all the same where that costs little, so that nothing typed is lost.

What limits protect is what a form has done. To read a small one and to show it again takes a tenth of
a millisecond; it has a limit of its own, beyond which the answer is a sentence alone.
"""

from aiohttp import hdrs, web

from signaling.errors import TooManyRequests
from web.http.client_address import client_network
from web.keys import LIMITS

MOST_BYTES = 64 * 2**10
_ERROR = web.RequestKey("over_limit", TooManyRequests)


def wants_page(request: web.Request) -> bool:
    """Whether a browser asks, whose answer is shown."""
    return "text/html" in request.headers.get(hdrs.ACCEPT, "")


def may_come_back(request: web.Request) -> bool:
    """Whether a refused form may be read, to show it again; it counts."""
    length = request.content_length
    small = length is not None and length <= MOST_BYTES
    if not (small and request.method == hdrs.METH_POST and wants_page(request)):
        return False
    return not request.app[LIMITS].take("returned_form", client_network(request))


def note_over_limit(request: web.Request, error: TooManyRequests) -> None:
    """Leave it to the handler to refuse the form, by `check_limit`."""
    request[_ERROR] = error


def check_limit(request: web.Request) -> None:
    """To be called before a form has any effect. Raises TooManyRequests."""
    if _ERROR in request:
        raise request[_ERROR]
