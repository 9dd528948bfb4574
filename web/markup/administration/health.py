"""The page of this server's health: each part with its state, the facts, and one sentence of advice.

Below them the hosts behind one address, where there are several.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import htpy as h

from web.health.measuring import Health
from web.markup.administration.frame import administration_frame
from web.markup.administration.health_parts import Part, every_part, state_labels
from web.markup.shared.controls import go, notice, submit
from web.markup.shared.labels import clock, filled
from web.routes import path
from web.view_models import Viewer

EMPTY, FILL = "empty", "fill"


@dataclass(frozen=True)
class HostRow:
    id: str
    name: str
    version: str
    since: datetime
    rooms: int
    people: int
    load: int
    "Thousandths of a processor."
    leaving: bool
    here: bool
    "Whether it shows this page."
    relays: bool
    "Whether it has relay workers alone."


def health_page(viewer: Viewer, health: Health, hosts: Sequence[HostRow] = ()) -> h.Element:
    _ = viewer.translate
    parts = every_part(viewer, health)
    return administration_frame(
        viewer,
        _("Health"),
        _whole(viewer, parts),
        h.ul(".list")[(_part(viewer, part) for part in parts)],
        h.p(".hint")[filled(_("Checked %(time)s"), time=clock(viewer, health.now))],
        go(path("admin_health"), _("Check again")),
        _hosts(viewer, hosts) if hosts else None,
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


def _hosts(viewer: Viewer, hosts: Sequence[HostRow]) -> h.Node:
    _ = viewer.translate
    return [
        h.h2("#hosts")[_("Hosts")],
        h.p[
            _(
                "Each session is on one of them. Emptying a host moves its sessions to the others;"
                " calls between two people go on, and a group call is given one minute to end."
            )
        ],
        h.ul(".list")[(_host(viewer, host, others=len(hosts) > 1) for host in hosts)],
    ]


def _host(viewer: Viewer, host: HostRow, *, others: bool) -> h.Element:
    _ = viewer.translate
    figures = _("Sessions: %(rooms)s. People connected: %(people)s. Processor: %(load)s%%.") % {
        "rooms": host.rooms,
        "people": host.people,
        "load": round(host.load / 10),
    }
    return h.li(".row")[
        h.div(".who")[
            h.strong[h.bdi[host.name]],
            host.relays and [" ", h.span(".tag")[_("Relay")]],
            host.here and [" ", h.span(".tag")[_("Shows this page")]],
            host.leaving and [" ", h.span(".tag", data_health="warning")[_("Is being emptied")]],
            h.p(".hint")[filled(_("Running since %(time)s"), time=clock(viewer, host.since))],
            host.version and h.p(".hint")[_("Version"), " ", h.bdi[host.version]],
            h.p(".hint")[figures],
        ],
        (others or host.leaving)
        and h.form(
            method="post",
            action=path("admin_host", host_id=host.id, step=FILL if host.leaving else EMPTY),
        )[submit(_("Let it take sessions again") if host.leaving else _("Empty this host"))],
    ]
