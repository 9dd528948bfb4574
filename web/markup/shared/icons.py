"""Symbols of the call controls, from one file that is cached for ever."""

import htpy as h

from web.view_models import Viewer

svg = h.Element("svg")
use = h.Element("use")


def icon(viewer: Viewer, name: str) -> h.Element:
    """A decoration: the button around it carries the name."""
    return svg(".icon", aria_hidden="true", width="24", height="24")[
        use(href=f"{viewer.static('icons.svg')}#{name}")
    ]
