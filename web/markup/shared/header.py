"""The top and the foot of every page: name, menu, who is signed in, the connection, the languages."""

import htpy as h

from web.markup.shared.controls import button, choices
from web.markup.shared.icons import icon
from web.markup.shared.labels import languages_with
from web.routes import path
from web.view_models import Viewer


def top(viewer: Viewer, *, signed_in: bool, followed: bool, service_user: bool) -> h.Element:
    """`followed`: whether the page says who arrives, and so whether it is connected."""
    _ = viewer.translate
    if not signed_in:
        return h.header(".top")[
            _brand(viewer, linked=False),
            h.div(".tools")[
                language_switch(viewer), service_user and viewer.seated and leave(viewer)
            ],
        ]
    return h.header("#top.top")[
        _brand(viewer, linked=True),
        h.button(
            "#menu.scripted",
            type="button",
            aria_expanded="false",
            aria_controls="main-menu",
            aria_label=_("Menu"),
        )[
            icon(viewer, "menu"),
            h.span(".word")[_("Menu")],
            # beside the entry that is hidden while the menu is closed
            h.span("#menu-badge.badge", aria_hidden="true", hidden=True),
        ],
        _menu(viewer),
        h.div(".tools")[
            followed and h.span("#line.tag")[_("Connecting…")],
            # Shown by a script: only that knows whether the browser blocks sound.
            button("enable-sound", _("Enable sound"), hidden=""),
            followed and _bell(viewer),
            not followed and language_switch(viewer),
        ],
        _account(viewer),
    ]


def foot(viewer: Viewer, *, signed_in: bool) -> h.Element:
    """On pages of staff but the session's, which fills the screen."""
    _ = viewer.translate
    spoken = {"language": viewer.language}
    pages = [(path("help", spoken), _("Help")), (path("terms", spoken), _("Terms of use"))]
    if not signed_in:
        return h.footer(".bottom")[_links(viewer, pages)]
    if viewer.account_role != "administrator":
        pages = pages[1:]  # Help stands in the menu
    more = [(path(name), label) for name, label in (
        ("waiting_room", _("Waiting room")),
        ("opened", _("Opened sessions")),
        ("device_test", _("Test my device")),
    )]  # fmt: skip
    return h.footer(".bottom")[
        h.nav(aria_label=_("More pages"))[_links(viewer, [*more, *pages])],
        language_switch(viewer),
    ]


def _links(viewer: Viewer, pages: list[tuple[str, str]]) -> h.Element:
    return h.ul(".dotted")[
        (
            h.li[h.a(href=address, aria_current="page" if address == viewer.path else None)[label]]
            for address, label in pages
        )
    ]


def _brand(viewer: Viewer, *, linked: bool) -> h.Element:
    logo = viewer.logo
    shown: list[h.Node] = [
        logo is not None
        and h.img(src=logo.address, alt=logo.text, width=str(logo.width), height=str(logo.height)),
        h.span(dir="auto")[viewer.brand],
    ]
    return h.a("#home.brand", href=path("dashboard"))[shown] if linked else h.span(".brand")[shown]


def _menu(viewer: Viewer) -> h.Element:
    _ = viewer.translate
    entries = [
        (path("dashboard"), _("Dashboard")),
        (path("invites"), _("Invites")),
        (path("history"), _("History")),
    ]
    if viewer.account_role == "administrator":
        entries.append((path("admin"), _("Administration")))
    else:
        entries.append((path("help", {"language": viewer.language}), _("Help")))
    return h.nav("#main-menu", aria_label=_("Main menu"))[
        h.ul[
            (
                h.li[
                    h.a(
                        href=address,
                        aria_current="page" if viewer.path == address.partition("?")[0] else None,
                    )[label],
                    # Outside the link, so that the number is not part of its accessible name.
                    address == path("dashboard") and h.span("#waiting-badge.badge", hidden=True),
                ]
                for address, label in entries
            )
        ]
    ]


def _bell(viewer: Viewer) -> h.Element:
    """Silence for a while; shown by a script, which rings."""
    _ = viewer.translate
    return h.span("#bell.inline", hidden=True)[
        h.span("#muted", role="status"),
        button("mute", _("Mute for 15 minutes")),
        button("unmute", _("Unmute"), hidden=""),
    ]


def language_switch(viewer: Viewer) -> h.Node:
    _ = viewer.translate
    if len(viewer.languages) < 2:
        return None
    return h.form(".language", method="post", action=path("language"))[
        h.input(type="hidden", name="next", value=viewer.path),
        h.label(".unseen", for_="interface-language")[_("Show this page in")],
        h.select("#interface-language", name="language")[
            choices(tuple(languages_with(viewer, viewer.language)), viewer.language, languages=True)
        ],
        h.button(type="submit")[_("Change")],
    ]


def leave(viewer: Viewer) -> h.Element:
    """For shared devices; a script also deletes what the page has stored."""
    _ = viewer.translate
    left = path("left", {"language": viewer.language})
    return h.form(
        "#leave.inline", method="post", action=path("leave"), data_leave="", data_left=left
    )[
        h.input(type="hidden", name="language", value=viewer.language),
        h.button(type="submit")[_("Leave this device")],
    ]


def _account(viewer: Viewer) -> h.Node:
    _ = viewer.translate
    return [
        h.a(
            ".account",
            href=path("profile"),
            aria_label=_("Your profile") + ": " + (viewer.account_name or ""),
            aria_current="page" if viewer.path == path("profile") else None,
        )[h.bdi[viewer.account_name]],
        h.form(".inline.sign-out", method="post", action=path("sign_out"), data_leave="")[
            h.button(type="submit")[_("Sign out")]
        ],
    ]
