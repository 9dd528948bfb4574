"""Inviting more people to a session, and editing one of them."""

import htpy as h

from web.markup.desk.invitation_fields import labels, more_people
from web.markup.shared.contact_fields import answers, contact_field
from web.markup.shared.controls import error_summary, field, go, select, submit
from web.markup.shared.document import document
from web.markup.shared.labels import languages_with
from web.routes import path
from web.view_models import Form, Viewer


def session_people_page(
    viewer: Viewer, form: Form, consultation_id: str, *, companions: bool
) -> h.Element:
    """`companions`: whether a loved one may still be invited, not only colleagues."""
    _ = viewer.translate
    title = _("Invite another person")
    return document(
        viewer,
        title,
        h.div(".narrow")[
            h.h1[title],
            h.p(".hint")[_("Everyone will see in the chat who was added.")],
            error_summary(viewer, form, labels(viewer)),
            more_people(
                viewer,
                form,
                path("session_people", consultation_id=consultation_id),
                companions=companions,
            ),
            go(path("session", consultation_id=consultation_id), _("Back to the session")),
        ],
        module="js/pages/more-people.js",
    )


def edit_invite_page(viewer: Viewer, form: Form, invite_id: str, consultation_id: str) -> h.Element:
    """Name, address and language of one invited person."""
    _ = viewer.translate
    labels_here = [
        ("name", _("Name")),
        ("address", _("Email or mobile number")),
        ("language", _("Language")),
    ]
    return document(
        viewer,
        _("Edit"),
        h.div(".narrow")[
            h.h1[_("Edit")],
            h.p(".hint")[
                _("A new address gets the invitation with a new link; the old link stops working.")
            ],
            error_summary(viewer, form, labels_here),
            h.form(
                "#invitation.card",
                method="post",
                action=path("edit_invite", invite_id=invite_id),
                data_preview=path("invite_preview"),
            )[
                answers(form),
                field(form, "name", _("Name")),
                contact_field(viewer, form, "address", _("Email or mobile number"), required=True),
                select(
                    form,
                    "language",
                    _("Language"),
                    languages_with(viewer, form.values.get("language", "")),
                    default=viewer.language,
                ),
                submit(_("Send")),
            ],
            go(path("edit_session", consultation_id=consultation_id), _("Back")),
        ],
        module="js/pages/more-people.js",
    )
