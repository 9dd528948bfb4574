"""The page of a personal link, before joining. Works without scripts."""

from math import ceil

import htpy as h
from markupsafe import Markup

from web.markup.guests.in_app import in_app
from web.markup.guests.left_behind import left_behind
from web.markup.shared.document import document, message_page, whole_page
from web.markup.shared.labels import appointment, filled
from web.static_files import FIRST_SHEET, SEAT_SHEET
from web.texts.call_costs import call_costs, megabytes
from web.texts.directions import apart
from web.view_models import LandingView, Viewer

OTHERS, LEAVE, KEEP = "others", "leave", "keep"
"A field for what happens to this browser's other seats, and its two values."
ROOM, HERE, PART, PLAIN = "room", "here", "part", "plain"
"""A field with which the answer is the session page itself (a redirect is a round trip), or, for a script
(`js/room/joining.js`), what of it takes the place of this page's content; or, where no script runs, the
simple page."""

ASKS_AGAIN = 1800
"Seconds after which a page without scripts that is too early looks whether it still is."


def landing_page(viewer: Viewer, view: LandingView) -> h.Element:
    _ = viewer.translate
    return document(
        viewer,
        viewer.brand,
        h.div(".narrow.landing")[
            h.h1[
                _("%(name)s invites you to a session")
                # Isolated, so that a name of the other direction does not reorder the sentence.
                % {"name": apart(view.scheduler_name)}
            ],
            view.planned_at is not None and h.p(".when")[appointment(viewer, view.planned_at)],
            h.p("#clock-off.notice.warning", role="status", hidden=True),
            h.p("#elsewhere.notice.warning", role="status", hidden=True),
            _join(viewer, view) if view.state == "ready" else _too_early(viewer, view),
        ],
        module="js/pages/landing.js",
        first=[whole_page(viewer), _again_when_it_is_time(viewer, view)],
        sheet=SEAT_SHEET,
        inline=FIRST_SHEET,
        waits=False,
        link=view.link,
        service_user=True,
        data={
            "opens-at": str(int(view.opens_at.timestamp() * 1000)) if view.opens_at else None,
            "socket": view.socket_path,
            "home": view.home,
            "next-files": " ".join(view.next_files) or None,
        },
    )


def _again_when_it_is_time(viewer: Viewer, view: LandingView) -> h.Node:
    """Without scripts the browser itself asks again; at times before, as sessions are brought forward."""
    if view.opens_at is None or viewer.now is None:
        return None
    left = ceil((view.opens_at - viewer.now).total_seconds()) + 1
    return h.noscript[h.meta(http_equiv="refresh", content=str(min(left, ASKS_AGAIN)))]


def _join(viewer: Viewer, view: LandingView) -> h.Node:
    _ = viewer.translate
    return [
        _whose(viewer, view)
        if view.sits_elsewhere
        else h.form(
            method="post",
            action=view.join_path,
            data_seat=view.seat_path,
            data_joining=_("Connecting…"),
        )[_in_place(), h.button(".primary.huge", type="submit")[_("Join the session")]],
        in_app(viewer, view.link, apart=True),
        h.p[_("You can write messages, speak and see each other. Nothing needs to be installed.")],
        _costs(viewer, view),
        h.p(".hint")[_("By joining you accept these terms:")],
        _terms(viewer, view),
        h.p[
            h.a(".button", href=view.test_path)[_("Test my device")],
            " ",
            h.a(".button", href=view.help_path)[_("Help")],
        ],
    ]


def _costs(viewer: Viewer, view: LandingView) -> h.Element:
    """What a call will take of a data plan, for those who pay for every megabyte."""
    _ = viewer.translate
    costs = call_costs(relayed=view.relayed)
    sentence = _(
        "A call uses about %(video)s of data a minute with video, and about %(audio)s with audio only."
    )
    return h.p(".hint")[
        sentence
        % {
            # Isolated, because some languages write the unit in Latin letters.
            "video": apart(megabytes(costs.video, viewer.language)),
            "audio": apart(megabytes(costs.audio, viewer.language)),
        }
    ]


def _in_place() -> h.Node:
    """The last one counts: a browser that runs scripts does not know of the second."""
    return [
        h.input(type="hidden", name=ROOM, value=HERE),
        h.noscript[h.input(type="hidden", name=ROOM, value=PLAIN)],
    ]


def _terms(viewer: Viewer, view: LandingView) -> h.Element:
    _ = viewer.translate
    if not view.terms_html:
        return h.p[h.a(href=view.terms_path)[_("Terms of use")]]
    return h.details(".card")[
        h.summary[_("Terms of use")],
        h.div(".prose")[Markup(view.terms_html)],
        h.p[h.a(href=view.terms_path)[_("Show as a page of its own")]],
    ]


def _whose(viewer: Viewer, view: LandingView) -> h.Element:
    """The question when this browser has another seat, most likely its previous user's."""
    _ = viewer.translate
    return h.div(".notice.warning", role="alert")[
        h.p[
            _("Another session is open in this browser. If it is not yours, please leave it first.")
        ],
        [
            h.form(
                method="post",
                action=view.join_path,
                data_seat=view.seat_path,
                data_leave=answer == LEAVE,
                data_joining=_("Connecting…"),
            )[
                h.input(type="hidden", name=OTHERS, value=answer),
                _in_place(),
                h.button({"type": "submit", "class": style})[label],
            ]
            for answer, label, style in (
                (LEAVE, _("Leave the other session and join"), "primary huge"),
                (KEEP, _("Both sessions are mine: join"), ""),
            )
        ],
    ]


def _too_early(viewer: Viewer, view: LandingView) -> h.Node:
    _ = viewer.translate
    return [
        h.div(".notice.info")[
            h.p[_("You are early. Keep this page open: it will let you in when it is time.")],
            view.opens_at is not None
            and h.p[
                filled(
                    _("You can join from %(time)s"),
                    time=appointment(viewer, view.opens_at, with_zone=False),
                )
            ],
            h.p("#countdown", role="timer"),
        ],
        in_app(viewer, view.link, apart=True),
        _costs(viewer, view),
        h.p[h.a(".button", href=view.test_path)[_("Test my device")]],
        view.calendar_path
        and h.p[h.a(".button", href=view.calendar_path)[_("Add to my calendar")]],
    ]


def closed_link_page(viewer: Viewer, sentence: str, seat: str = "") -> h.Element:
    """For a link that is too late, revoked or unknown: one translated sentence.

    `seat` is the one that the reader's browser had by it, if the address does not name it: what was
    written there and not sent is shown once more. In a browser that has no seat at all nothing is kept.
    """
    _ = viewer.translate
    return message_page(
        viewer,
        _("This link no longer works"),
        sentence,
        more=left_behind(viewer),
        data={"over": seat, "no-seat": None if viewer.seated else ""},
    )
