"""Icons, from files that are cached for ever."""

import re

import htpy as h
from markupsafe import Markup

from web.view_models import Viewer

svg = h.Element("svg")
use = h.Element("use")
_DRAWING = re.compile(r'<symbol id="(\w+)" viewBox="0 0 24 24">(.*?)</symbol>', re.DOTALL)


def icon(viewer: Viewer, name: str) -> h.Element:
    """Decorative: the button around it has the accessible name."""
    return svg(".icon", aria_hidden="true", width="24", height="24")[
        use(href=f"{viewer.static('icons.svg')}#{name}")
    ]


def drawn_icon(viewer: Viewer, name: str) -> h.Element:
    """The same within the page, where the file would be requested for little else. Raises KeyError."""
    drawings = dict(_DRAWING.findall(viewer.inline("icons.svg")))
    return svg(".icon", aria_hidden="true", width="24", height="24")[Markup(drawings[name])]


def icon_of_call(name: str) -> h.Element:
    """One of `call-icons.svg`, which a script names: a page loads it with the first call."""
    return svg(".icon", aria_hidden="true", width="24", height="24")[use(data_icon=name)]
