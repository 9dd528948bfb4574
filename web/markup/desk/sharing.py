"""Who holds a session besides its scheduler: the section of its page, and the choice of a colleague."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import htpy as h

from web.markup.shared.controls import action, error_summary, field, go, select, submit
from web.markup.shared.document import document
from web.markup.shared.labels import filled
from web.routes import path
from web.view_models import Form, InviteRow, Viewer

SEARCHED_FROM = 20
"With more colleagues than this, one searches for them first."


@dataclass(frozen=True)
class Sharing:
    """Who holds one session, as somebody sees it who holds it too."""

    consultation_id: str
    scheduler_name: str
    own: bool
    "Whether the viewer is its scheduler."
    open: bool
    "Whether it is planned or open, so that it can be shared and handed over."
    colleagues: Sequence[tuple[str, str]] = ()
    "(account id, name) of those with whom it is shared."


@dataclass(frozen=True)
class Choice:
    """The choice of a colleague, for one session."""

    consultation_id: str
    step: Literal["share_session", "hand_over"]
    search: str
    found: Sequence[tuple[str, str]]
    "(account id, name) of colleagues that match, at most SEARCHED_FROM."
    more: bool
    "Whether others match too."
    searched: bool
    "Whether there are so many that one searches."


def sharing_section(viewer: Viewer, sharing: Sharing) -> h.Node:
    """Who holds the session, and the ways to change that."""
    _ = viewer.translate
    name = h.bdi[sharing.scheduler_name]
    return h.section("#sharing", aria_labelledby="sharing-title")[
        h.h2("#sharing-title")[_("Colleagues in this session")],
        h.p[
            _("This session is yours.")
            if sharing.own
            else filled(_("This session is %(name)s's."), name=name)
        ],
        sharing.own and sharing.open and _ways(viewer, sharing.consultation_id),
        bool(sharing.colleagues)
        and [
            h.p[_("Shared with")],
            h.ul(".list")[(_colleague(viewer, sharing, *each) for each in sharing.colleagues)],
        ],
    ]


def held_line(viewer: Viewer, row: InviteRow) -> h.Node:
    """In a list: whose session it is, or with whom it is shared; nothing for one held alone."""
    _ = viewer.translate
    if row.scheduler_id != viewer.account_id:
        return h.p(".hint.held")[filled(_("Session of %(name)s"), name=h.bdi[row.scheduler_name])]
    if not row.shared_with:
        return None
    names = h.fragment[", ".join(row.shared_with)]
    return h.p(".hint.held")[filled(_("Shared with %(names)s"), names=h.bdi[names])]


def _ways(viewer: Viewer, consultation_id: str) -> h.Element:
    _ = viewer.translate
    return h.div(".actions")[
        go(path("share_session", consultation_id=consultation_id), _("Share with a colleague")),
        go(path("hand_over", consultation_id=consultation_id), _("Hand over to a colleague")),
    ]


def _colleague(viewer: Viewer, sharing: Sharing, account_id: str, name: str) -> h.Element:
    _ = viewer.translate
    address = path("end_share", consultation_id=sharing.consultation_id, account_id=account_id)
    own_share = account_id == viewer.account_id
    return h.li(".row")[
        h.div(".who")[
            h.strong(".name", dir="auto")[name],
            own_share and h.p(".hint")[_("It leaves your lists when you give it back.")],
        ],
        (sharing.own or own_share)
        and h.div(".actions")[action(address, _("Give back") if own_share else _("End sharing")),],
    ]


def choice_page(viewer: Viewer, form: Form, choice: Choice) -> h.Element:
    """Which colleague a session is shared with, or handed to."""
    _ = viewer.translate
    share = choice.step == "share_session"
    heading = _("Share with a colleague") if share else _("Hand over to a colleague")
    explained = (
        _(
            "They can do in this session what you can, but not cancel it, share it or hand it over."
            " They get a mail that names you and nobody else."
        )
        if share
        else _(
            "The session is theirs from then on, and leaves your lists. What you wrote stays, with"
            " your name. They get a mail that names you and nobody else."
        )
    )
    address = path(choice.step, consultation_id=choice.consultation_id)
    back = path("case", consultation_id=choice.consultation_id)
    options = [("", _("Please choose")), *choice.found]
    return document(
        viewer,
        heading,
        h.div(".narrow")[
            h.h1[heading],
            error_summary(viewer, form, [("colleague", _("Colleague"))]),
            h.p[explained],
            choice.searched and _search(viewer, choice, address),
            choice.more and h.p(".hint")[_("There are more. Please type more of the name.")],
            h.form(".card", method="post", action=address)[
                select(form, "colleague", _("Colleague"), options),
                h.div(".actions")[
                    submit(_("Share") if share else _("Hand over")),
                    h.a(".button", href=back)[_("Cancel")],
                ],
            ]
            if choice.found
            else h.p(".empty")[
                _("No colleague has this in their name. Leave the search empty to see everybody.")
                if choice.search
                else _("There is nobody else yet. An administrator can invite colleagues.")
            ],
        ],
    )


def _search(viewer: Viewer, choice: Choice, address: str) -> h.Element:
    _ = viewer.translate
    form = Form({"search": choice.search})
    return h.form(".filters", action=address, role="search")[
        field(form, "search", _("Name"), kind="search"), submit(_("Show"), quiet=True)
    ]


def take_part_page(
    viewer: Viewer, consultation_id: str, whose: str, waiting: str, start: str
) -> h.Element:
    """The question before somebody takes on a session of a colleague in their team.

    `waiting` is the name of whoever waits there, empty if nobody does; `start` is what they want to
    start at once, if anything.
    """
    _ = viewer.translate
    heading = filled(_("Session of %(name)s"), name=h.bdi[whose])
    return document(
        viewer,
        _("Session of a colleague"),
        h.div(".narrow")[
            h.h1[heading],
            waiting
            and h.p[
                filled(
                    _("%(waiting)s waits for %(name)s."),
                    waiting=h.bdi[waiting],
                    name=h.bdi[whose],
                )
            ],
            h.p[
                filled(
                    _(
                        "If you take part, the session is shared with you: you read its chat, and"
                        " %(name)s sees that you hold it too."
                    ),
                    name=h.bdi[whose],
                )
            ],
            h.form(
                ".card", method="post", action=path("take_part", consultation_id=consultation_id)
            )[
                start and h.input(type="hidden", name="start", value=start),
                h.div(".actions")[
                    submit(_("Take part")),
                    h.a(".button", href=path("dashboard"))[_("Cancel")],
                ],
            ],
        ],
    )
