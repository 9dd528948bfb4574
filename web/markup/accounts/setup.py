"""The page of the one-time address of the first start."""

import htpy as h

from web.markup.accounts.credentials import (
    ACCOUNT_STYLES,
    SHOW_PASSWORDS,
    email_field,
    password_field,
)
from web.markup.shared.controls import error_summary, field, submit
from web.markup.shared.document import document
from web.view_models import Form, Viewer


def setup_page(viewer: Viewer, form: Form, action: str) -> h.Element:
    """The form for the first administrator's account; `action` is where it is posted."""
    _ = viewer.translate
    labels = [("name", _("Name")), ("email", _("Email")), ("password", _("Password"))]
    return document(
        viewer,
        _("Set up this server"),
        h.div(".narrow")[
            h.h1[_("Set up this server")],
            h.p[_("Create the account of the first administrator.")],
            error_summary(viewer, form, labels),
            h.form(".card", method="post", action=action)[
                field(form, "name", _("Name"), required=True, autocomplete="name"),
                email_field(viewer, form),
                password_field(viewer, form, new=True),
                submit(_("Create account")),
            ],
        ],
        beside=SHOW_PASSWORDS,
        stylesheets=ACCOUNT_STYLES,
    )
