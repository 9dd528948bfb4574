"""The form behind "New invite": a page of its own, and a dialog where scripts run."""

from collections.abc import Mapping
from dataclasses import replace

import htpy as h

from web.markup.desk.invitation_fields import (
    colleague_fields,
    companion_fields,
    interpreter_fields,
    labels,
    person_fields,
    plan_fields,
)
from web.markup.shared.contact_fields import answers
from web.markup.shared.controls import error_summary, go, submit, text_area
from web.markup.shared.document import document
from web.routes import path
from web.view_models import Form, Viewer

Interpreting = Mapping[str, bool]
"Language code -> whether an organization interprets it."

NOBODY: Interpreting = {}


def new_invite_page(viewer: Viewer, form: Form, interpreting: Interpreting = NOBODY) -> h.Element:
    """The choice, and the form of what was chosen (`kind` in the form's values)."""
    _ = viewer.translate
    return document(
        viewer,
        _("New invite"),
        h.div(".narrow")[
            h.h1[_("New invite")],
            _choice_and_form(viewer, form, interpreting, every_zone=True),
        ],
        module="js/pages/new-invite.js",
    )


def new_invite_dialog(viewer: Viewer, interpreting: Interpreting = NOBODY) -> h.Element:
    """The same as a dialog, closed until a module opens it."""
    _ = viewer.translate
    return h.dialog("#new-invite", aria_labelledby="new-invite-title")[
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
        h.form(
            "#invitation.card",
            method="post",
            action=path("new_invite"),
            hidden=not chosen,
            data_preview=path("invite_preview"),
        )[
            answers(form),
            error_summary(viewer, form, labels(viewer)),
            h.input(type="hidden", name="kind", value=chosen or "remote"),
            h.div("#awaited", hidden=chosen == "in_person")[person_fields(viewer, form)],
            h.p("#nobody-awaited.notice.info", hidden=chosen != "in_person")[
                _("The service user gets no message. Invite at least one person to the two of you.")
            ],
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
            h.div(".actions")[submit(_("Send"))],
        ],
    ]


def _with_colleague(form: Form) -> Form:
    """In person a colleague is what it is about: the fields are open from the start."""
    if form.values.get("kind") != "in_person" or form.errors:
        return form
    return replace(form, values={**form.values, "colleague": "on"})
