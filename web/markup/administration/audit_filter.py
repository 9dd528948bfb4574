"""The form that filters the audit log: who, what, since and until."""

from collections.abc import Mapping

import htpy as h

from signaling.audit import GROUPS, SCRIPT, SERVER, STRANGER
from web.markup.administration.audit_labels import action_label, actor_label, group_label
from web.markup.shared.controls import error_summary, field, select, submit
from web.routes import path
from web.view_models import Form, Viewer


def audit_filter(viewer: Viewer, form: Form, people: Mapping[str, str]) -> h.Node:
    """`people` are the names of accounts by id; somebody else who is asked for is offered too."""
    _ = viewer.translate
    who = [
        ("", _("Anybody")),
        *sorted(people.items(), key=lambda each: each[1].casefold()),
        *((actor, actor_label(viewer, actor)) for actor in (SERVER, STRANGER, SCRIPT)),
    ]
    asked = form.values.get("who", "")
    if asked not in dict(who):
        who.append((asked, actor_label(viewer, asked)))
    labels = [("since", _("From")), ("until", _("To"))]
    return [
        error_summary(viewer, form, labels),
        h.form(".filters", action=path("admin_audit"), role="search")[
            select(form, "who", _("Who"), who),
            _what(viewer, form),
            field(form, "since", _("From"), kind="date"),
            field(form, "until", _("To"), kind="date"),
            submit(_("Show"), quiet=True),
        ],
    ]


def _what(viewer: Viewer, form: Form) -> h.Element:
    """The actions, below their groups; each group can be chosen as a whole."""
    _ = viewer.translate
    asked = form.values.get("what", "")

    def option(value: str, label: str) -> h.Element:
        return h.option(value=value, selected=value == asked)[label]

    def group(name: str) -> h.Element:
        label = group_label(viewer, name)
        actions = sorted((action_label(viewer, word), word) for word in GROUPS[name])
        return h.optgroup(label=label)[
            option(name, _("%(group)s: all") % {"group": label}),
            (option(word, text) for text, word in actions),
        ]

    return h.div(".field")[
        h.label(for_="what")[_("What")],
        h.select("#what", name="what")[option("", _("Anything")), (group(name) for name in GROUPS)],
    ]
