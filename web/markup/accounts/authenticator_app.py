"""Setting up an authenticator app: the secret as QR code and as text, and the first code."""

import htpy as h
from markupsafe import Markup

from web.markup.accounts.credentials import ACCOUNT_STYLES
from web.markup.accounts.second_step import code_label
from web.markup.shared.controls import code_field, error_summary, go, submit
from web.markup.shared.document import document
from web.routes import path
from web.view_models import Form, Viewer

GROUP = 4
"Characters of the secret that are written together."


def authenticator_app_page(
    viewer: Viewer, form: Form, secret: str, *, address: str, qr_svg: str
) -> h.Element:
    """`address` is what the QR code holds, for an app on the same device."""
    _ = viewer.translate
    groups = " ".join(secret[at : at + GROUP] for at in range(0, len(secret), GROUP))
    return document(
        viewer,
        _("Set up an authenticator app"),
        h.div(".narrow")[
            h.h1[_("Set up an authenticator app")],
            error_summary(viewer, form, [("code", code_label(viewer))]),
            h.ol[
                h.li[_("Open an authenticator app on your phone, or install one.")],
                h.li[_("Scan this code with the app.")],
                h.li[_("Type the six digits that the app shows.")],
            ],
            h.div(".qr", role="img", aria_label=_("QR code for the authenticator app"))[
                Markup(qr_svg)
            ],
            h.details[
                h.summary[_("Cannot scan the code?")],
                h.p[_("Type this key into the app. It is for you only.")],
                h.p("#secret.link-text", dir="ltr")[groups],
                h.p[h.a(href=address)[_("Open the app on this device")]],
            ],
            h.form(".card", method="post", action=path("authenticator_app"))[
                code_field(form, "code", code_label(viewer)),
                submit(_("Set up")),
            ],
            h.div(".actions")[go(path("factors"), _("Cancel"))],
        ],
        stylesheets=ACCOUNT_STYLES,
    )
