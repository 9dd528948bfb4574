"""The page of this server's health: each part with its state, the facts, and one sentence of advice."""

from collections.abc import Sequence

import htpy as h

from web.health.measuring import Health
from web.markup.administration.frame import administration_frame
from web.markup.administration.health_parts import Part, every_part, state_labels
from web.markup.shared.controls import go, notice
from web.markup.shared.labels import clock, filled
from web.routes import path
from web.view_models import Viewer


def health_page(viewer: Viewer, health: Health) -> h.Element:
    _ = viewer.translate
    parts = every_part(viewer, health)
    return administration_frame(
        viewer,
        _("Health"),
        _whole(viewer, parts),
        h.ul(".list")[(_part(viewer, part) for part in parts)],
        h.p(".hint")[filled(_("Checked %(time)s"), time=clock(viewer, health.now))],
        go(path("admin_health"), _("Check again")),
        stylesheets=("css/figures.css",),
    )


def _whole(viewer: Viewer, parts: Sequence[Part]) -> h.Element:
    """What comes first: whether there is anything to do."""
    _ = viewer.translate
    concerned = [part for part in parts if part.state in ("bad", "warning")]
    if not concerned:
        return notice(h.p[_("All is well.")], kind="good")
    kind = "bad" if any(part.state == "bad" for part in concerned) else "warning"
    return notice(
        [
            h.p[_("Please check these:")],
            h.ul[(h.li[h.a(href=f"#{part.name}")[part.label]] for part in concerned)],
        ],
        kind="bad" if kind == "bad" else "warning",
    )


def _part(viewer: Viewer, part: Part) -> h.Element:
    return h.li(f"#{part.name}.row")[
        h.div(".who")[
            h.strong[part.label],
            " ",
            h.span(".tag", data_health=part.state)[state_labels(viewer)[part.state]],
            (h.p(".hint")[fact] for fact in part.facts if fact),
            h.p[part.advice],
        ]
    ]
