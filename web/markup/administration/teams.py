"""The list of teams, and one of them with its members."""

from collections.abc import Sequence
from dataclasses import dataclass

import htpy as h

from web.markup.administration.frame import administration_frame
from web.markup.shared.controls import error_summary, field, once, select, submit
from web.markup.shared.pager import pager
from web.routes import path
from web.view_models import Form, Viewer


@dataclass(frozen=True)
class TeamRow:
    id: str
    name: str
    members: int


@dataclass(frozen=True)
class TeamList:
    """One page of the teams, and how they were searched."""

    rows: Sequence[TeamRow]
    search: str
    page: int
    pages: int
    total: int
    "Teams on all pages."


@dataclass(frozen=True)
class TeamView:
    """One team, and one page of its members."""

    id: str
    name: str
    members: Sequence[tuple[str, str, bool]]
    "(account id, name, whether suspended)."
    page: int
    pages: int
    total: int
    "Members on all pages."
    others: Sequence[tuple[str, str]]
    "(account id, name) of who may be added, as they were searched."
    search: str
    more: bool
    "Whether more of them match than are shown."
    searched: bool
    "Whether there are so many that one searches."


def teams_page(viewer: Viewer, form: Form, found: TeamList) -> h.Element:
    _ = viewer.translate
    ngettext = viewer.plural
    return administration_frame(
        viewer,
        _("Teams"),
        h.p[
            _(
                "Members of a team see who is in the waiting room of any of them, hear it ring, and"
                " can take part in these sessions."
            )
        ],
        error_summary(viewer, form, [("name", _("Name of the team"))]),
        h.form(".card", method="post", action=path("admin_teams"))[
            once(form),
            field(form, "name", _("Name of the team"), required=True),
            h.div(".actions")[submit(_("Add a team"))],
        ],
        h.form(".filters", action=path("admin_teams"), role="search")[
            field(Form({"search": found.search}), "search", _("Search"), kind="search"),
            submit(_("Show"), quiet=True),
        ],
        h.p(".hint")[
            ngettext("%(count)s team", "%(count)s teams", found.total) % {"count": found.total}
        ],
        h.ul(".list")[(_row(viewer, row) for row in found.rows)]
        if found.rows
        else h.p(".empty")[
            _("No team has this in its name. Leave the search empty to see all teams.")
            if found.search
            else _(
                "There is no team yet. Name one above and press Add a team, then add its members."
            )
        ],
        pager(
            viewer,
            found.page,
            found.pages,
            lambda number: path("admin_teams", {"search": found.search, "page": str(number)}),
        ),
    )


def _row(viewer: Viewer, row: TeamRow) -> h.Element:
    return h.li(".row")[
        h.div(".who")[
            h.a(href=path("admin_team", team_id=row.id))[h.strong(".name", dir="auto")[row.name]],
            h.p(".hint")[_members(viewer, row.members)],
        ]
    ]


def _members(viewer: Viewer, count: int) -> str:
    ngettext = viewer.plural
    return ngettext("%(count)s member", "%(count)s members", count) % {"count": count}


def team_page(viewer: Viewer, form: Form, team: TeamView) -> h.Element:
    """`form` is the one that was refused, if any: its fields are `name` and `member`."""
    _ = viewer.translate
    return administration_frame(
        viewer,
        team.name,
        error_summary(viewer, form, [("name", _("Name of the team")), ("member", _("Colleague"))]),
        h.h2[_("Members")],
        h.p(".hint")[_members(viewer, team.total)],
        h.ul(".list")[(_member(viewer, team, *each) for each in team.members)],
        pager(
            viewer,
            team.page,
            team.pages,
            lambda number: path("admin_team", {"page": str(number)}, team_id=team.id),
        ),
        _adding(viewer, form, team),
        h.h2[_("This team")],
        h.form(".card", method="post", action=_step(team.id, "rename"))[
            field(_with_name(form, team), "name", _("Name of the team"), required=True),
            h.div(".actions")[submit(_("Rename"), quiet=True)],
        ],
        h.form(".card", method="post", action=_step(team.id, "delete"))[
            h.p[
                _(
                    "Without this team, its members no longer see each other's waiting rooms."
                    " Sessions that are shared already stay shared."
                )
            ],
            h.div(".actions")[h.button(".bad", type="submit")[_("Delete the team")]],
        ],
        parent=("admin_teams", _("Teams")),
    )


def _with_name(form: Form, team: TeamView) -> Form:
    return form if "name" in form.values else Form({"name": team.name})


def _adding(viewer: Viewer, form: Form, team: TeamView) -> list[h.Node]:
    _ = viewer.translate
    search = Form({"search": team.search})
    return [
        h.h2[_("Add a member")],
        team.searched
        and h.form(".filters", action=path("admin_team", team_id=team.id), role="search")[
            field(search, "search", _("Name or email"), kind="search"),
            submit(_("Show"), quiet=True),
        ],
        team.more and h.p(".hint")[_("There are more. Please type more of the name.")],
        h.form(".card", method="post", action=_step(team.id, "add-member"))[
            select(form, "member", _("Colleague"), [("", _("Please choose")), *team.others]),
            h.div(".actions")[submit(_("Add"), quiet=True)],
        ]
        if team.others
        else h.p(".empty")[_("There is nobody else yet. Invite colleagues under People first.")],
    ]


def _member(
    viewer: Viewer, team: TeamView, account_id: str, name: str, suspended: bool
) -> h.Element:
    _ = viewer.translate
    return h.li(".row")[
        h.div(".who")[
            h.a(href=path("admin_person", account_id=account_id))[
                h.strong(".name", dir="auto")[name]
            ],
            suspended and [" ", h.span(".tag")[_("Suspended")]],
        ],
        h.form(".actions", method="post", action=_step(team.id, "remove-member"))[
            h.input(type="hidden", name="member", value=account_id),
            submit(_("Remove"), quiet=True),
        ],
    ]


def _step(team_id: str, step: str) -> str:
    return path("admin_team_step", team_id=team_id, step=step)
