"""The page of the audit log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import htpy as h

from storage.records.audit import AuditLine, Finding
from web.markup.administration.audit_filter import audit_filter
from web.markup.administration.audit_labels import action_label, actor_label, thing_label
from web.markup.administration.frame import administration_frame
from web.markup.shared.controls import action, notice
from web.markup.shared.labels import clock
from web.routes import path
from web.texts.dates import short_moment
from web.view_models import Form, Viewer


@dataclass(frozen=True)
class AuditView:
    """One page of the log."""

    lines: Sequence[AuditLine]
    "Newest first."
    people: Mapping[str, str]
    "Names of accounts that exist, by id."
    organizations: Mapping[str, str]
    finding: Finding
    checked_at: datetime | None
    "When the whole log was last checked; None: not since the start."
    older: int | None
    "Number below which the next page begins; None on the last page."
    newest: bool
    purged: Mapping[str, int]
    filter: Form = field(default_factory=Form)
    "Who, what, since and until, as they were asked for."

    def name_of(self, identifier: str) -> str | None:
        return self.people.get(identifier) or self.organizations.get(identifier)

    def query(self, **more: str) -> dict[str, str]:
        """The query of this filter."""
        return {name: value for name, value in self.filter.values.items() if value} | more


def audit_page(viewer: Viewer, view: AuditView) -> h.Element:
    _ = viewer.translate
    return administration_frame(
        viewer,
        _("Audit log"),
        _state(viewer, view),
        audit_filter(viewer, view.filter, view.people),
        h.ul(".list")[(_line(viewer, view, line) for line in view.lines)]
        if view.lines
        else h.p(".empty")[_("No lines here.")],
        h.nav(".pager", aria_label=_("Pages"))[
            not view.newest and h.a(".button", href=path("admin_audit", view.query()))[_("Newest")],
            view.older is not None
            and h.a(
                ".button",
                href=path("admin_audit", view.query(before=str(view.older))),
                rel="next",
            )[_("Older")],
            h.a(".button", href=path("admin_audit_export", view.query()), download=True)[
                _("Download as CSV")
            ],
        ],
        _purged(viewer, view.purged),
    )


def _state(viewer: Viewer, view: AuditView) -> h.Element:
    _ = viewer.translate
    finding = view.finding
    check = action(path("admin_audit_check"), _("Check the log"))
    if not finding.holds:
        sentence = _(
            "Line %(number)s has been altered: somebody has changed or removed something in the "
            "database. Please tell whoever runs this server."
        )
        return notice([h.p[sentence % {"number": finding.broken}], check], kind="bad")
    checked = ""
    if view.checked_at is not None:
        checked = short_moment(view.checked_at, viewer.time_zone, viewer.language)
    return notice(
        [
            h.p[_("No line of this log has been altered.")],
            checked and h.p(".hint")[_("Last full check: %(time)s") % {"time": checked}],
            finding.head.number > 0
            and h.p(".hint")[_("Last line:"), " ", h.code(".head", dir="ltr")[str(finding.head)]],
            check,
        ],
        kind="good",
    )


def _line(viewer: Viewer, view: AuditView, line: AuditLine) -> h.Element:
    actor = view.name_of(line.actor) or actor_label(viewer, line.actor)
    return h.li(".row")[
        h.div(".who")[
            h.strong[action_label(viewer, line.action)],
            h.p(".hint")[
                h.bdi[str(line.number)],
                " · ",
                clock(viewer, line.at),
                " · ",
                h.a(href=path("admin_audit", {"who": line.actor}))[h.bdi[actor]],
                line.thing
                and line.thing != line.actor
                and [" · ", h.bdi[view.name_of(line.thing) or thing_label(viewer, line.thing)]],
            ],
        ]
    ]


def _purged(viewer: Viewer, purged: Mapping[str, int]) -> h.Node:
    """How much has been deleted so far; only these counts are kept."""
    _ = viewer.translate
    words = [
        ("sessions", _("Sessions")),
        ("people", _("People")),
        ("messages", _("Messages")),
        ("calls", _("Calls")),
        ("notices", _("Notices")),
    ]
    if not purged:
        return None
    return [
        h.h2[_("Deleted for good")],
        h.dl[([h.dt[word], h.dd[str(purged.get(what, 0))]] for what, word in words)],
    ]
