"""The moment that a form's date and time mean under the server's time zone rules, as JSON."""

from datetime import datetime

from aiohttp import web

from signaling.errors import InvalidInput
from signaling.moments.moment import AmbiguousTime
from web.forms.invitation import Reading, Typed, read_moment
from web.http.errors import sentence
from web.http.forms import reading_of
from web.http.request import asked_language, signed_in, viewer_of
from web.markup.desk.plan_fields import both_clocks
from web.texts import dates
from web.zones.cities import city, places
from web.zones.names import todays_name


async def show_zones(request: web.Request) -> web.Response:
    """Every offered zone as [zone, label, other names], those of the `language` in the query first."""
    await signed_in(request)
    viewer = await viewer_of(request)
    found = places(viewer.language, asked_language(request, viewer))
    return web.json_response({"near": found.near, "others": found.others})


async def show_clocks(request: web.Request) -> web.Response:
    """The typed time in its zone and in the scheduler's, in words and for comparison.

    `clocks` is a sentence, empty while nothing is typed; `twice` says that this local time occurs twice
    as the clocks go back. With `at` (milliseconds) and `readings` (zone -> "2026-12-07 14:30") the page
    checks whether the browser has the same rules, and `cities` are what it calls the zones; without a moment they are left out.
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
            "clocks": both_clocks(viewer, at, zone),
            "twice": len(found) > 1,
            "at": int(at.timestamp() * 1000),
            "cities": {name: city(name, viewer.language) for name in zones},
            "readings": {name: f"{dates.local(at, name):%Y-%m-%d %H:%M}" for name in zones},
        }
    )


def _moments(typed: Typed, reading: Reading) -> tuple[list[datetime], str]:
    """One moment or two, and the zone. Raises InvalidInput."""
    try:
        at, zone = read_moment(typed, reading)
        return ([at] if at else []), zone
    except AmbiguousTime as twice:
        return list(twice.moments), todays_name(typed.get("time_zone", "")) or reading.time_zone
