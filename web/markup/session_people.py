"""The form that invites one more person to a session."""

import htpy as h

from web.markup.controls import error_summary, field, go, radios, select, submit
from web.markup.document import document
from web.routes import path
from web.views import Form, Viewer


def session_people_page(
    viewer: Viewer, form: Form, consultation_id: str, *, companions: bool
) -> h.Element:
    """`companions`: whether a loved one may still be invited, not only a colleague."""
    _ = viewer.translate
    labels = [
        ("name", _("Name")),
        ("address", _("Email or mobile number")),
        ("language", _("Language")),
    ]
    return document(
        viewer,
        _("Invite one more person"),
        h.div(".narrow")[
            h.h1[_("Invite one more person")],
            h.p(".hint")[_("Everybody in the session reads in the chat who was added.")],
            error_summary(viewer, form, labels),
            h.form(
                ".card",
                method="post",
                action=path("session_people", consultation_id=consultation_id),
            )[
                companions
                and radios(
                    form,
                    "role",
                    _("Who is it?"),
                    [("colleague", _("Colleague")), ("companion", _("Companion"))],
                ),
                field(form, "name", _("Name"), maximum=80),
                field(
                    form,
                    "address",
                    _("Email or mobile number"),
                    required=True,
                    maximum=254,
                    direction="ltr",
                ),
                select(form, "language", _("Language"), viewer.languages, default=viewer.language),
                submit(_("Send")),
            ],
            go(path("session", consultation_id=consultation_id), _("Back to the session")),
        ],
    )
