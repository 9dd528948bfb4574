"""The page of the audit log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import htpy as h

from storage.records.audit import AuditLine, Finding
from web.markup.administration.audit_labels import action_label, actor_label
from web.markup.administration.frame import administration_frame
from web.markup.shared.controls import notice
from web.routes import path
from web.texts.dates import short_moment
from web.view_models import Viewer


@dataclass(frozen=True)
class AuditView:
    """One page of the log."""

    lines: Sequence[AuditLine]
    "Newest first."
    names: Mapping[str, str]
    "Of accounts and organizations that still exist, by id."
    finding: Finding
    checked_at: datetime | None
    "When all of the log was looked through; None: not yet since the start."
    older: int | None
    "Number below which the next page begins; None: this is the last one."
    newest: bool
    purged: Mapping[str, int]


def audit_page(viewer: Viewer, view: AuditView) -> h.Element:
    _ = viewer.translate
    return administration_frame(
        viewer,
        _("Audit log"),
        _state(viewer, view),
        h.ul(".list")[(_line(viewer, view, line) for line in view.lines)],
        h.nav(".pager", aria_label=_("Pages"))[
            not view.newest and h.a(".button", href=path("admin_audit"))[_("Newest")],
            view.older is not None
            and h.a(".button", href=path("admin_audit", {"before": str(view.older)}), rel="next")[
                _("Older")
            ],
        ],
        _purged(viewer, view.purged),
    )


def _state(viewer: Viewer, view: AuditView) -> h.Element:
    _ = viewer.translate
    finding = view.finding
    if not finding.holds:
        sentence = _(
            "Line %(number)s has been altered: somebody has changed or removed something in the "
            "database. Please tell whoever runs this server."
        )
        return notice(h.p[sentence % {"number": finding.broken}], kind="bad")
    checked = ""
    if view.checked_at is not None:
        checked = short_moment(view.checked_at, viewer.time_zone, viewer.language)
    return notice(
        [
            h.p[_("No line of this log has been altered.")],
            checked and h.p(".hint")[_("Last full check: %(time)s") % {"time": checked}],
            finding.head.number > 0
            and h.p(".hint")[_("Last line:"), " ", h.code(".head", dir="ltr")[str(finding.head)]],
        ],
        kind="good",
    )


def _line(viewer: Viewer, view: AuditView, line: AuditLine) -> h.Element:
    at = short_moment(line.at, viewer.time_zone, viewer.language)
    return h.li(".row")[
        h.div(".who")[
            h.strong[action_label(viewer, line.action)],
            h.p(".hint")[
                h.time(datetime=line.at.isoformat())[at],
                " · ",
                h.bdi[view.names.get(line.actor) or actor_label(viewer, line.actor)],
                line.thing
                and line.thing != line.actor
                and [" · ", h.bdi[view.names.get(line.thing, line.thing)]],
            ],
        ]
    ]


def _purged(viewer: Viewer, purged: Mapping[str, int]) -> h.Node:
    """How much was deleted so far; nothing else is left of it."""
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
