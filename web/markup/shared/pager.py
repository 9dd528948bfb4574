"""Links between the numbered pages of a list."""

from collections.abc import Callable

import htpy as h

from web.view_models import Viewer


def pager(viewer: Viewer, page: int, pages: int, address: Callable[[int], str]) -> h.Node:
    """The pages before and after `page`, at `address(number)`; nothing for a single page."""
    _ = viewer.translate
    if pages < 2:
        return None
    return h.nav(".pager", aria_label=_("Pages"))[
        page > 1 and h.a(".button", href=address(page - 1), rel="prev")[_("Previous")],
        h.span[_("Page %(page)s of %(pages)s") % {"page": page, "pages": pages}],
        page < pages and h.a(".button", href=address(page + 1), rel="next")[_("Next")],
    ]
