"""The first page of Administration: its other pages, and the state of the relay."""

from collections.abc import Container

import htpy as h

from web.markup.shared.document import document
from web.markup.shared.labels import filled
from web.routes import path
from web.view_models import Viewer


def administration_page(
    viewer: Viewer, served: Container[str], relay: str, problem: str, zone_rules: str
) -> h.Element:
    """`served` has the names of the pages that exist.

    `relay` is the relay's state as in `/readyz`, `problem` the technical reason, or the addresses
    concerned. `zone_rules` is the version of the time zone rules.
    """
    _ = viewer.translate
    entries = [
        ("admin_people", _("People"), _("Who can sign in.")),
        ("admin_access_requests", _("Access requests"), _("Who asks to be let in.")),
        ("admin_interpreters", _("Interpreters"), _("Organizations that send interpreters.")),
        ("admin_routes", _("Routes"), _("Which numbers are written to, how and by whom.")),
        ("admin_texts", _("Texts"), _("What is written to people outside.")),
        ("admin_templates", _("WhatsApp templates"), _("Texts that WhatsApp has approved.")),
        ("admin_sessions", _("Sessions"), _("Rules for everybody's sessions.")),
        ("admin_audit", _("Audit log"), _("Who did what and when.")),
        ("admin_numbers", _("Numbers"), _("How much happened, week by week.")),
        ("admin_health", _("Health"), _("Whether this server is in order.")),
        ("admin_outbox", _("Outbox"), _("Notices that were kept here instead of being sent.")),
    ]
    return document(
        viewer,
        _("Administration"),
        [
            h.h1[_("Administration")],
            h.ul(".list")[
                (
                    h.li(".row")[
                        h.div(".who")[
                            h.a(href=path(name))[h.strong[label]],
                            h.p(".hint")[text],
                        ]
                    ]
                    for name, label, text in entries
                    if name in served
                )
            ],
            h.p(".hint")[
                _relay_sentence(viewer, relay), problem and [" ", h.span(dir="ltr")[problem]]
            ],
            h.p(".hint")[
                filled(
                    _("Dates follow the time zone rules of version %(version)s."),
                    version=h.span(dir="ltr")[zone_rules],
                )
            ],
        ],
    )


def _relay_sentence(viewer: Viewer, state: str) -> str:
    _ = viewer.translate
    return {
        "ok": _("The relay runs: calls of three and more go through it."),
        "unreached": _(
            "The relay runs, but does not answer this server at the addresses that browsers are"
            " given. If browsers reach them from elsewhere, all is well."
        ),
        "restarting": _("The relay is being started."),
        "unavailable": _("There is no relay: all calls go directly between browsers."),
    }[state]
