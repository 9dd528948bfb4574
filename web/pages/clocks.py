"""Which moment the date and time of a form are, by this server's rules of time zones; as JSON."""

from datetime import datetime

from aiohttp import web

from signaling.errors import InvalidInput
from signaling.moments.moment import AmbiguousTime
from web.forms.invitation import Reading, Typed, read_moment
from web.http.errors import (
    sentence,
)
from web.http.forms import reading_of
from web.http.request import (
    signed_in,
    viewer_of,
)
from web.texts import dates
from web.texts.directions import apart
from web.view_models import Viewer
from web.zones.names import offered_zones, todays_name


async def show_zones(request: web.Request) -> web.Response:
    """Every zone that is offered, as a list."""
    await signed_in(request)
    return web.json_response(offered_zones())


async def show_clocks(request: web.Request) -> web.Response:
    """The clocks there and at the scheduler's for what is typed, in words and for comparison.

    `clocks` is a sentence, empty while nothing is typed; `twice` tells that the clocks go back and
    show that time again. `at` (milliseconds) and `readings` (zone -> "2026-12-07 14:30") are for the
    page to see whether the browser has the same rules; without a moment they are left out.
    """
    account, viewer = await signed_in(request), await viewer_of(request)
    typed = {**request.query, "plan_later": "on", "occurrence": ""}
    if not typed.get("date") or not typed.get("time"):
        return web.json_response({"clocks": "", "twice": False})
    try:
        found, zone = _moments(typed, reading_of(request, account, viewer, typed))
    except InvalidInput as error:
        return web.json_response({"clocks": sentence(error, viewer.translate), "twice": False})
    at = found[-1 if request.query.get("occurrence") == "second" else 0]
    zones = dict.fromkeys((zone, viewer.time_zone))
    return web.json_response(
        {
            "clocks": _in_words(viewer, at, zone),
            "twice": len(found) > 1,
            "at": int(at.timestamp() * 1000),
            "readings": {one: f"{dates.local(at, one):%Y-%m-%d %H:%M}" for one in zones},
        }
    )


def _moments(typed: Typed, reading: Reading) -> tuple[list[datetime], str]:
    """One moment or two, and the zone. Raises InvalidInput."""
    try:
        at, zone = read_moment(typed, reading)
        return ([at] if at else []), zone
    except AmbiguousTime as twice:
        return list(twice.moments), todays_name(typed.get("time_zone", "")) or reading.time_zone


def _in_words(viewer: Viewer, at: datetime, zone: str) -> str:
    _ = viewer.translate
    time = apart(_clocks(at, zone, viewer.language))
    there = _("%(time)s in %(zone)s") % {"time": time, "zone": apart(zone.replace("_", " "))}
    if zone == viewer.time_zone:
        return there
    own = apart(_clocks(at, viewer.time_zone, viewer.language))
    here = _("For you: %(time)s") % {"time": own}
    return f"{there} · {here}"


def _clocks(at: datetime, zone: str, language: str) -> str:
    """With the offset of those that show this time twice."""
    text = dates.short_moment(at, zone, language)
    return f"{text} ({dates.offset(at, zone)})" if dates.comes_twice(at, zone) else text
