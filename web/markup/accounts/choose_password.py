"""The page of a one-time address at which somebody chooses a password."""

import htpy as h

from signaling.account import Account
from web.markup.accounts.credentials import ACCOUNT_STYLES, SHOW_PASSWORDS, password_field, whose
from web.markup.shared.controls import error_summary, select, submit
from web.markup.shared.document import document
from web.view_models import Form, Viewer


def choose_password_page(viewer: Viewer, form: Form, email: str, action: str) -> h.Element:
    """`action` is where the form is posted: the same address."""
    _ = viewer.translate
    return document(
        viewer,
        _("A new password"),
        h.div(".narrow")[
            h.h1[_("A new password")],
            h.p[h.bdi[email]],
            error_summary(viewer, form, [("password", _("New password"))]),
            h.form(".card", method="post", action=action)[
                whose(email),
                password_field(viewer, form, label=_("New password"), new=True),
                h.p(".hint")[
                    _("This browser will then be signed in, and all others will be signed out.")
                ],
                submit(_("Save the password")),
            ],
        ],
        beside=SHOW_PASSWORDS,
        stylesheets=ACCOUNT_STYLES,
    )


def welcome_page(viewer: Viewer, form: Form, account: Account, action: str) -> h.Element:
    """For somebody who was invited: who they are here, and the choice of password and language."""
    _ = viewer.translate
    role = {"scheduler": _("Scheduler"), "administrator": _("Administrator")}[account.role]
    return document(
        viewer,
        _("Your account"),
        h.div(".narrow")[
            h.h1[_("Welcome")],
            h.p[_("This account was made for you. Choose a password, and you are signed in.")],
            h.dl(".facts")[
                h.dt[_("Name")],
                h.dd[h.bdi[account.name]],
                h.dt[_("Email")],
                h.dd[h.bdi[account.email]],
                h.dt[_("Role")],
                h.dd[role],
            ],
            h.p(".hint")[_("You can change your name later, under “Your profile”.")],
            error_summary(viewer, form, [("password", _("Password"))]),
            h.form(".card", method="post", action=action)[
                whose(account.email),
                password_field(viewer, form, new=True),
                select(form, "language", _("Language"), viewer.languages, default=viewer.language),
                submit(_("Save and sign in")),
            ],
        ],
        beside=SHOW_PASSWORDS,
        stylesheets=ACCOUNT_STYLES,
    )
