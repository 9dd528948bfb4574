"""The page behind a one-time address at which somebody chooses a new password."""

import htpy as h

from web.markup.accounts.credentials import password_field, whose
from web.markup.shared.controls import error_summary, submit
from web.markup.shared.document import document
from web.view_models import Form, Viewer


def choose_password_page(viewer: Viewer, form: Form, email: str, action: str) -> h.Element:
    """`action` is where the form is posted to: the address itself."""
    _ = viewer.translate
    return document(
        viewer,
        _("A new password"),
        h.div(".narrow")[
            h.h1[_("A new password")],
            h.p[h.bdi[email]],
            error_summary(viewer, form, [("password", _("New password"))]),
            h.form(".card", method="post", action=action)[
                whose(email),
                password_field(viewer, form, label=_("New password"), new=True),
                h.p(".hint")[
                    _("This browser will then be signed in, and all others will be signed out.")
                ],
                submit(_("Save the password")),
            ],
        ],
    )
