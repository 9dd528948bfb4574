"""The fields for email and password, the same on every form."""

import htpy as h

from signaling.account import PASSWORD_LENGTH
from web.markup.shared.controls import field
from web.view_models import Form, Viewer

SHOW_PASSWORDS = ("js/pages/show-passwords.js",)
"The module of the button beside a password."
ACCOUNT_STYLES = ("css/accounts.css",)


def email_field(viewer: Viewer, form: Form, *, autocomplete: str = "username") -> h.Element:
    _ = viewer.translate
    return field(
        form,
        "email",
        _("Email"),
        kind="email",
        required=True,
        autocomplete=autocomplete,
        direction="ltr",
    )


def password_field(
    viewer: Viewer, form: Form, *, name: str = "password", label: str = "", new: bool = False
) -> h.Element:
    """A field for a password; for a `new` one with a hint about its length."""
    _ = viewer.translate
    hint = _("At least %(length)s characters. A few words in a row are easy to remember.")
    return h.div(".password")[
        field(
            form,
            name,
            label or _("Password"),
            kind="password",
            hint=hint % {"length": PASSWORD_LENGTH} if new else None,
            required=True,
            autocomplete="new-password" if new else "current-password",
            direction="ltr",
        ),
        # shown by the module, without which it does nothing
        h.button(
            type="button", hidden=True, data_show=name, data_hide_label=_("Hide the password")
        )[_("Show the password")],
    ]


def whose(email: str) -> h.VoidElement:
    """The account of a password form, for password managers; people see it elsewhere."""
    return h.input(
        ".unseen",
        type="text",
        name="email",
        value=email,
        autocomplete="username",
        readonly=True,
        tabindex="-1",
        aria_hidden="true",
    )
