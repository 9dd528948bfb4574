"""The form behind "New invite": a page of its own, and a dialog where scripts run."""

import htpy as h

from web.markup.controls import error_summary, field, go, select, submit, text_area
from web.markup.document import document
from web.routes import path
from web.views import Form, Viewer

KINDS = ("remote", "in_person")


def new_invite_page(viewer: Viewer, form: Form) -> h.Element:
    """The choice, and the form of what was chosen (`kind` in the form's values)."""
    _ = viewer.translate
    return document(
        viewer,
        _("New invite"),
        h.div(".narrow")[h.h1[_("New invite")], _choice_and_forms(viewer, form)],
        module="js/pages/new-invite.js",
    )


def new_invite_dialog(viewer: Viewer) -> h.Element:
    """The same as a dialog, closed until a module opens it."""
    _ = viewer.translate
    return h.dialog("#new-invite", aria_labelledby="new-invite-title")[
        h.div(".heading")[
            h.h2("#new-invite-title")[_("New invite")],
            h.form(method="dialog")[
                h.button(".quiet", type="submit", formnovalidate=True)[_("Cancel")]
            ],
        ],
        _choice_and_forms(viewer, Form()),
    ]


def _choice_and_forms(viewer: Viewer, form: Form) -> h.Node:
    _ = viewer.translate
    chosen = form.values.get("kind", "remote" if form.errors else "")
    choices = [
        ("remote", _("Remote"), _("The other person joins from somewhere else, by a link.")),
        (
            "in_person",
            _("Service user in person"),
            _("The service user is next to you; you call a colleague."),
        ),
    ]
    return [
        h.ul(".choices")[
            (
                h.li[
                    go(
                        path("new_invite"),
                        label,
                        name="kind",
                        value=kind,
                        data_choice=kind,
                        aria_current="true" if kind == chosen else None,
                        aria_describedby=f"choice-{kind}",
                    ),
                    h.p(f"#choice-{kind}.hint")[text],
                ]
                for kind, label, text in choices
            )
        ],
        h.div("#form-remote", hidden=chosen != "remote")[_remote_form(viewer, form)],
        h.div("#form-in_person", hidden=chosen != "in_person")[_in_person(viewer)],
    ]


def _remote_form(viewer: Viewer, form: Form) -> h.Element:
    _ = viewer.translate
    labels = [
        ("first_name", _("First name")),
        ("last_name", _("Last name")),
        ("address", _("Email or mobile number")),
        ("language", _("Language")),
        ("note", _("Note for the invitation")),
    ]
    return h.form(".card", method="post", action=path("new_invite"))[
        error_summary(viewer, form, labels),
        h.input(type="hidden", name="kind", value="remote"),
        h.div(".pair")[
            field(form, "first_name", _("First name"), maximum=80),
            field(form, "last_name", _("Last name"), maximum=80),
        ],
        h.p(".hint")[_("One of the two is enough. A pseudonym is fine.")],
        field(
            form,
            "address",
            _("Email or mobile number"),
            required=True,
            maximum=254,
            direction="ltr",
        ),
        select(form, "language", _("Language"), viewer.languages, default=viewer.language),
        text_area(
            form,
            "note",
            _("Note for the invitation"),
            hint=_("Never write anything about health or the case here."),
            maximum=500,
        ),
        h.div(".actions")[submit(_("Send"))],
    ]


def _in_person(viewer: Viewer) -> h.Element:
    _ = viewer.translate
    return h.p(".notice.info")[_("Inviting a colleague to you both is not possible here yet.")]
