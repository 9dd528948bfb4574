"""The interpreting organizations, one form each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import htpy as h

from web.markup.administration.frame import administration_frame
from web.markup.shared.controls import checkbox, error_summary, field, once, submit
from web.markup.shared.labels import language_name
from web.markup.shared.pager import pager
from web.routes import path
from web.texts.catalogs import OWN_NAMES
from web.view_models import Form, OrganizationRow, Viewer


@dataclass(frozen=True)
class OrganizationList:
    """One page of organizations."""

    rows: Sequence[OrganizationRow]
    search: str
    page: int
    pages: int


def organizations_page(
    viewer: Viewer, found: OrganizationList, edited: str, form: Form
) -> h.Element:
    """`form` is what was refused for the organization `edited` ("new" for the empty one)."""
    _ = viewer.translate
    labels = [
        ("name", _("Name")),
        ("email", _("Email")),
        ("languages", _("Languages")),
        ("position", _("Order")),
    ]
    prefixes = {row.id: f"organization-{number}-" for number, row in enumerate(found.rows, 1)}
    prefixes["new"] = "new-"
    form = replace(form, prefix=prefixes.get(edited, ""))
    empty = Form({"active": "on"}, prefix=prefixes["new"])
    return administration_frame(
        viewer,
        _("Interpreting organizations"),
        h.p(".hint")[
            _(
                "Organizations are asked from top to bottom. The mail goes to a manager or a mailing"
                " list."
            )
        ],
        error_summary(viewer, form, labels),
        (found.search or found.pages > 1)
        and h.form(".filters", action=path("admin_interpreters"), role="search")[
            field(Form({"search": found.search}), "search", _("Search"), kind="search"),
            submit(_("Show"), quiet=True),
        ],
        [
            _organization(viewer, row, form if row.id == edited else None, prefixes[row.id])
            for row in found.rows
        ],
        found.search and not found.rows and h.p(".empty")[_("Nothing was found.")],
        pager(viewer, found.page, found.pages, lambda number: _address(found, number)),
        h.h2[_("Add an organization")],
        _form(viewer, "new", form if edited == "new" and form.values else empty),
    )


def _address(found: OrganizationList, number: int) -> str:
    return path("admin_interpreters", {"search": found.search, "page": str(number)})


def _organization(
    viewer: Viewer, row: OrganizationRow, refused: Form | None, prefix: str
) -> h.Element:
    """`prefix` sets its fields apart from those of the other forms."""
    _ = viewer.translate
    values = {"name": row.name, "email": row.email, "position": str(row.position)}
    values |= {f"language_{code}": "on" for code in row.languages}
    if row.active:
        values["active"] = "on"
    return h.details(".card", open=refused is not None)[
        h.summary[
            h.bdi[row.name],
            " ",
            h.span(".tag")[", ".join(language_name(viewer, code) for code in row.languages)],
            " ",
            not row.active and h.span(".tag")[_("Off")],
        ],
        _form(viewer, row.id, refused or Form(values, prefix=prefix)),
    ]


def _form(viewer: Viewer, organization_id: str, form: Form) -> h.Element:
    _ = viewer.translate
    address = path("admin_interpreter", organization_id=organization_id)
    wrong = form.errors.get("languages")
    described = f"{form.place('languages')}-error" if wrong else ""
    return h.form(".card", method="post", action=address)[
        organization_id == "new" and once(form),
        field(form, "name", _("Name"), required=True),
        field(form, "email", _("Email"), kind="email", required=True, direction="ltr"),
        h.fieldset(
            ".radios.columns",
            id=form.place("languages"),
            aria_describedby=described or None,
        )[
            h.legend[_("Languages")],
            wrong and h.p(".error", id=described)[wrong],
            [checkbox(form, f"language_{code}", name) for code, name in OWN_NAMES.items()],
        ],
        field(form, "position", _("Order"), direction="ltr"),
        checkbox(form, "active", _("Active: is asked for interpreters")),
        h.div(".actions")[
            submit(_("Save")),
            organization_id != "new"
            and h.button(type="submit", name="remove", value="on", formnovalidate=True)[
                _("Remove")
            ],
        ],
    ]
