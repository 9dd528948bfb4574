"""The sign-in page."""

import htpy as h

from web.markup.accounts.credentials import (
    ACCOUNT_STYLES,
    SHOW_PASSWORDS,
    email_field,
    password_field,
)
from web.markup.accounts.forgotten_password import forgotten_link
from web.markup.accounts.sign_in_reason import sign_in_reason
from web.markup.accounts.sign_in_ways import PASSKEY_SCRIPTS, passkey_way
from web.markup.shared.controls import error_summary, submit
from web.markup.shared.document import document
from web.routes import path
from web.view_models import Form, Viewer


def sign_in_page(viewer: Viewer, form: Form, *, over: bool = False) -> h.Element:
    """`over`: the time of an earlier sign-in is over."""
    _ = viewer.translate
    labels = [("email", _("Email")), ("password", _("Password"))]
    return document(
        viewer,
        _("Sign in"),
        h.div(".narrow")[
            h.h1[_("Sign in")],
            sign_in_reason(viewer, form, over=over),
            error_summary(viewer, form, labels),
            h.form(".card", method="post", action=path("sign_in"))[
                form.values.get("next")
                and h.input(type="hidden", name="next", value=form.values["next"]),
                email_field(viewer, form, autocomplete="username webauthn"),
                password_field(viewer, form),
                forgotten_link(viewer),
                submit(_("Sign in")),
            ],
            passkey_way(viewer, form.values.get("next", "")),
        ],
        beside=(*SHOW_PASSWORDS, *PASSKEY_SCRIPTS),
        stylesheets=ACCOUNT_STYLES,
    )
