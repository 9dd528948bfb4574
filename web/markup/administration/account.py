"""One account: what administrators see of it and can do with it, and the form that deletes it."""

from collections.abc import Sequence
from dataclasses import dataclass

import htpy as h

from signaling.account import Account
from web.markup.administration.frame import administration_frame
from web.markup.administration.invite_account import invitation_steps, roles
from web.markup.administration.people import PersonRow, last_sign_in, tags
from web.markup.administration.reset_factors import reset_factors_step
from web.markup.shared.controls import action, error_summary, go, notice, select
from web.markup.shared.labels import clock, filled
from web.routes import path
from web.view_models import Form, Viewer


@dataclass(frozen=True)
class AccountView:
    person: PersonRow
    own: bool
    "Whether it is the viewer's."
    open_sessions: int


def account_page(viewer: Viewer, view: AccountView) -> h.Element:
    _ = viewer.translate
    account = view.person.account
    asked_at = account.deletion_requested_at
    return administration_frame(
        viewer,
        account.name,
        h.p(".hint")[
            dict(roles(viewer))[account.role],
            " · ",
            h.bdi[account.email],
            tags(viewer, view.person),
        ],
        last_sign_in(viewer, view.person),
        asked_at is not None
        and notice(
            h.p[
                filled(
                    _("They asked on %(time)s that this account be deleted."),
                    time=clock(viewer, asked_at),
                )
            ],
            kind="warning",
        ),
        h.p(".hint")[_open_sessions(viewer, view.open_sessions)],
        h.ul(".list")[
            (
                h.li(".row")[h.div(".who")[h.p[hint]], h.div(".actions")[control]]
                for hint, control in _steps(viewer, view)
            )
        ],
        h.p(".hint")[h.a(href=path("admin_audit", {"who": account.id}))[_("What they did")]],
        parent=("admin_people", _("People")),
    )


def _steps(viewer: Viewer, view: AccountView) -> list[tuple[str, h.Node]]:
    """(what it does, its button) of everything that can be done with this account."""
    _ = viewer.translate
    account = view.person.account

    def step(name: str, label: str) -> h.Element:
        return action(path("admin_account", account_id=account.id, step=name), label)

    delete = (
        _("Everything about this person is deleted; their open sessions go to a colleague."),
        go(path("admin_delete_account", account_id=account.id), _("Delete")),
    )
    if account.suspended_at is not None:
        return [
            (_("They can sign in again."), step("let-in", _("Let in again"))),
            *([] if view.own else [delete]),
        ]
    sign_out = (_("They are signed out on every device."), step("sign-out", _("End all sign-ins")))
    if view.own:
        return [sign_out]
    return [
        (
            _("They are signed out at once and cannot sign in. Their sessions stay."),
            step("suspend", _("Suspend")),
        ),
        sign_out,
        *_ways_in(viewer, view.person),
        (_("They no longer see Administration."), step("make-scheduler", _("Make a scheduler")))
        if account.role == "administrator"
        else (
            _("They see and change everything under Administration."),
            step("make-administrator", _("Make an administrator")),
        ),
        delete,
    ]


def _ways_in(viewer: Viewer, person: PersonRow) -> list[tuple[str, h.Node]]:
    """What helps somebody to sign in."""
    _ = viewer.translate
    account = person.account
    if not viewer.passwords:
        return []
    if person.invitation is not None:
        hint = _("They have not accepted their invitation yet.")
        return [(hint, invitation_steps(viewer, account))]
    link = path("admin_account", account_id=account.id, step="password-link")
    return [
        (
            _("They can choose a new password by a link that you give them."),
            action(link, _("Create a password link")),
        ),
        (
            _("They have lost it: they can sign in without it and set up another one."),
            reset_factors_step(viewer, account),
        ),
    ]


def _open_sessions(viewer: Viewer, count: int) -> str:
    ngettext = viewer.plural
    return ngettext("%(count)s open session", "%(count)s open sessions", count) % {"count": count}


def deletion_page(
    viewer: Viewer, form: Form, view: AccountView, colleagues: Sequence[Account]
) -> h.Element:
    """The question before an account is deleted, with who takes over its open sessions."""
    _ = viewer.translate
    account = view.person.account
    address = path("admin_delete_account", account_id=account.id)
    options = [("", _("Please choose")), *((each.id, each.name) for each in colleagues)]
    return administration_frame(
        viewer,
        filled(_("Delete %(name)s?"), name=h.bdi[account.name]),
        error_summary(viewer, form, [("colleague", _("Who takes over"))]),
        h.p[
            _(
                "They are signed out at once. Their name, address and ways to sign in are deleted; "
                "in sessions that a colleague takes over, the name stays beside what they wrote. "
                "This cannot be undone."
            )
        ],
        h.p[_("Closed sessions are deleted when their time is over, as always.")],
        h.form(".card", method="post", action=address)[
            view.open_sessions > 0
            and [
                h.p[_open_sessions(viewer, view.open_sessions)],
                select(
                    form,
                    "colleague",
                    _("Who takes over"),
                    options,
                    hint=_("Invitations and reminders that are still to be sent name them."),
                ),
            ],
            h.div(".actions")[
                h.button(".bad", type="submit")[_("Delete")],
                h.a(".button", href=path("admin_person", account_id=account.id))[_("Cancel")],
            ],
        ],
        title=_("Delete an account"),
        parent=("admin_people", _("People")),
    )
