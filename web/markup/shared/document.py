"""The shell of every page: head, menu, language switch, skip link."""

import htpy as h
from markupsafe import Markup

from web.markup.shared.controls import button
from web.markup.shared.header import foot, top
from web.markup.shared.until_scripts_run import no_scripts, until_scripts_run
from web.routes import path
from web.view_models import Viewer

WHOLE_SCRIPT = "js/whole.js"
"In the head of a guest's page."


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
    first: h.Node = None,
    sheet: str | None = None,
    inline: str | None = None,
    waits: bool = True,
    link: str | None = None,
) -> h.Element:
    """A whole page.

    `module` is the path of the page's script below web/static, `beside` are modules that the page
    works without; `data` are the body's data-* attributes. A seat, by `invite-id` in there, has a page
    for browsers without scripts as well. `first` comes in the head before all files. `inline` is a style
    sheet that the page holds, and `sheet` the other one that it has, instead of the usual ones; unless it
    `waits`, it is shown before that one has come.
    `link` is the reader's own, to be opened in a browser that is new enough.
    People who come by link (`service_user`) get no menu and a neutral title.
    """
    _ = viewer.translate
    signed_in = viewer.account_name is not None and not service_user
    invite_id = (data or {}).get("invite-id")
    needs_scripts = signed_in or module is not None
    followed = signed_in and "consultation-id" not in (data or {})
    attributes = body_attributes(viewer, signed_in=signed_in, data=data or {})
    starting = needs_scripts and until_scripts_run(viewer, invite_id=invite_id, link=link)
    head = _head(
        viewer,
        viewer.brand if service_user else f"{title} - {viewer.brand}",
        styles=[
            h.style[Markup(viewer.inline(inline))],
            waits and sheet and _links(viewer, sheet),
        ]
        if inline
        else _links(
            viewer,
            "css/base.css",
            "css/shapes.css",
            "css/lists.css",
            *(("css/desk.css",) if signed_in else ()),
            *stylesheets,
        ),
        icon=_held_icon(viewer) if service_user else viewer.static("icon.svg"),
        printed=not service_user,
        modules=[*_modules(module, signed_in=signed_in), *beside],
        needs_scripts=needs_scripts,
        invite_id=invite_id,
        first=first,
    )
    return h.html(
        lang=viewer.language,
        dir=viewer.direction,
        data_catalog=viewer.catalog or None,
        data_scripted="" if needs_scripts else None,
    )[
        head,
        h.body({"class": "wide" if wide else "lifting" if link else None, **attributes})[
            h.a(".skip", href="#main")[_("Skip to the content")],
            top(viewer, signed_in=signed_in, followed=followed, service_user=service_user),
            signed_in and _signed_out(viewer),
            followed and h.p("#line-lost.notice.warning", role="status", hidden=True),
            followed and _notifications(viewer),
            needs_scripts and no_scripts(viewer, invite_id=invite_id, link=link),
            not link and starting,
            h.main("#main", tabindex="-1")[body],
            # after what works, for browsers without styles; css/base.css has it above that
            link and starting,
            (followed or not (signed_in or service_user)) and foot(viewer, signed_in=signed_in),
            viewer.held_catalog and _held_catalog(viewer),
            # here they hold up nothing; the colors are to come after those of the sheet
            not waits and sheet and _links(viewer, sheet),
            not waits and viewer.colors and h.link(rel="stylesheet", href=viewer.colors),
            first and end_of_page(),
        ],
    ]


def _modules(module: str | None, *, signed_in: bool) -> list[str]:
    modules = ["js/pages/lobby.js"] if signed_in else []
    if module and module not in modules:
        modules.append(module)
    return modules or ["js/pages/plain.js"]


def body_attributes(
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
    icon: str,
    printed: bool,
    modules: list[str],
    needs_scripts: bool,
    invite_id: str | None,
    first: h.Node,
) -> h.Element:
    return h.head[
        h.meta(charset="utf-8"),
        invite_id and h.noscript[_go_to_simple_page(invite_id)],
        first,
        h.meta(name="viewport", content="width=device-width, initial-scale=1"),
        h.meta(name="robots", content="noindex, nofollow"),
        h.meta(name="color-scheme", content="light dark"),
        h.title[title],
        h.link(rel="icon", href=icon, type="image/svg+xml"),
        styles,
        viewer.colors and h.link(rel="stylesheet", href=viewer.colors),
        printed and h.link(rel="stylesheet", href=viewer.static("css/print.css"), media="print"),
        # before the modules, so that it notices which of them fail to load
        needs_scripts and _for_every_browser(viewer),
        (h.script(type="module", src=address) for address in viewer.scripts(modules)),
    ]


def whole_page(viewer: Viewer) -> h.Element:
    """A script that asks for the page again if its end does not arrive."""
    return h.script(data_alive=path("health"))[Markup(viewer.inline(WHOLE_SCRIPT))]


def end_of_page() -> h.Element:
    """What that script looks for."""
    return h.template("#end")


def _held_icon(viewer: Viewer) -> str:
    """The icon as an address that holds it: on a slow line a request costs more than its bytes."""
    drawing = viewer.inline("icon.svg").replace('"', "'").replace("#", "%23")
    return f"data:image/svg+xml,{drawing}"


def _held_catalog(viewer: Viewer) -> h.Element:
    """What `js/shared/catalog.js` would fetch otherwise.

    The window has a property for each id, so this one must be no name of a variable.
    """
    data = viewer.held_catalog.replace("<", "\\u003c")
    return h.script("#held-catalog", type="application/json")[Markup(data)]


def _links(viewer: Viewer, *sheets: str) -> h.Node:
    return [h.link(rel="stylesheet", href=viewer.static(sheet)) for sheet in sheets]


def _go_to_simple_page(invite_id: str) -> h.VoidElement:
    address = path("seat_plain", invite_id=invite_id)
    return h.meta(http_equiv="refresh", content=f"0; url={address}")


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
