"""The shell of every page: head, menu, language switch, skip link."""

import htpy as h
from markupsafe import Markup

from web.markup.shared.controls import button
from web.markup.shared.header import foot, top
from web.routes import path
from web.view_models import Viewer


def document(
    viewer: Viewer,
    title: str,
    body: h.Node,
    *,
    module: str | None = None,
    service_user: bool = False,
    data: dict[str, str | None] | None = None,
    wide: bool = False,
    stylesheets: tuple[str, ...] = (),
    beside: tuple[str, ...] = (),
    without_scripts: str | None = None,
    first: h.Node = None,
    sheet: str | None = None,
    inline: bool = False,
) -> h.Element:
    """A whole page.

    `module` is the path of the page's script below web/static, `beside` are modules that the page
    works without; `data` are the body's data-* attributes. `without_scripts` is the address of a page
    for browsers without scripts. `first` comes in the head before all files. `sheet` has all of the
    page's styles instead of the usual sheets; `inline`: it stands in the page, which then is styled as
    soon as it comes.
    People who come by link (`service_user`) get no menu and a neutral title.
    """
    _ = viewer.translate
    signed_in = viewer.account_name is not None and not service_user
    modules = ["js/pages/lobby.js"] if signed_in else []
    needs_scripts = signed_in or module is not None
    followed = signed_in and "consultation-id" not in (data or {})
    if module and module not in modules:
        modules.append(module)
    if not modules:
        modules.append("js/pages/plain.js")
    modules += beside
    attributes = _attributes(viewer, signed_in=signed_in, data=data or {})
    head = _head(
        viewer,
        viewer.brand if service_user else f"{title} - {viewer.brand}",
        styles=_styles(viewer, sheet)
        if sheet and inline
        else _links(viewer, sheet)
        if sheet
        else _links(
            viewer,
            "css/base.css",
            "css/shapes.css",
            *(("css/desk.css",) if signed_in else ()),
            *stylesheets,
        ),
        printed=not service_user,
        modules=modules,
        needs_scripts=needs_scripts,
        without_scripts=without_scripts,
        first=first,
    )
    return h.html(lang=viewer.language, dir=viewer.direction, data_catalog=viewer.catalog or None)[
        head,
        h.body({"class": "wide" if wide else None, **attributes})[
            h.a(".skip", href="#main")[_("Skip to the content")],
            top(viewer, signed_in=signed_in, followed=followed, service_user=service_user),
            signed_in and _signed_out(viewer),
            followed and h.p("#line-lost.notice.warning", role="status", hidden=True),
            followed and _notifications(viewer),
            needs_scripts and _until_scripts_run(viewer),
            h.main("#main", tabindex="-1")[body],
            (followed or not (signed_in or service_user)) and foot(viewer, signed_in=signed_in),
        ],
    ]


def _attributes(
    viewer: Viewer, *, signed_in: bool, data: dict[str, str | None]
) -> dict[str, str | None]:
    """Of the body, for the scripts."""
    return {
        **(_preferences(viewer) if signed_in else {}),
        # The lobby's script makes addresses of ids with these.
        "data-session-path": path("session", consultation_id="CONSULTATION") if signed_in else None,
        "data-case-path": path("case", consultation_id="CONSULTATION") if signed_in else None,
        "data-socket": path("socket"),
        "data-account": viewer.account_id if signed_in else None,
        "data-zone": viewer.zone_there,
        "data-now": str(int(viewer.now.timestamp() * 1000)) if viewer.now else None,
        **{f"data-{name}": value for name, value in data.items()},
    }


def _preferences(viewer: Viewer) -> dict[str, str | None]:
    """How the scripts ring and notify."""
    chosen = viewer.preferences
    return {
        "data-ring-sound": chosen.ring_sound,
        "data-ring-volume": str(chosen.ring_volume),
        "data-notifications": "on" if chosen.notifications else None,
        "data-offer-notifications": "on" if chosen.offer_notifications else None,
    }


