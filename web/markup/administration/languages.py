"""The languages: how complete each is, and which are offered."""

from collections.abc import Sequence
from dataclasses import dataclass

import htpy as h

from web.markup.administration.frame import administration_frame
from web.markup.guests.page_text import page_title
from web.markup.shared.controls import checkbox, submit
from web.routes import path
from web.texts.catalogs import OWN_NAMES
from web.texts.dates import percent
from web.view_models import Form, Viewer


@dataclass(frozen=True)
class LanguageRow:
    code: str
    offered: bool
    is_source: bool
    "Whether the program is written in it, so that it is always offered."
    share: float
    "How much of the sentences is translated, from 0 to 1."
    own: Sequence[str]
    "Pages that administrators wrote in it: `terms`, `help`."


def languages_page(viewer: Viewer, rows: Sequence[LanguageRow]) -> h.Element:
    _ = viewer.translate
    form = Form({row.code: "on" for row in rows if row.offered})
    return administration_frame(
        viewer,
        _("Languages"),
        h.p[
            _(
                "Choose the languages that pages and forms offer. Whoever has one that you switch off"
                " keeps it. Sentences without a translation are shown in English."
            )
        ],
        h.form(".card", method="post", action=path("admin_languages"))[
            (
                h.p[h.strong[OWN_NAMES[row.code]], " · ", _("always offered")]
                if row.is_source
                else checkbox(form, row.code, OWN_NAMES[row.code], hint=_state(viewer, row))
                for row in rows
            ),
            submit(_("Save")),
        ],
    )


def _state(viewer: Viewer, row: LanguageRow) -> str:
    _ = viewer.translate
    facts = [_("%(share)s translated") % {"share": percent(row.share, viewer.language)}]
    facts += [_("own text: %(page)s") % {"page": page_title(viewer, page)} for page in row.own]
    return " · ".join(facts)
