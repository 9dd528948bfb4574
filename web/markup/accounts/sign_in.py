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
from web.markup.accounts.sign_in_ways import PASSKEY_SCRIPTS, passkey_way, provider_way
from web.markup.shared.controls import error_summary, submit
from web.markup.shared.document import document
from web.routes import path
from web.view_models import Form, ProviderWay, Viewer


def sign_in_page(
    viewer: Viewer, form: Form, provider: ProviderWay | None = None, *, over: bool = False
) -> h.Element:
    """`provider` is the organization's, if one is set. `over`: the time of an earlier sign-in is over."""
    _ = viewer.translate
    labels = [("email", _("Email")), ("password", _("Password"))]
    way, only = None, provider is not None and provider.only
    if provider is not None:
        back_to = form.values.get("next", "")
        way = provider_way(viewer, provider.label, back_to, primary=only)
    return document(
        viewer,
        _("Sign in"),
        h.div(".narrow")[
            h.h1[_("Sign in")],
            sign_in_reason(viewer, form, over=over),
            error_summary(viewer, form, labels),
            way,
            not only
            and h.form(".card", method="post", action=path("sign_in"))[
                form.values.get("next")
                and h.input(type="hidden", name="next", value=form.values["next"]),
                email_field(viewer, form, autocomplete="username webauthn"),
                password_field(viewer, form),
                forgotten_link(viewer),
                submit(_("Sign in")),
            ],
            not only and passkey_way(viewer, form.values.get("next", "")),
        ],
        beside=(*SHOW_PASSWORDS, *PASSKEY_SCRIPTS),
        stylesheets=ACCOUNT_STYLES,
    )