def _head(
    viewer: Viewer,
    title: str,
    *,
    styles: h.Node,
    printed: bool,
    modules: list[str],
    needs_scripts: bool,
    without_scripts: str | None,
    first: h.Node,
) -> h.Element:
    return h.head[
        h.meta(charset="utf-8"),
        without_scripts
        and h.noscript[h.meta(http_equiv="refresh", content=f"0; url={without_scripts}")],
        first,
        h.meta(name="viewport", content="width=device-width, initial-scale=1"),
        h.meta(name="robots", content="noindex, nofollow"),
        h.meta(name="color-scheme", content="light dark"),
        h.title[title],
        h.link(rel="icon", href=viewer.static("icon.svg"), type="image/svg+xml"),
        styles,
        viewer.colors and h.link(rel="stylesheet", href=viewer.colors),
        printed and h.link(rel="stylesheet", href=viewer.static("css/print.css"), media="print"),
        # before the modules, so that it notices which of them fail to load
        needs_scripts and _for_every_browser(viewer),
        (h.script(type="module", src=address) for address in viewer.scripts(modules)),
    ]


def _links(viewer: Viewer, *sheets: str) -> h.Node:
    return [h.link(rel="stylesheet", href=viewer.static(sheet)) for sheet in sheets]


def _styles(viewer: Viewer, sheet: str) -> h.Node:
    return h.style[Markup(viewer.inline(sheet))]


def _notifications(viewer: Viewer) -> h.Element:
    """The question whether to be notified; shown by a script when it is worth asking."""
    _ = viewer.translate
    return h.section("#notify.notice", aria_label=_("Notifications"), hidden=True)[
        h.p[_("Be told when somebody arrives, also when this page is in the background.")],
        h.div(".actions")[
            button("allow-notifications", _("Allow notifications"), style="primary"),
            button("no-notifications", _("Not now"), data_post=path("profile_notifications")),
        ],
    ]


def _for_every_browser(viewer: Viewer) -> h.Node:
    """Scripts and styles for where modules are missing, unknown or switched off."""
    return [
        h.script(defer=True, src=viewer.static("js/boot.js")),
        h.script(nomodule=True, defer=True, src=viewer.static("js/too-old.js")),
        h.noscript[h.link(rel="stylesheet", href=viewer.static("css/no-scripts.css"))],
    ]


def _until_scripts_run(viewer: Viewer) -> h.Node:
    """Messages until the page's scripts run; css/base.css shows the one that applies."""
    _ = viewer.translate
    return [
        h.noscript[
            h.p(".notice.warning")[
                _(
                    "JavaScript is switched off in this browser, and this page needs it. Please "
                    "switch it on and reload the page, or use another browser."
                )
            ]
        ],
        h.div("#starting.notice.warning", role="status")[
            h.p(".slow")[
                _(
                    "This is taking long. If it goes on, try again, allow JavaScript in this browser, "
                    "or use another one."
                )
            ],
            h.p(".failed")[_("A part of this page could not be started.")],
            h.p(".too-old")[_("Your browser is too old for this page. Please use a newer one.")],
            h.a(".button", href="")[_("Try again")],
        ],
    ]


def message_page(
    viewer: Viewer,
    heading: str,
    *sentences: str,
    more: h.Node = None,
    data: dict[str, str | None] | None = None,
) -> h.Element:
    """A page with only a message, for people who come by link."""
    return document(
        viewer,
        viewer.brand,
        h.div(".narrow")[h.h1[heading], (h.p[sentence] for sentence in sentences), more],
        service_user=True,
        data=data,
    )


def _signed_out(viewer: Viewer) -> h.Node:
    """Shown when somebody is signed out while the page is open, and before their time is over."""
    _ = viewer.translate
    beside = path("sign_in", {"next": path("signed_in")})
    return h.div("#sign-in-ends.notice.warning", role="status", hidden=True)[
        h.span,
        " ",
        h.a("#sign-in-again.button", href=beside, target="_blank")[_("Sign in again")],
    ], h.p("#signed-out.notice.bad", role="alert", hidden=True)[
        _("You are signed out. Please sign in again."),
        " ",
        h.a("#sign-in", href=path("sign_in"), target="_blank")[_("Sign in")],
    ]
