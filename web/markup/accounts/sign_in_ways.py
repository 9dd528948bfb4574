"""Ways to sign in beside a password, on the sign-in page."""

import htpy as h

from web.markup.shared.controls import button, notice
from web.routes import path
from web.view_models import Viewer

PASSKEY_SCRIPTS = ("js/pages/passkey.js",)
"The module of the button."


def passkey_way(viewer: Viewer, next_address: str = "") -> h.Node:
    """The button "Sign in with a passkey"; a script shows it where the browser has passkeys."""
    _ = viewer.translate
    return passkey_button(
        viewer,
        _("Sign in with a passkey"),
        path("sign_in_passkey_options"),
        path("sign_in_passkey"),
        next_address=next_address,
        autofill=True,
    )


def passkey_button(
    viewer: Viewer,
    label: str,
    options: str,
    answer: str,
    *,
    next_address: str = "",
    second: bool = False,
    autofill: bool = False,
) -> h.Node:
    """A button for `js/pages/passkey.js`, and where passkeys belong if not here.

    `options` and `answer` are the addresses that the script posts to; with `autofill` passkeys are
    also offered at the field for the email.
    """
    _ = viewer.translate
    if not viewer.passkey_origin:
        return None
    return h.div(
        "#passkey",
        hidden=True,
        data_options=options,
        data_answer=answer,
        data_next=next_address or None,
        data_second="" if second else None,
        data_autofill="" if autofill else None,
        data_origin=viewer.passkey_origin,
    )[
        h.p(".passkey-here")[button("use-passkey", label)],
        h.div(".passkey-elsewhere", hidden=True)[passkeys_elsewhere(viewer)],
        h.p("#passkey-problem.error", role="alert"),
    ]


def passkeys_elsewhere(viewer: Viewer) -> h.Element:
    """That passkeys belong to the public address, for a page under another name of the server."""
    _ = viewer.translate
    return notice(
        [
            _("Passkeys work only at this address:"),
            " ",
            h.a(href=viewer.passkey_origin + path("sign_in"), dir="ltr")[viewer.passkey_origin],
        ]
    )


def provider_way(
    viewer: Viewer, label: str, back_to: str = "", *, primary: bool = False
) -> h.Element:
    """The link to the organization's provider."""
    query = {"next": back_to} if back_to else None
    _ = viewer.translate
    sentence = _("Sign in with %(provider)s") % {"provider": label}
    return h.p[leading_away(path("provider_sign_in", query), sentence, primary=primary)]


def leading_away(address: str, label: str, *, primary: bool = False) -> h.Element:
    """A link that looks like a button; a form may not lead to another server (CSP `form-action`)."""
    return h.a(".button.primary" if primary else ".button", href=address)[label]
