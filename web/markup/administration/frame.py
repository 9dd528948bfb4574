"""What every page under Administration has around it."""

import htpy as h

from web.markup.shared.document import document
from web.routes import path
from web.view_models import Viewer


def administration_frame(
    viewer: Viewer,
    heading: h.Node,
    *body: h.Node,
    title: str = "",
    parent: tuple[str, str] | None = None,
    stylesheets: tuple[str, ...] = (),
) -> h.Element:
    """One page under Administration, with the way back.

    `title` is that of the document where the heading is no plain text; `parent` is the name of the
    address and the label of the page between Administration and this one.
    """
    _ = viewer.translate
    return document(
        viewer,
        title or str(heading),
        [
            h.nav(aria_label=_("Where you are"))[
                h.a(href=path("admin"))[_("Administration")],
                " › ",
                parent and [h.a(href=path(parent[0]))[parent[1]], " › "],
                h.bdi[title or heading],
            ],
            h.h1[h.bdi[heading] if parent else heading],
            *body,
        ],
        stylesheets=stylesheets,
    )
