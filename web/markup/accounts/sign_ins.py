"""Sections of the profile: the password, and where the account is signed in."""

from collections.abc import Sequence

import htpy as h

from web.markup.accounts.credentials import password_field, whose
from web.markup.shared.controls import action, error_summary, submit
from web.markup.shared.labels import clock, filled
from web.routes import path
from web.view_models import Form, SignedIn, Viewer


def password_section(
    viewer: Viewer, form: Form, email: str, *, has_password: bool, provider: str
) -> h.Element:
    """`provider` is who signs in somebody without a password, by name; empty if nobody does."""
    _ = viewer.translate
    if not has_password:
        return h.section[
            h.h2(id="password-section")[_("Password")], h.p[_without(viewer, provider)]
        ]
    labels = [("present", _("Current password")), ("password", _("New password"))]
    return h.section[
        h.h2[_("Change password")],
        error_summary(viewer, form, labels),
        h.form(".card", method="post", action=path("profile_password"))[
            whose(email),
            password_field(viewer, form, name="present", label=_("Current password")),
            password_field(viewer, form, label=_("New password"), new=True),
            h.p(".hint")[_("All other browsers will be signed out.")],
            submit(_("Change password")),
        ],
        provider
        and h.p(".hint")[
            filled(_("You can also sign in with %(provider)s."), provider=h.bdi[provider])
        ],
    ]


def _without(viewer: Viewer, provider: str) -> h.Node:
    _ = viewer.translate
    if not provider:
        return _("This account has no password.")
    return filled(
        _("You sign in with %(provider)s. This account has no password of its own."),
        provider=h.bdi[provider],
    )


def places_section(viewer: Viewer, places: Sequence[SignedIn]) -> h.Element:
    _ = viewer.translate
    return h.section[
        h.h2[_("Where you are signed in")],
        h.ul(".list")[(_place(viewer, place) for place in places)],
        len(places) > 1 and h.p[_sign_out("others", _("Sign out everywhere else"))],
    ]


def _place(viewer: Viewer, place: SignedIn) -> h.Element:
    _ = viewer.translate
    way = {
        "password": _("with a password"),
        "link": _("with a link by mail"),
        "provider": _("with the organization's credentials"),
        "passkey": _("with a passkey"),
    }.get(place.way)
    return h.li(".row")[
        h.div(".who")[
            h.strong(".name")[_browser(viewer, place)],
            place.here and [" ", h.span(".tag.online")[_("This browser")]],
            h.p(".hint")[
                filled(_("Since %(moment)s"), moment=clock(viewer, place.since)),
                way and [", ", way],
            ],
            not place.here
            and h.p(".hint")[filled(_("Last used %(moment)s"), moment=clock(viewer, place.used))],
        ],
        h.div(".actions")[
            action(path("sign_out"), _("Sign out"))
            if place.here
            else _sign_out(place.id, _("Sign out"))
        ],
    ]


def _browser(viewer: Viewer, place: SignedIn) -> str:
    _ = viewer.translate
    if place.browser and place.system:
        names = {"browser": place.browser, "system": place.system}
        return _("%(browser)s on %(system)s") % names
    return place.browser or place.system or _("A browser")


def _sign_out(which: str, label: str) -> h.Element:
    return h.form(".inline", method="post", action=path("profile_sign_out"))[
        h.input(type="hidden", name="where", value=which), submit(label, quiet=True)
    ]
