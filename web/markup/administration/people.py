"""The accounts, and the form for a new one."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import htpy as h

from signaling.account import Account
from web.markup.administration.frame import administration_frame
from web.markup.administration.invite_account import (
    invitation_state,
    invitation_steps,
    invite_link,
)
from web.markup.administration.reset_factors import reset_factors_step
from web.markup.shared.controls import action, button, go
from web.markup.shared.document import document
from web.routes import path
from web.view_models import Viewer


def people_page(
    viewer: Viewer,
    accounts: Sequence[Account],
    own_id: str,
    invitations: Mapping[str, tuple[datetime, str]],
) -> h.Element:
    """`own_id` is the viewer's own account.

    `invitations` has, by account id, until when an invitation can be accepted, and why its mail has not
    been delivered.
    """
    _ = viewer.translate
    return administration_frame(
        viewer,
        _("People"),
        h.div(".actions")[invite_link(viewer)],
        h.ul(".list")[
            (_account(viewer, account, own_id, invitations.get(account.id)) for account in accounts)
        ],
    )


def _roles(viewer: Viewer) -> list[tuple[str, str]]:
    _ = viewer.translate
    return [("scheduler", _("Scheduler")), ("administrator", _("Administrator"))]


def _account(
    viewer: Viewer, account: Account, own_id: str, invitation: tuple[datetime, str] | None
) -> h.Element:
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
                account.suspended_at is not None and [" ", h.span(".tag")[_("Suspended")]],
            ],
            invitation is not None and invitation_state(viewer, *invitation),
        ],
        h.div(".actions")[
            step("let-in", _("Let in again")) if account.suspended_at else None,
            not account.suspended_at
            and [
                step("sign-out", _("End all sign-ins")),
                account.id != own_id
                and [
                    step("password-link", _("Create a password link"))
                    if invitation is None
                    else invitation_steps(viewer, account),
                    reset_factors_step(viewer, account),
                    step("make-scheduler", _("Make a scheduler"))
                    if account.role == "administrator"
                    else step("make-administrator", _("Make an administrator")),
                    step("suspend", _("Suspend")),
                ],
            ],
        ],
    ]


def password_link_page(viewer: Viewer, account: Account, link: str) -> h.Element:
    """The one-time address, which is not shown again."""
    _ = viewer.translate
    return document(
        viewer,
        _("A new password"),
        h.div(".narrow")[
            h.h1[_("A new password")],
            h.p[h.strong(dir="auto")[account.name], " · ", h.bdi[account.email]],
            h.p[
                _("Give this link only to the person whose account this is. It is shown only once.")
            ],
            h.div(".card")[
                h.p("#password-link.link-text", dir="ltr")[link],
                button("copy-link", _("Copy link"), data_copy="#password-link"),
                h.p("#copy-status", role="status"),
            ],
            h.p(".hint")[
                _(
                    "Whoever opens it within 24 hours can choose a new password and is then signed in."
                    " It works once, and only until you create another link."
                )
            ],
            h.div(".actions")[go(path("admin_people"), _("People"), primary=True)],
        ],
        module="js/pages/copy-link.js",
    )
