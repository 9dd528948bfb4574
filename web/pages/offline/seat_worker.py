"""The service worker of a seat, which opens the session page without a line (W3C Service Workers).

A worker of its own for each seat: its scope is the address of that page, so it neither sees nor
answers anything else.
"""

import json

from aiohttp import hdrs, web

from web.http.engine import is_older
from web.keys import STATIC
from web.routes import PATHS, path
from web.static_files import packed_response

SCRIPT = "js/worker/seat.js"
FILES = ("static", "catalog", "brand_colors", "brand_logo")
"Addresses of what is the same for everybody, and so may be in the worker's cache."
ADDRESSES = {
    "page": PATHS["seat"],
    "shell": PATHS["seat_shell"],
    "messages": PATHS["seat_messages"],
    "files": sorted({PATHS[name].partition("{")[0] for name in FILES}),
}


async def seat_worker(request: web.Request) -> web.Response:
    """The script, the same for every id: whether there is such a seat only its page says."""
    addresses = f"self.ADDRESSES={json.dumps(ADDRESSES)};\n"
    older = is_older(request.headers.get(hdrs.USER_AGENT, ""))
    script = addresses.encode() + request.app[STATIC].build(older=older).plain(SCRIPT)
    response = packed_response(request, script, "text/javascript", for_ever=False)
    # the page itself stands above the worker's folder (Service Workers, "Service-Worker-Allowed")
    scope = path("seat", invite_id=request.match_info["invite_id"])
    response.headers["Service-Worker-Allowed"] = scope
    return response
