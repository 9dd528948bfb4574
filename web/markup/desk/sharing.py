"""Who holds a session besides its scheduler: the section of its page, and the choice of a colleague."""

from collections.abc import Sequence
from dataclasses import dataclass

import htpy as h

from web.markup.shared.labels import filled
from web.view_models import Viewer


@dataclass(frozen=True)
class Sharing:
    """Who holds one session, as somebody sees it who holds it too."""

    consultation_id: str
    scheduler_name: str
    own: bool
    "Whether the viewer is its scheduler."
    open: bool
    "Whether it is planned or open, so that it can be shared and handed over."
    colleagues: Sequence[tuple[str, str]] = ()
    "(account id, name) of those with whom it is shared."


def sharing_section(viewer: Viewer, sharing: Sharing) -> h.Node:
    _ = viewer.translate
    return h.section("#sharing", aria_labelledby="sharing-title")[
        h.h2("#sharing-title")[_("Colleagues in this session")],
        h.p[filled(_("Held by %(name)s"), name=h.bdi[sharing.scheduler_name])],
    ]
