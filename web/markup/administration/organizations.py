"""Administration: the interpreting organizations, one form each."""

from collections.abc import Sequence

import htpy as h

from web.markup.administration.frame import administration_frame
from web.markup.shared.controls import checkbox, error_summary, field, submit
from web.routes import path
from web.view_models import Form, OrganizationRow, Viewer


def organizations_page(
    viewer: Viewer,
    rows: Sequence[OrganizationRow],
    edited: str,
    form: Form,
) -> h.Element:
    """`form` is what was refused for the organization `edited` ("new" for the empty one)."""
    _ = viewer.translate
    labels = [
        ("name", _("Name")),
        ("email", _("Email")),
        ("languages", _("Languages")),
        ("position", _("Order")),
    ]
    return administration_frame(
        viewer,
        _("Interpreting organizations"),
        h.p(".hint")[
            _("They are asked in this order. The mail goes to a manager or a mailing list.")
        ],
        error_summary(viewer, form, labels),
        [_organization(viewer, row, form if row.id == edited else None) for row in rows],
        h.h2[_("Add an organization")],
        _form(viewer, "new", form if edited == "new" else Form({"active": "on"})),
    )


def _organization(viewer: Viewer, row: OrganizationRow, refused: Form | None) -> h.Element:
    _ = viewer.translate
    values = {"name": row.name, "email": row.email, "position": str(row.position)}
    values |= {f"language_{code}": "on" for code in row.languages}
    if row.active:
        values["active"] = "on"
    return h.details(".card", open=refused is not None)[
        h.summary[
            h.bdi[row.name],
            " ",
            h.span(".tag")[", ".join(row.languages)],
            " ",
            not row.active and h.span(".tag")[_("Not asked")],
        ],
        _form(viewer, row.id, refused or Form(values)),
    ]


def _form(viewer: Viewer, organization_id: str, form: Form) -> h.Element:
    _ = viewer.translate
    address = path("admin_interpreter", organization_id=organization_id)
    return h.form(".card", method="post", action=address)[
        field(form, "name", _("Name"), required=True),
        field(form, "email", _("Email"), kind="email", required=True, direction="ltr"),
        h.fieldset(".radios.columns")[
            h.legend[_("Languages")],
            [checkbox(form, f"language_{code}", name) for code, name in viewer.languages],
        ],
        field(form, "position", _("Order"), direction="ltr"),
        checkbox(form, "active", _("Is asked for interpreters")),
        h.div(".actions")[
            submit(_("Save")),
            organization_id != "new"
            and h.button(type="submit", name="remove", value="on", formnovalidate=True)[
                _("Remove")
            ],
        ],
    ]
