"""The fields for a date: "Plan later", the day, the time, and whose clock they are read by."""

from dataclasses import replace
from datetime import datetime, timedelta

import htpy as h

from signaling.moments.moment import AmbiguousTime
from web.markup.shared.controls import checkbox, field, radios, select
from web.routes import path
from web.texts.catalogs import OWN_NAMES
from web.texts.dates import clock_time, comes_twice, local, offset, short_moment
from web.texts.directions import apart
from web.view_models import Form, Viewer
from web.zones.cities import city, label, places

_HALF_HOUR = timedelta(minutes=30)
_STEP = timedelta(minutes=15)
"Offsets of zones are multiples of it."


def plan_fields(
    viewer: Viewer, form: Form, *, every_zone: bool, planned: bool = False
) -> h.Element:
    """ "Plan later" and what it reveals; a session that is `planned` already can only be moved.

    A script fetches the other zones unless `every_zone`, and has the search for a city.
    """
    _ = viewer.translate
    twice = form.errors.get("time") == _(AmbiguousTime.sentence)
    suggested = not planned and not form.values.get("plan_later")
    filled = _with_next_half_hour(viewer, form) if suggested else form
    choices = [
        ("first", _("The first time, before the clocks go back")),
        ("second", _("The second time, after the clocks went back")),
    ]
    return h.div(
        ".reveal",
        data_clocks=path("clocks"),
        data_zones=path("zones"),
        data_suggested=suggested,
    )[
        h.input(type="hidden", name="plan_later", value="on")
        if planned
        else checkbox(form, "plan_later", _("Plan later")),
        h.div("#plan.revealed")[
            h.div(".pair")[
                field(filled, "date", _("Date"), kind="date", direction="ltr"),
                field(filled, "time", _("Time"), kind="time", direction="ltr"),
            ],
            h.div("#twice", hidden=not twice)[
                radios(form, "occurrence", _("This time comes twice that night"), choices)
            ],
            _search(viewer),
            _zones(viewer, form, every_zone=every_zone),
            _hints_of_clocks(viewer),
        ],
    ]


def _search(viewer: Viewer) -> h.Element:
    """Shortens the list of zones. It has no name, so it is not sent with the form."""
    _ = viewer.translate
    return h.div(
        "#find-zone.field",
        hidden=True,
        data_none=_("No such place was found."),
        data_near=_near(viewer),
        data_others=_others(viewer),
    )[
        h.label(for_="zone-search")[_("Find a city or country")],
        h.input("#zone-search", type="search", autocomplete="off", dir="auto"),
        h.p("#zones-found.hint", role="status"),
    ]


def _zones(viewer: Viewer, form: Form, *, every_zone: bool) -> h.Element:
    _ = viewer.translate
    language = viewer.language
    spoken = form.values.get("language", "")
    spoken = spoken if spoken in OWN_NAMES else language
    chosen = form.values.get("time_zone") or viewer.time_zone
    first = dict.fromkeys((chosen, viewer.time_zone, "UTC"))
    found = places(language, spoken) if every_zone else None
    near, others = (
        tuple((place.zone, place.label) for place in part if place.zone not in first)
        for part in (found or ((), ()))
    )
    groups = [(_near(viewer) % {"language": apart(OWN_NAMES[spoken])}, near)]
    return select(
        form,
        "time_zone",
        _("Time zone"),
        [(zone, label(zone, language)) for zone in first],
        groups=[*(groups if near else ()), (_others(viewer), others)] if every_zone else (),
        default=viewer.time_zone,
    )


def _near(viewer: Viewer) -> str:
    _ = viewer.translate
    return _("Where %(language)s is spoken")


def _others(viewer: Viewer) -> str:
    _ = viewer.translate
    return _("All places")


def next_half_hour(now: datetime, time_zone: str) -> datetime:
    """The next full half hour by the clock of a zone, as its local time."""
    quarter = now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0)
    while True:
        quarter += _STEP
        here = local(quarter, time_zone)
        if not here.minute % (_HALF_HOUR // timedelta(minutes=1)):
            return here


def both_clocks(viewer: Viewer, at: datetime, zone: str) -> str:
    """A moment by the clock of `zone` and of the viewer, whose date is left out if it is the same."""
    _ = viewer.translate
    there = apart(_unambiguous(short_moment(at, zone, viewer.language), at, zone))
    place = apart(city(zone, viewer.language))
    if zone == viewer.time_zone:
        return _("%(time)s in %(zone)s") % {"time": there, "zone": place}
    days = {local(at, each).date() for each in (zone, viewer.time_zone)}
    written = short_moment if len(days) > 1 else clock_time
    own = written(at, viewer.time_zone, viewer.language)
    own = apart(_unambiguous(own, at, viewer.time_zone))
    return _("%(time)s in %(zone)s, %(own)s for you") % {"time": there, "zone": place, "own": own}


def _unambiguous(text: str, at: datetime, zone: str) -> str:
    """With the UTC offset if this local time occurs twice."""
    return f"{text} ({offset(at, zone)})" if comes_twice(at, zone) else text


def _with_next_half_hour(viewer: Viewer, form: Form) -> Form:
    """What a session that is not planned yet is offered: a script moves it along."""
    if viewer.now is None:
        return form
    at = next_half_hour(viewer.now, form.values.get("time_zone") or viewer.time_zone)
    moment = {"date": f"{at:%Y-%m-%d}", "time": f"{at:%H:%M}"}
    return replace(form, values={**form.values, **moment})


def _hints_of_clocks(viewer: Viewer) -> list[h.Node]:
    """What a script says about the time that was entered."""
    _ = viewer.translate
    return [
        h.p("#clocks.hint", role="status"),
        h.p(
            "#other-rules.notice.warning",
            role="status",
            hidden=True,
            data_sentence=_(
                "Your browser says %(time)s in %(zone)s, because its time zone rules differ from"
                " those of this server. The time of the server counts."
            ),
        ),
        h.p("#clock-off.notice.warning", role="status", hidden=True),
    ]
