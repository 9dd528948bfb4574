"""Accounts, and the form that makes one."""

from collections.abc import Sequence

import htpy as h

from signaling.account import Account
from web.markup.administration.index import administration_frame
from web.markup.controls import action, error_summary, field, select, submit
from web.markup.credentials import email_field, password_field
from web.routes import path
from web.views import Form, Viewer


def people_page(viewer: Viewer, form: Form, accounts: Sequence[Account], own_id: str) -> h.Element:
    """`own_id` is the account of the administrator who looks."""
    _ = viewer.translate
    labels = [("name", _("Name")), ("email", _("Email")), ("password", _("Password"))]
    return administration_frame(
        viewer,
        _("People"),
        h.ul(".list")[(_account(viewer, account, own_id) for account in accounts)],
        h.h2[_("New account")],
        error_summary(viewer, form, labels),
        h.form(".card", method="post", action=path("admin_people"))[
            field(form, "name", _("Name"), required=True, maximum=80),
            email_field(viewer, form, autocomplete="off"),
            password_field(viewer, form, new=True),
            select(form, "role", _("Role"), _roles(viewer)),
            select(form, "language", _("Language"), viewer.languages, default=viewer.language),
            submit(_("Create account")),
        ],
    )


def _roles(viewer: Viewer) -> list[tuple[str, str]]:
    _ = viewer.translate
    return [("scheduler", _("Scheduler")), ("administrator", _("Administrator"))]


def _account(viewer: Viewer, account: Account, own_id: str) -> h.Element:
    _ = viewer.translate

    def step(name: str, label: str) -> h.Element:
        return action(path("admin_account", account_id=account.id, step=name), label)

    return h.li(".row")[
        h.div(".who")[
            h.strong(".name", dir="auto")[account.name],
            h.p(".hint")[
                dict(_roles(viewer))[account.role],
                " · ",
                h.bdi[account.email],
                account.disabled_at is not None and [" ", h.span(".tag")[_("Disabled")]],
            ],
        ],
        h.div(".actions")[
            step("enable", _("Enable")) if account.disabled_at else None,
            not account.disabled_at
            and [
                step("sign-out", _("Sign out everywhere")),
                account.id != own_id and step("disable", _("Disable")),
            ],
        ],
    ]
