"""Inviting a colleague: the form, the page after it, and what the list of people shows of it."""

from datetime import datetime

import htpy as h

from signaling.account import Account
from signaling.notices.reasons import REASONS
from web.markup.accounts.credentials import email_field
from web.markup.administration.frame import administration_frame
from web.markup.shared.controls import (
    action,
    button,
    error_summary,
    field,
    go,
    notice,
    once,
    select,
    submit,
)
from web.markup.shared.document import document
from web.markup.shared.labels import clock, filled
from web.routes import path
from web.view_models import Form, Viewer


def roles(viewer: Viewer) -> list[tuple[str, str]]:
    _ = viewer.translate
    return [("scheduler", _("Scheduler")), ("administrator", _("Administrator"))]


def invite_page(viewer: Viewer, form: Form) -> h.Element:
    _ = viewer.translate
    labels = [("name", _("Name")), ("email", _("Email"))]
    return administration_frame(
        viewer,
        _("Invite somebody"),
        h.p[
            _(
                "They will get a mail with a link to choose their password. The link works once,"
                " within seven days."
            )
        ],
        error_summary(viewer, form, labels),
        h.form(".card", method="post", action=path("admin_invite_account"))[
            once(form),
            field(form, "name", _("Name"), required=True),
            email_field(viewer, form, autocomplete="off"),
            select(form, "role", _("Role"), roles(viewer)),
            select(
                form,
                "language",
                _("Language"),
                viewer.languages,
                default=viewer.language,
                hint=_("Language of the mail. They can choose another one later."),
            ),
            submit(_("Send the invitation")),
        ],
    )


def invited_page(viewer: Viewer, account: Account, link: str) -> h.Element:
    """What was sent; with the `link` to pass on by hand where mail does not work (else empty)."""
    _ = viewer.translate
    return document(
        viewer,
        _("Invite somebody"),
        h.div(".narrow")[
            h.h1[_("Passed on by hand") if link else _("The invitation is on its way")],
            h.p[h.strong(dir="auto")[account.name], " · ", h.bdi[account.email]],
            _by_hand(viewer, link)
            if link
            else h.p[
                _(
                    "The link in the mail works once, for seven days. Under “People” you see"
                    " whether it has been used, and can send another one."
                )
            ],
            h.div(".actions")[
                go(path("admin_people"), _("People"), primary=True),
                go(path("admin_invite_account"), _("Invite somebody else")),
            ],
        ],
        module="js/pages/copy-link.js" if link else None,
    )


def _by_hand(viewer: Viewer, link: str) -> h.Node:
    _ = viewer.translate
    return [
        notice(
            h.p[
                _(
                    "Mail cannot be sent at the moment. Please give this link to the person"
                    " yourself, and to nobody else. It is shown only once."
                )
            ],
            kind="warning",
        ),
        h.div(".card")[
            h.p("#password-link.link-text", dir="ltr")[link],
            button("copy-link", _("Copy link"), data_copy="#password-link"),
            h.p("#copy-status", role="status"),
        ],
        h.p(".hint")[_("It works once, for seven days.")],
    ]


def invite_link(viewer: Viewer) -> h.Element:
    """On the page of people, in place of a form for new accounts."""
    _ = viewer.translate
    return go(path("admin_invite_account"), _("Invite somebody"), primary=True)


def invitation_state(viewer: Viewer, over: datetime, problem: str) -> h.Element:
    """Of somebody who has yet to accept: until when they may (`over`), and why no mail has left.

    `problem` is a key of `signaling.notices.reasons.REASONS`, or empty.
    """
    _ = viewer.translate
    expired = viewer.now is not None and over <= viewer.now
    sentence = _("Invitation expired: %(moment)s") if expired else _("Invited until %(moment)s")
    return h.p(".hint")[
        h.span(".tag")[filled(sentence, moment=clock(viewer, over))],
        problem
        and [" ", _("The mail has not been delivered:"), " ", _(REASONS.get(problem, problem))],
    ]


def invitation_steps(viewer: Viewer, account: Account) -> list[h.Element]:
    """What an administrator can do about an invitation."""
    _ = viewer.translate

    def step(name: str, label: str) -> h.Element:
        address = path("admin_account_invitation", account_id=account.id, step=name)
        return action(address, label)

    return [
        step("again", _("Send the invitation again")),
        step("withdraw", _("Withdraw the invitation")),
    ]
