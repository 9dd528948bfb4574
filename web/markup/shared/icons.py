"""Icons, from files that are cached for ever."""

import htpy as h

from web.view_models import Viewer

svg = h.Element("svg")
use = h.Element("use")


def icon(viewer: Viewer, name: str) -> h.Element:
    """Decorative: the button around it has the accessible name."""
    return svg(".icon", aria_hidden="true", width="24", height="24")[
        use(href=f"{viewer.static('icons.svg')}#{name}")
    ]


def icon_of_call(name: str) -> h.Element:
    """One of `call-icons.svg`, which a script names: a page loads it with the first call."""
    return svg(".icon", aria_hidden="true", width="24", height="24")[use(data_icon=name)]
