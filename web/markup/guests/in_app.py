"""What a browser cannot do here, and the way out of the app around it, with pictures.

Hidden until a script has found that something is missing (`static/js/pages/limited.js`); by then the
page may be in use, so it stands below the button to join, which must not move under a finger.
"""

import htpy as h

from web.markup.shared.icons import svg, use
from web.markup.shared.ways_out import out_by_hand, straight_out
from web.texts.apps import MENUS, OTHER_MENU, Place
from web.texts.directions import apart as isolated
from web.view_models import Device, Viewer


def in_app(viewer: Viewer, link: str, *, apart: bool = False) -> h.Element:
    """`link` is the reader's own, which the other browser is to open.

    `apart`: the way by hand is on the page anyway, so where there is no easier one it is taken from
    there. A browser without scripts shows what is in a template.
    """
    _ = viewer.translate
    device = viewer.device
    inside = "web-view" if device.web_view else "app" if device.app else None
    ways = _ways(viewer, link, apart=apart)
    return h.section("#in-app.notice.warning", hidden=True, data_inside=inside)[
        inside and h.p[_inside(viewer, device)],
        (h.p(hidden=True, data_lack=lack, data_says=text) for lack, text in _lacks(viewer)),
        ways and h.template[ways],
    ]


def _ways(viewer: Viewer, link: str, *, apart: bool) -> h.Node:
    """The ways out, the easiest first; none if there is but one, and it stands apart."""
    _ = viewer.translate
    found = [straight_out(viewer, link), _by_menu(viewer), out_by_hand(viewer, link)]
    ways = [way for way in found if way is not None]
    if apart and len(ways) == 1:
        return None
    return [[index > 0 and h.p[_("If that does not work:")], way] for index, way in enumerate(ways)]


def _inside(viewer: Viewer, device: Device) -> str:
    _ = viewer.translate
    if not device.app:
        return _("This page was opened inside another app.")
    return _("This page was opened inside the app %(app)s.") % {"app": isolated(device.app)}


def _lacks(viewer: Viewer) -> tuple[tuple[str, str], ...]:
    """(what of it a script has found missing, the sentence to show then)."""
    _ = viewer.translate
    return (
        ("devices", _("Camera and microphone do not work here.")),
        ("calls", _("Calls do not work here.")),
        ("unsure", _("Camera and microphone may not work here.")),
        ("devices calls unsure", _("Writing messages works here too.")),
        ("storage", _("What you write may be lost here when the page is closed.")),
        ("files", _("Photos cannot be sent from here.")),
    )


def _by_menu(viewer: Viewer) -> h.Node:
    """The steps through the menu of an app on a phone, each with its picture."""
    _ = viewer.translate
    device = viewer.device
    if not (device.app or device.web_view) or device.platform not in ("android", "iphone", "ipad"):
        return None
    menu = MENUS.get(device.app, OTHER_MENU)
    place = menu.android if device.platform == "android" else menu.iphone
    return h.ol(".pictured")[
        h.li[_where(viewer, place), _picture(viewer, place)],
        h.li[
            _("Choose “Open in browser” or words like these."),
            _picture(viewer, "choose"),
        ],
    ]


def _where(viewer: Viewer, place: Place) -> str:
    _ = viewer.translate
    return {
        "top-dots": _("Tap the three dots at the top."),
        "top-points": _("Tap the three dots at the top."),
        "bottom-dots": _("Tap the three dots at the bottom."),
        "bottom-compass": _("Tap the compass at the bottom."),
        "bottom-share": _("Tap the arrow at the bottom."),
        "edges": _("Tap the three dots, or the compass, at the edge of the screen."),
    }[place]


def _picture(viewer: Viewer, name: str) -> h.Element:
    """Decorative: the words beside it say the same."""
    return svg(".icon", aria_hidden="true", width="72", height="72")[
        use(href=f"{viewer.static('in-app.svg')}#{name}")
    ]
