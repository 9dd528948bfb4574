"""Terms and help, for everybody: with the menu for whoever is signed in, without it by link."""

import htpy as h
from babel import Locale
from markupsafe import Markup

from web.markup.shared.document import document
from web.texts.catalogs import OWN_NAMES
from web.view_models import Viewer


def page_text_page(
    viewer: Viewer, page: str, html: str, wanted: str, shown: str, below: h.Node = None
) -> h.Element:
    """`html` is sanitized; `wanted` and `shown` are the languages asked for and found."""
    _ = viewer.translate
    title = page_title(viewer, page)
    return document(
        viewer,
        title,
        h.div(".narrow")[
            h.h1[title],
            wanted != shown
            and h.p(".notice.info")[
                _("There is no text in %(language)s yet, so it is shown in %(other)s.")
                % {"language": OWN_NAMES[wanted], "other": OWN_NAMES[shown]}
            ],
            h.div(".prose", lang=shown, dir=Locale.parse(shown).text_direction)[Markup(html)],
            below,
        ],
        service_user=viewer.account_name is None,
    )


def page_title(viewer: Viewer, page: str) -> str:
    _ = viewer.translate
    return {"terms": _("Terms of use"), "help": _("Help")}[page]
