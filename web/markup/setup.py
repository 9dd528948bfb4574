"""The page behind the one-time address of the first start."""

import htpy as h

from web.markup.controls import error_summary, field, submit
from web.markup.document import document
from web.views import Form, Viewer


def setup_page(viewer: Viewer, form: Form, action: str) -> h.Element:
    """The form that makes the first administrator; `action` is where it is posted to."""
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
                field(form, "name", _("Name"), required=True, autocomplete="name", maximum=80),
                field(
                    form,
                    "email",
                    _("Email"),
                    kind="email",
                    required=True,
                    autocomplete="username",
                    direction="ltr",
                ),
                field(
                    form,
                    "password",
                    _("Password"),
                    kind="password",
                    hint=_("At least 12 characters. A few words are easier to remember."),
                    required=True,
                    autocomplete="new-password",
                    direction="ltr",
                ),
                submit(_("Create account")),
            ],
        ],
    )
