"""Rules for all sessions and their reports: a form of the settings page."""

from collections.abc import Collection

import htpy as h

from signaling.flows.sessions.planning import ADD_IN_PROGRESS
from signaling.report import (
    ENDING_IN_REPORT,
    NAMES_IN_REPORT,
    PASSWORD_ON_REPORT,
    PHOTOS_IN_REPORT,
)
from web.markup.shared.controls import checkbox, submit
from web.routes import path
from web.view_models import Form, Viewer


def session_rules(viewer: Viewer, chosen: Collection[str]) -> h.Element:
    """`chosen` are the rules that are on."""
    _ = viewer.translate
    form = Form(dict.fromkeys(chosen, "on"))
    return h.form(".card", method="post", action=path("admin_sessions"))[
        checkbox(
            form,
            ADD_IN_PROGRESS,
            _("Colleagues may be invited to a session in progress"),
            hint=_("Its scheduler invites them. It is announced in the chat and logged."),
        ),
        h.h3[_("What is in a report")],
        h.p(".hint")[_("Date, start time and chat are in every report.")],
        checkbox(form, NAMES_IN_REPORT, _("Names of the participants")),
        checkbox(form, ENDING_IN_REPORT, _("End and duration")),
        checkbox(
            form,
            PHOTOS_IN_REPORT,
            _("Photos in the report"),
            hint=_(
                "Reports show the photos of the chat and have its PDFs at their end."
                " Otherwise they only name them."
            ),
        ),
        checkbox(
            form,
            PASSWORD_ON_REPORT,
            _("A password on the report"),
            hint=_(
                "Whoever exports a report chooses a password, without which nobody can open the"
                " file. It is not kept here."
            ),
        ),
        submit(_("Save")),
    ]
