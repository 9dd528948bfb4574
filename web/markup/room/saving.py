"""Whether data is saved, and how much the session has used. Shown by the script that does it."""

import htpy as h

from web.markup.shared.controls import button
from web.view_models import SessionView, Viewer


def saving(viewer: Viewer, view: SessionView) -> h.Element:
    _ = viewer.translate
    return h.div("#saving.saving", hidden=True)[
        h.label[
            h.input(
                "#save-data",
                type="checkbox",
                role="switch",
                checked=view.saves_data,
                autocomplete="off",
            ),
            _("Save data"),
        ],
        button("show-data-used", _("Data used")),
        h.p("#data-used.hint", role="status", hidden=True),
    ]
