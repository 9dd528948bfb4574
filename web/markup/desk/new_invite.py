"""The form "New invite": a page of its own, and a dialog where scripts run."""

from collections.abc import Mapping
from dataclasses import replace

import htpy as h

from web.markup.desk.invitation_fields import (
    colleague_fields,
    companion_fields,
    interpreter_fields,
    labels,
    language_field,
    person_fields,
)
from web.markup.desk.plan_fields import plan_fields
from web.markup.shared.contact_fields import answers
from web.markup.shared.controls import error_summary, go, once, submit, text_area
from web.markup.shared.document import document
from web.routes import path
from web.view_models import Form, Viewer

STYLES = "css/inviting.css"
Interpreting = Mapping[str, bool]
"Language code -> whether an organization interprets it."

NOBODY: Interpreting = {}


def new_invite_page(viewer: Viewer, form: Form, interpreting: Interpreting = NOBODY) -> h.Element:
    """The choice of a kind, and the form of the chosen one (`kind` in its values), as in the dialog."""
    _ = viewer.translate
    return document(
        viewer,
        _("New invite"),
        h.div(".narrow.inviting")[
            h.h1[_("New invite")],
            _choice_and_form(viewer, form, interpreting, every_zone=True),
        ],
        module="js/pages/new-invite.js",
        stylesheets=(STYLES,),
    )


def new_invite_dialog(viewer: Viewer, interpreting: Interpreting = NOBODY) -> h.Element:
    """The same as a dialog, which a script opens."""
    _ = viewer.translate
    return h.dialog("#new-invite.inviting", aria_labelledby="new-invite-title")[
        h.link(rel="stylesheet", href=viewer.static(STYLES)),
        h.div(".heading")[
            h.h2("#new-invite-title")[_("New invite")],
            h.form(method="dialog")[
                h.button(".quiet", type="submit", formnovalidate=True)[_("Cancel")]
            ],
        ],
        _choice_and_form(viewer, Form(), interpreting, every_zone=False),
    ]


def _choice_and_form(
    viewer: Viewer, form: Form, interpreting: Interpreting, *, every_zone: bool
) -> h.Node:
    _ = viewer.translate
    in_person = form.values.get("kind") == "in_person"
    return [
        _choices(viewer, in_person=in_person),
        h.form(
            "#invitation.card",
            method="post",
            action=path("new_invite"),
            data_preview=path("invite_preview"),
            data_offline=_("No connection. Nothing was sent; please try again."),
        )[
            answers(form),
            error_summary(viewer, form, labels(viewer)),
            h.input(type="hidden", name="kind", value="in_person" if in_person else "remote"),
            once(form),
            h.div("#awaited", hidden=in_person)[person_fields(viewer, form)],
            h.p("#nobody-awaited.notice.info", hidden=not in_person)[
                _(
                    "The service user gets no message. Invite at least one person to join the two"
                    " of you."
                )
            ],
            language_field(viewer, form),
            plan_fields(viewer, form, every_zone=every_zone),
            companion_fields(viewer, form),
            colleague_fields(viewer, _with_colleague(form)),
            interpreter_fields(viewer, form, interpreting),
            text_area(
                form,
                "note",
                _("Note for the invitation"),
                hint=_("Never write anything about health or the case here."),
            ),
            h.div(".actions.foot")[submit(_("Send"))],
        ],
    ]


def _choices(viewer: Viewer, *, in_person: bool) -> h.Element:
    """Remote or in person, as buttons that lead to the form of either; most sessions are remote."""
    _ = viewer.translate
    choices = [
        ("remote", _("Remote"), _("The other person joins from somewhere else, by a link.")),
        (
            "in_person",
            _("Service user in person"),
            _("The service user is next to you; you want a colleague's advice."),
        ),
    ]
    chosen = "in_person" if in_person else "remote"
    return h.div(".kinds")[
        (
            go(
                path("new_invite"),
                label,
                name="kind",
                value=kind,
                data_choice=kind,
                aria_pressed="true" if kind == chosen else "false",
                aria_describedby=f"choice-{kind}",
            )
            for kind, label, _text in choices
        ),
        (
            h.p(".hint", id=f"choice-{kind}", hidden=kind != chosen)[text]
            for kind, _label, text in choices
        ),
    ]


def _with_colleague(form: Form) -> Form:
    """With the fields for a colleague open, as a session in person needs one."""
    if form.values.get("kind") != "in_person" or form.errors:
        return form
    return replace(form, values={**form.values, "colleague": "on"})
