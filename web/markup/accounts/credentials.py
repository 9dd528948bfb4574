"""The fields by which somebody signs in: the same on every form that asks for them."""

import htpy as h

from signaling.account import PASSWORD_LENGTH
from web.markup.shared.controls import field
from web.view_models import Form, Viewer


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
    """A password; a new one is told how long it must be."""
    _ = viewer.translate
    hint = _("At least %(length)s characters. A few words are easier to remember.")
    return field(
        form,
        name,
        label or _("Password"),
        kind="password",
        hint=hint % {"length": PASSWORD_LENGTH} if new else None,
        required=True,
        autocomplete="new-password" if new else "current-password",
        direction="ltr",
    )


def whose(email: str) -> h.VoidElement:
    """Whose password a form asks for: password managers look for it, people see it elsewhere."""
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
