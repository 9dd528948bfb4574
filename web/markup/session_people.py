"""The form that invites one more person to a session."""

import htpy as h

from web.markup.controls import error_summary, field, go, radios, select, submit
from web.markup.document import document
from web.routes import path
from web.views import Form, Viewer


def session_people_page(
    viewer: Viewer, form: Form, consultation_id: str, *, companions: bool
) -> h.Element:
    """`companions`: whether a loved one may still be invited, not only a colleague."""
    _ = viewer.translate
    roles = [("colleague", _("Colleague")), ("companion", _("Companion"))]
    return _page(
        viewer,
        form,
        _("Invite one more person"),
        _("Everybody in the session reads in the chat who was added."),
        path("session_people", consultation_id=consultation_id),
        companions and radios(form, "role", _("Who is it?"), roles, default="colleague"),
        go(path("session", consultation_id=consultation_id), _("Back to the session")),
    )


def edit_invite_page(viewer: Viewer, form: Form, invite_id: str, consultation_id: str) -> h.Element:
    """Name, address and language of one invited person."""
    _ = viewer.translate
    return _page(
        viewer,
        form,
        _("Edit"),
        _("A new address gets the invitation; the link stays the same."),
        path("edit_invite", invite_id=invite_id),
        None,
        go(path("edit_session", consultation_id=consultation_id), _("Back")),
    )


def _page(
    viewer: Viewer,
    form: Form,
    title: str,
    hint: str,
    address: str,
    first: h.Node,
    back: h.Node,
) -> h.Element:
    _ = viewer.translate
    labels = [
        ("name", _("Name")),
        ("address", _("Email or mobile number")),
        ("language", _("Language")),
    ]
    return document(
        viewer,
        title,
        h.div(".narrow")[
            h.h1[title],
            h.p(".hint")[hint],
            error_summary(viewer, form, labels),
            h.form(".card", method="post", action=address)[
                first,
                field(form, "name", _("Name"), maximum=80),
                field(
                    form,
                    "address",
                    _("Email or mobile number"),
                    required=True,
                    maximum=254,
                    direction="ltr",
                ),
                select(form, "language", _("Language"), viewer.languages, default=viewer.language),
                submit(_("Send")),
            ],
            back,
        ],
    )
