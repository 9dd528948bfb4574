"""The page "Edit": date, awaited person, other people, and canceling."""

from collections.abc import Sequence

import htpy as h

from web.markup.desk.invitation_fields import (
    labels,
    language_field,
    more_people,
    person_fields,
)
from web.markup.desk.new_invite import STYLES
from web.markup.desk.plan_fields import plan_fields
from web.markup.desk.row_actions import (
    cancel_button,
    cancel_dialog,
    remove_button,
    remove_dialog,
)
from web.markup.shared.contact_fields import answers, destination
from web.markup.shared.controls import action, error_summary, go, submit
from web.markup.shared.document import document
from web.markup.shared.labels import beside_name
from web.routes import path
from web.view_models import Form, InvitedPerson, Viewer


def edit_session_page(
    viewer: Viewer,
    form: Form,
    consultation_id: str,
    people: Sequence[InvitedPerson],
    *,
    own: bool = True,
) -> h.Element:
    """`people` are all who are invited, the awaited one first; `form` has that person and the date.

    `own`: whether the viewer is its scheduler, who may cancel it. Of a session in person only the date can be edited here; people are invited and removed.
    """
    _ = viewer.translate
    awaited = bool(people) and people[0].role == "service_user"
    planned = bool(form.values.get("plan_later"))
    return document(
        viewer,
        _("Edit"),
        h.div(".narrow.inviting")[
            h.h1[_("Edit")],
            error_summary(viewer, form, labels(viewer)),
            h.form(
                "#invitation.card",
                method="post",
                action=path("edit_session", consultation_id=consultation_id),
                data_preview=path("invite_preview"),
            )[
                answers(form),
                awaited and [person_fields(viewer, form), language_field(viewer, form)],
                plan_fields(viewer, form, every_zone=True, planned=planned),
                _consequences(viewer, awaited=awaited),
                h.div(".actions.foot")[submit(_("Save"))],
            ],
            h.h2[_("People")],
            h.ul(".list")[(_person(viewer, person) for person in people)],
            more_people(viewer, form, path("add_people", consultation_id=consultation_id)),
            h.div(".actions")[
                go(path("invites"), _("Invites")),
                own and cancel_button(viewer, consultation_id, people[0].name if people else ""),
            ],
            cancel_dialog(viewer),
            remove_dialog(viewer),
        ],
        module="js/pages/edit-session.js",
        stylesheets=(STYLES,),
    )


def _consequences(viewer: Viewer, *, awaited: bool) -> h.Element:
    """What a new date, and the awaited person's new address, lead to."""
    _ = viewer.translate
    date = _("Everybody invited is told about a new date.")
    address = _("A new address gets the invitation with a new link; the old link stops working.")
    return h.p(".hint")[date, awaited and f" {address}"]


def _person(viewer: Viewer, person: InvitedPerson) -> h.Element:
    _ = viewer.translate
    role = beside_name(viewer, person.name, person.role)
    return h.li(".row")[
        h.div(".who")[
            h.strong(".name", dir="auto")[person.name],
            role and h.p(".hint")[role],
            person.address and h.p(".hint")[destination(viewer, person.address)],
        ],
        h.div(".actions")[
            person.role != "service_user"
            and go(path("edit_invite", invite_id=person.invite_id), _("Edit")),
            go(path("invite_link", invite_id=person.invite_id), _("Copy link")),
            action(
                path("invite_send_again", {"back": "edit"}, invite_id=person.invite_id),
                _("Send again"),
            ),
            person.removable and remove_button(viewer, person.invite_id, person.name),
        ],
    ]
