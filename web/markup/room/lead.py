"""The heading, the state of the session, and the scheduler's next step."""

import htpy as h

from signaling.moments.milliseconds import maybe_ms
from web.markup.shared.controls import button
from web.markup.shared.labels import appointment, filled, guest_heading, is_far_ahead
from web.routes import path
from web.texts.directions import apart
from web.view_models import SessionView, Viewer


def connection(viewer: Viewer, *, offline: bool) -> h.Element:
    """What is wrong with the line; a script says it as soon as it knows."""
    _ = viewer.translate
    return h.p("#connection.notice.warning", role="status", hidden=not offline)[
        offline
        and _("Connection lost. Reconnecting… What you write is sent as soon as it is back.")
    ]


def lead(viewer: Viewer, view: SessionView, scheduler: bool) -> h.Element:
    """The heading, the state of the session, and the scheduler's next step."""
    _ = viewer.translate
    return h.div(".lead")[
        h.h1("#heading")[
            # in a new tab, as leaving this page would end the call
            h.a(
                href=path("case", consultation_id=view.consultation_id),
                target="_blank",
                rel="noopener",
            )[h.bdi[view.title]]
            if scheduler
            else _("No connection")
            if view.offline
            else guest_heading(viewer, view.state)
        ],
        not scheduler
        and h.p(".hint", hidden=view.offline)[
            filled(_("Session with %(name)s"), name=h.bdi("#host")[view.scheduler_name])
        ],
        _date(viewer, view),
        h.p("#other-side", role="status", data_ahead=_ahead(viewer, view))[
            _("Loading…") if scheduler else not view.offline and _guest_sentence(viewer, view)
        ],
        button("use-here", _("Use here"), style="primary", hidden=""),
        scheduler
        and h.div(".actions")[
            button(
                "start-session",
                _("Start the session"),
                style="primary",
                disabled="",
                hidden="",
                aria_describedby="start-reason",
            ),
            button("resume-session", _("Resume the session"), style="primary", hidden=""),
            button("terminate-session", _("Terminate the session"), hidden=""),
            # in a new tab, as leaving this page would end the call
            view.may_invite
            and h.a(
                "#invite-colleague.button",
                href=path("session_people", consultation_id=view.consultation_id),
                target="_blank",
                rel="noopener",
            )[_("Invite a colleague")],
            h.p("#start-reason.hint", hidden=True)[
                _("The session cannot start yet: the other person is not connected.")
            ],
        ],
    ]


def _date(viewer: Viewer, view: SessionView) -> h.Node:
    """When the session is planned; `room/changed.js` follows it."""
    if view.planned_at is None:
        return None
    return h.p("#planned.hint", data_at=maybe_ms(view.planned_at))[
        appointment(viewer, view.planned_at)
    ]


def _ahead(viewer: Viewer, view: SessionView) -> str | None:
    """What is said instead of that somebody has not joined yet, while the date is far ahead."""
    _ = viewer.translate
    return (
        _("You can still write messages here.") if is_far_ahead(viewer, view.planned_at) else None
    )


def _guest_sentence(viewer: Viewer, view: SessionView) -> str:
    """As of when the page was asked for; `room/header.js` writes it once the room is there."""
    _ = viewer.translate
    if view.state in ("closed", "canceled"):
        return _("You can close this page.")
    if view.state == "kept_open":
        return _("You can still write messages here.")
    if view.state == "active":
        sentence = _("%(name)s has lost the connection. Please stay here and wait.")
        if view.host == "here":
            return ""
    elif view.host == "away" and (ahead := _ahead(viewer, view)):
        return ahead
    else:
        sentence = {
            "here": _("%(name)s is here. The session will start soon."),
            "busy": _("%(name)s is in another session. Please wait."),
            "away": _(
                "%(name)s has not joined yet. Keep this page open; you can already write a message."
            ),
        }[view.host]
    return sentence % {"name": apart(view.scheduler_name)}
