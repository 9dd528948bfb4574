""" "Forgot your password?": asking for a mail, and what is said to everybody who has asked."""

from typing import Literal

import htpy as h

from web.markup.accounts.credentials import email_field
from web.markup.shared.controls import error_summary, go, notice, submit
from web.markup.shared.document import document
from web.markup.shared.labels import filled
from web.routes import path
from web.view_models import Form, Viewer

MailState = Literal["works", "fails", "missing"]


def forgotten_page(viewer: Viewer, form: Form, mail: MailState) -> h.Element:
    _ = viewer.translate
    return document(
        viewer,
        _("Forgot your password?"),
        h.div(".narrow")[
            h.h1[_("Forgot your password?")],
            mail != "works" and notice(h.p[_mail_sentence(viewer, mail)], kind="warning"),
            h.p[
                _(
                    "Enter the email address of your account. You will get a mail with a link to"
                    " choose a new password."
                )
            ],
            error_summary(viewer, form, [("email", _("Email"))]),
            h.form(".card", method="post", action=path("forgotten_password"))[
                email_field(viewer, form), submit(_("Send me a link"))
            ],
            h.p[h.a(href=path("sign_in"))[_("Back to signing in")]],
        ],
    )


def asked_page(viewer: Viewer, email: str, mail: MailState) -> h.Element:
    """The same for everybody, whether or not there is an account with this address."""
    _ = viewer.translate
    return document(
        viewer,
        _("Forgot your password?"),
        h.div(".narrow")[
            h.h1[_("Forgot your password?") if mail == "missing" else _("Please check your mail")],
            mail != "works" and notice(h.p[_mail_sentence(viewer, mail)], kind="warning"),
            mail != "missing" and _sent(viewer, email),
            h.div(".actions")[
                go(path("sign_in"), _("Back to signing in"), primary=True),
                go(path("forgotten_password"), _("Try another address")),
            ],
        ],
    )


def _sent(viewer: Viewer, email: str) -> h.Node:
    _ = viewer.translate
    return [
        h.p[
            filled(
                _(
                    "If there is an account with a password for %(email)s, a mail with a link"
                    " goes to that address. The link works once, for one hour."
                ),
                email=h.bdi[email],
            )
        ],
        h.p[
            _(
                "Nothing there after a few minutes? Please check your spam folder too, and"
                " check the address above. If you sign in with your organization's"
                " credentials, you have no password here. Otherwise please ask an"
                " administrator."
            )
        ],
    ]


def _mail_sentence(viewer: Viewer, mail: MailState) -> str:
    _ = viewer.translate
    if mail == "missing":
        return _(
            "This server sends no mail. Please ask an administrator for a link to choose a new"
            " password."
        )
    return _(
        "Mail cannot be sent at the moment. It is tried again for an hour. If you need your account"
        " sooner, please ask an administrator for a link to choose a new password."
    )


def forgotten_link(viewer: Viewer) -> h.Element:
    """Below the password of the sign-in page."""
    _ = viewer.translate
    return h.p[h.a(href=path("forgotten_password"))[_("Forgot your password?")]]
