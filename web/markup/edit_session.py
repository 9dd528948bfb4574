"""The form behind "Edit": date, awaited person, and who else is invited."""

from collections.abc import Sequence

import htpy as h

from web.markup.controls import action, error_summary, field, go, select, submit
from web.markup.document import document
from web.routes import path
from web.views import Form, Viewer


def edit_session_page(
    viewer: Viewer,
    form: Form,
    consultation_id: str,
    removable: Sequence[tuple[str, str, str]],
) -> h.Element:
    """`removable` are (invite id, name, role) of people who may be taken off the session."""
    _ = viewer.translate
    labels = [
        ("first_name", _("First name")),
        ("last_name", _("Last name")),
        ("address", _("Email or mobile number")),
        ("language", _("Language")),
        ("date", _("Date")),
        ("time", _("Time")),
        ("time_zone", _("Time zone")),
    ]
    return document(
        viewer,
        _("Edit"),
        h.div(".narrow")[
            h.h1[_("Edit")],
            error_summary(viewer, form, labels),
            h.form(
                ".card",
                method="post",
                action=path("edit_session", consultation_id=consultation_id),
            )[
                h.div(".pair")[
                    field(form, "first_name", _("First name"), maximum=80),
                    field(form, "last_name", _("Last name"), maximum=80),
                ],
                field(
                    form,
                    "address",
                    _("Email or mobile number"),
                    maximum=254,
                    direction="ltr",
                ),
                select(form, "language", _("Language"), viewer.languages, default=viewer.language),
                submit(_("Save")),
            ],
            [
                h.p[
                    h.bdi[name],
                    " ",
                    action(path("invite_remove", invite_id=invite_id), _("Remove")),
                ]
                for invite_id, name, _role in removable
            ],
            go(path("invites"), _("Invites")),
        ],
    )
