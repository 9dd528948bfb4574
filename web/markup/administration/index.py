"""The way into Administration."""

from collections.abc import Container

import htpy as h

from web.markup.document import document
from web.routes import path
from web.views import Viewer


def administration_page(viewer: Viewer, served: Container[str]) -> h.Element:
    """`served` holds the names of the pages that this server has."""
    _ = viewer.translate
    entries = [
        ("admin_people", _("People"), _("Who can sign in.")),
        ("admin_interpreters", _("Interpreters"), _("Organizations that send interpreters.")),
        ("admin_routes", _("Routes"), _("Which numbers are written to, how and by whom.")),
        ("admin_texts", _("Texts"), _("What is written to people outside.")),
        ("admin_templates", _("WhatsApp templates"), _("Texts that WhatsApp has approved.")),
        ("admin_sessions", _("Sessions"), _("Rules for everybody's sessions.")),
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
        ],
    )


def administration_frame(viewer: Viewer, title: str, *body: h.Node) -> h.Element:
    """One page under Administration, with the way back."""
    _ = viewer.translate
    return document(
        viewer,
        title,
        [
            h.nav(aria_label=_("Where you are"))[
                h.a(href=path("admin"))[_("Administration")], " › ", title
            ],
            h.h1[title],
            *body,
        ],
    )
