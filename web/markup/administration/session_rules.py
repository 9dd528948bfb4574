"""Rules for all sessions."""

from collections.abc import Collection

import htpy as h

from signaling.flows.sessions.planning import ADD_IN_PROGRESS
from signaling.report import PHOTOS_IN_REPORT
from web.markup.administration.frame import administration_frame
from web.markup.shared.controls import checkbox, submit
from web.routes import path
from web.view_models import Form, Viewer


def session_rules_page(viewer: Viewer, chosen: Collection[str]) -> h.Element:
    """`chosen` are the rules that are on."""
    _ = viewer.translate
    form = Form(dict.fromkeys(chosen, "on"))
    return administration_frame(
        viewer,
        _("Sessions"),
        h.form(".card", method="post", action=path("admin_sessions"))[
            checkbox(
                form,
                ADD_IN_PROGRESS,
                _("Colleagues may be invited to a session in progress"),
                hint=_("It is announced in the chat and logged."),
            ),
            checkbox(
                form,
                PHOTOS_IN_REPORT,
                _("Photos in the report"),
                hint=_(
                    "Reports show the photos of the chat and have its PDFs at their end."
                    " Otherwise they only name them."
                ),
            ),
            submit(_("Save")),
        ],
    )
