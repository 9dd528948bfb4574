"""What to do with a link where this browser is not enough: another browser, by name.

Works without scripts and without styles; **Copy link** is shown where scripts run.
"""

from urllib.parse import quote

import htpy as h

from web.texts.apps import STAY_INSIDE
from web.texts.browsers import CHROME, SAFARI, either, other_browsers
from web.view_models import Device, Viewer

_SAFARI_SINCE = (17, 0)
"The first iOS whose Safari takes `x-safari-https:`."


def ways_out(viewer: Viewer, *, link: str | None) -> h.Node:
    """The way straight into another browser where there is one, and then the way by hand.

    `link` is the reader's own; None where the page does not know it.
    """
    return [straight_out(viewer, link), out_by_hand(viewer, link)]


def straight_out(viewer: Viewer, link: str | None) -> h.Node:
    """A button that opens the link in another browser; None where none is known to work.

    The token is in the address that the other browser is given, as in a link that is tapped; no server
    is asked, so there is no Referer.
    """
    _ = viewer.translate
    address, browser = _address(viewer.device, link or "")
    if not address:
        return None
    label = _("Open in %(browser)s") % {"browser": browser}
    return h.p[h.a(".button", href=address, rel="noreferrer")[label]]


def _address(device: Device, link: str) -> tuple[str, str]:
    """(an address that opens `link` in another browser, which); empty if there is none."""
    rest = link.removeprefix("https://")
    phone = "iphone" if device.platform == "ipad" else device.platform
    if rest == link or device.app in STAY_INSIDE.get(phone, ()):
        return "", ""
    names = other_browsers(device.platform, device.version, device.browser)
    if phone == "android" and CHROME in names:
        back = quote(link, safe="")
        return (
            f"intent://{rest}#Intent;scheme=https;package=com.android.chrome;"
            f"S.browser_fallback_url={back};end",
            CHROME,
        )
    inside = device.app or device.web_view
    if phone == "iphone" and inside and device.version >= _SAFARI_SINCE:
        return f"x-safari-https://{rest}", SAFARI
    return "", ""


def out_by_hand(viewer: Viewer, link: str | None) -> h.Element:
    """How to carry the link into another browser, or to another device where no browser helps."""
    _ = viewer.translate
    device = viewer.device
    names = other_browsers(device.platform, device.version, device.browser)
    choice = either(names, viewer.language) if names else ""
    if link is None:
        if choice:
            return h.p(".ways-out")[
                _("Open the link from your message again, in %(browser)s.") % {"browser": choice}
            ]
        return h.p(".ways-out")[
            _(
                "Another browser would not help on this device. Open the link from your message on "
                "another phone, tablet or computer."
            )
        ]
    if not choice:
        return h.div(".ways-out")[
            h.p[
                _(
                    "Another browser would not help on this device. Open this link on another phone, "
                    "tablet or computer:"
                )
            ],
            _own_link(viewer, link),
        ]
    return h.ol(".ways-out")[
        h.li[_("Copy this link:"), _own_link(viewer, link)],
        h.li[
            _("Open %(browser)s, and paste the link where addresses are typed.")
            % {"browser": choice}
        ],
    ]


def _own_link(viewer: Viewer, link: str) -> h.Node:
    """The link, to be selected by hand, and the button that copies it where scripts run."""
    _ = viewer.translate
    return h.div(".own-link")[
        h.code(dir="ltr")[link],
        h.span(".copy-link", hidden=True, data_says=_("Copy link")),
        h.p(role="status"),
    ]
