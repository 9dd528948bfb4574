"""Asking again who it is."""

import htpy as h

from signaling.second_factor import SecondFactors
from web.markup.accounts.credentials import ACCOUNT_STYLES, SHOW_PASSWORDS, password_field, whose
from web.markup.accounts.second_step import code_label
from web.markup.accounts.sign_in_ways import PASSKEY_SCRIPTS, passkey_button
from web.markup.shared.controls import action, code_field, error_summary, go, submit
from web.markup.shared.document import document
from web.routes import path
from web.view_models import Form, Viewer


def proof_page(
    viewer: Viewer,
    form: Form,
    email: str,
    factors: SecondFactors,
    *,
    has_password: bool,
    proof_action: str,
    passkey_action: str,
    provider: str | None,
    provider_address: str,
) -> h.Element:
    """The forms are posted to `proof_action`, the passkey's answer to `passkey_action`.

    `provider` is the name of the one that signed in, if one did.
    """
    _ = viewer.translate
    labels = [("password", _("Password")), ("code", code_label(viewer))]
    return document(
        viewer,
        _("Is it you?"),
        h.div(".narrow")[
            h.h1[_("Is it you?")],
            h.p[_("Before anything changes here, please show once more that it is you.")],
            error_summary(viewer, form, labels),
            has_password
            and h.form(".card", method="post", action=proof_action)[
                whose(email),
                password_field(viewer, form),
                submit(_("Go on")),
            ],
            factors.app is not None
            and h.form(".card", method="post", action=proof_action)[
                code_field(form, "code", code_label(viewer)),
                submit(_("Go on")),
            ],
            bool(factors.passkeys)
            and passkey_button(
                viewer, _("Use a passkey"), path("proof_passkey_options"), passkey_action
            ),
            provider is not None and _again(viewer, provider, provider_address),
            not (has_password or factors.any or provider) and _way_out(viewer),
            h.div(".actions")[go(path("factors"), _("Cancel"))],
        ],
        stylesheets=ACCOUNT_STYLES,
        beside=(*SHOW_PASSWORDS, *PASSKEY_SCRIPTS),
    )


def _again(viewer: Viewer, provider: str, address: str) -> h.Element:
    _ = viewer.translate
    label = _("Sign in with %(provider)s again") % {"provider": provider}
    return h.div(".card")[h.a(".button.primary", href=address)[label]]


def _way_out(viewer: Viewer) -> h.Element:
    """For whoever has nothing to show here."""
    _ = viewer.translate
    return h.div(".card")[
        h.p[_("Please sign out, sign in again, and come back within ten minutes.")],
        action(path("sign_out"), _("Sign out")),
    ]
