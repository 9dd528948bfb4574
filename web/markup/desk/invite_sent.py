"""What was sent, with the link and its QR code to give by hand."""

import htpy as h
from markupsafe import Markup

from web.markup.shared.contact_fields import destination
from web.markup.shared.controls import button, go, notice
from web.markup.shared.document import document
from web.markup.shared.labels import channel_label
from web.routes import path
from web.view_models import InviteRow, Person, Viewer


def invite_sent_page(viewer: Viewer, row: InviteRow, link: str, qr_svg: str) -> h.Element:
    """`qr_svg` is our own drawing and goes out as it is."""
    _ = viewer.translate
    awaited = row.people[0]
    sentence = (
        _("The invitation is on its way by %(channel)s.")
        % {"channel": channel_label(viewer, awaited.channel)}
        if awaited.channel != "none"
        else _("Give this link to the person you invite.")
    )
    return document(
        viewer,
        _("Invitation"),
        h.div(".narrow")[
            h.h1[h.bdi[awaited.name]],
            notice(sentence, kind="good"),
            [_sent_to(viewer, person) for person in row.people if person.address],
            h.div(".card")[
                h.p("#invite-link.link-text", dir="ltr")[link],
                button("copy-link", _("Copy link"), data_copy="#invite-link"),
                h.p("#copy-status", role="status"),
                h.details[
                    h.summary[_("Show QR code")],
                    h.div(".qr", role="img", aria_label=_("QR code of the link"))[Markup(qr_svg)],
                ],
            ],
            h.p(".hint")[
                _("Whoever has this link can take this person's place. Give it to nobody else.")
            ],
            h.div(".actions")[
                go(path("waiting_room"), _("Waiting room"), primary=True),
                go(path("invites"), _("Invites")),
                row.state in ("planned", "waiting")
                and go(path("edit_session", consultation_id=row.consultation_id), _("Edit")),
            ],
        ],
        module="js/pages/copy-link.js",
    )


def _sent_to(viewer: Viewer, person: Person) -> h.Element:
    return h.p(".hint")[
        h.strong(dir="auto")[person.name], " · ", destination(viewer, person.address)
    ]
