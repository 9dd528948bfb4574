"""The first page of Administration: its other pages, and the state of the relay."""

from collections.abc import Container, Mapping

import htpy as h

from web.markup.shared.document import document
from web.markup.shared.labels import filled
from web.routes import path
from web.view_models import Viewer

PAGE_OF = {"admin_terms": "terms", "admin_help": "help"}
"Entry -> page whose text it leads to."


def administration_page(
    viewer: Viewer,
    served: Container[str],
    concerns: Mapping[str, str],
    relay: str,
    problem: str,
    zone_rules: str,
) -> h.Element:
    """`served` has the names of the pages that exist, `concerns` what is wrong on which.

    `relay` is the relay's state as in `/readyz`, `problem` the technical reason, or the addresses
    concerned. `zone_rules` is the version of the time zone rules.
    """
    _ = viewer.translate
    return document(
        viewer,
        _("Administration"),
        [
            h.h1[_("Administration")],
            h.ul(".list.entries")[
                (
                    h.li(".row")[
                        h.div(".who")[
                            h.a(href=_address(viewer, name))[h.strong[label]],
                            h.p(".hint")[text],
                            name in concerns and h.p(".concern")[concerns[name]],
                        ]
                    ]
                    for name, label, text in _entries(viewer)
                    if name in PAGE_OF or name in served
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


def _entries(viewer: Viewer) -> list[tuple[str, str, str]]:
    """(name, label, what it is for), in the order in which a service is set up and then run."""
    _ = viewer.translate
    return [
        ("admin_people", _("People"), _("Who can sign in.")),
        ("admin_teams", _("Teams"), _("Who sees whose waiting room.")),
        ("admin_access_requests", _("Access requests"), _("Who asks to be let in.")),
        ("admin_interpreters", _("Interpreters"), _("Organizations that send interpreters.")),
        (
            "admin_routes",
            _("Routes"),
            _("Which phone numbers may get messages, by which channel, from which sender."),
        ),
        ("admin_texts", _("Texts"), _("The wording of invitations and reminders.")),
        ("admin_templates", _("WhatsApp templates"), _("Texts that WhatsApp has approved.")),
        ("admin_terms", _("Terms of use"), _("What people accept when they join.")),
        ("admin_help", _("Help"), _("What people read when they do not know what to do.")),
        (
            "admin_settings",
            _("Settings"),
            _("Name, logo and color, sessions and reports, calls, reminders."),
        ),
        ("admin_languages", _("Languages"), _("Which languages are offered.")),
        ("admin_audit", _("Audit log"), _("Who did what and when.")),
        ("admin_numbers", _("Numbers"), _("How much happened, week by week.")),
        ("admin_health", _("Health"), _("Whether this server is in order.")),
        (
            "admin_outbox",
            _("Outbox"),
            _("Messages that were not sent because no provider is set up."),
        ),
    ]


def _address(viewer: Viewer, name: str) -> str:
    """Terms and help open in the viewer's own language."""
    page = PAGE_OF.get(name)
    if page is None:
        return path(name)
    return path("admin_page_text", page=page, language=viewer.language)


def _relay_sentence(viewer: Viewer, state: str) -> str:
    _ = viewer.translate
    return {
        "ok": _("Group calls work (relay running)."),
        "unreached": _(
            "Group calls: the relay runs, but this server cannot reach it at the addresses that"
            " browsers are given. If browsers reach it from elsewhere, all is well."
        ),
        "restarting": _("Group calls will work in a moment (relay is starting)."),
        "unavailable": _(
            "Group calls do not work (no relay): only two people can call each other."
        ),
    }[state]
