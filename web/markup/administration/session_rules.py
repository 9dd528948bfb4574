"""Rules for everybody's sessions."""

import htpy as h

from signaling.flows.sessions.planning import ADD_IN_PROGRESS
from web.markup.administration.frame import administration_frame
from web.markup.shared.controls import checkbox, submit
from web.routes import path
from web.view_models import Form, Viewer


def session_rules_page(viewer: Viewer, *, in_progress: bool) -> h.Element:
    """`in_progress`: whether colleagues may be invited while a session goes on."""
    _ = viewer.translate
    return administration_frame(
        viewer,
        _("Sessions"),
        h.form(".card", method="post", action=path("admin_sessions"))[
            checkbox(
                Form({ADD_IN_PROGRESS: "on"} if in_progress else {}),
                ADD_IN_PROGRESS,
                _("Colleagues may be invited to a session in progress"),
                hint=_("It is announced in the chat and logged."),
            ),
            submit(_("Save")),
        ],
    )
