"""The page between a right password and being signed in: the second step."""

import htpy as h

from signaling.second_factor import SecondFactors
from web.markup.accounts.credentials import ACCOUNT_STYLES
from web.markup.accounts.sign_in_ways import PASSKEY_SCRIPTS, passkey_button
from web.markup.shared.controls import code_field, error_summary, field, go, submit
from web.markup.shared.document import document
from web.routes import path
from web.view_models import Form, Viewer


def second_step_page(
    viewer: Viewer, form: Form, email: str, factors: SecondFactors, *, with_recovery: bool
) -> h.Element:
    """What the account has is offered, the app first; `with_recovery` shows the field for such a code."""
    _ = viewer.translate
    labels = [("code", code_label(viewer)), ("recovery", _("Recovery code"))]
    return document(
        viewer,
        _("Second step"),
        h.div(".narrow")[
            h.h1[_("Second step")],
            h.p(".hint")[h.bdi[email]],
            error_summary(viewer, form, labels),
            with_recovery and _recovery(viewer, form),
            not with_recovery and factors.app is not None and _code(viewer, form),
            bool(factors.passkeys)
            and passkey_button(
                viewer,
                _("Use a passkey"),
                path("sign_in_passkey_options"),
                path("sign_in_passkey"),
                second=True,
            ),
            h.div(".actions")[
                (with_recovery and go(path("sign_in_code"), _("Back")))
                or go(path("sign_in_code"), _("Use a recovery code"), name="recovery", value="1"),
                go(path("sign_in"), _("Sign in as somebody else")),
            ],
            h.p(".hint")[
                _("If you have lost your phone and have no recovery code, ask an administrator.")
            ],
        ],
        beside=PASSKEY_SCRIPTS,
        stylesheets=ACCOUNT_STYLES,
    )


def code_label(viewer: Viewer) -> str:
    _ = viewer.translate
    return _("Code from your authenticator app")


def _code(viewer: Viewer, form: Form) -> h.Element:
    _ = viewer.translate
    return h.form(".card", method="post", action=path("sign_in_code"))[
        code_field(form, "code", code_label(viewer), hint=_("Six digits, new every 30 seconds.")),
        submit(_("Sign in")),
    ]


def _recovery(viewer: Viewer, form: Form) -> h.Element:
    _ = viewer.translate
    return h.form(".card", method="post", action=path("sign_in_code"))[
        field(
            form,
            "recovery",
            _("Recovery code"),
            hint=_("One of the codes that you printed or copied. Each works once."),
            required=True,
            direction="ltr",
        ),
        submit(_("Sign in")),
    ]
