""" "My account": changing the password, and where the account is signed in."""

from collections.abc import Sequence

import htpy as h

from signaling.second_factor import SecondFactors
from web.markup.accounts.credentials import password_field, whose
from web.markup.accounts.factors import factors_section
from web.markup.shared.controls import action, error_summary, notice, submit
from web.markup.shared.document import document
from web.markup.shared.labels import clock, filled
from web.routes import path
from web.view_models import Form, SignedIn, Viewer


def my_account_page(
    viewer: Viewer,
    form: Form,
    email: str,
    places: Sequence[SignedIn],
    factors: SecondFactors,
    *,
    done: str = "",
) -> h.Element:
    """`done` names what has just been done: `password` or `sign-out`."""
    _ = viewer.translate
    told = {
        "password": _("Your password was changed. All other browsers were signed out."),
        "sign-out": _("You are signed out there now."),
    }
    labels = [("present", _("Current password")), ("password", _("New password"))]
    return document(
        viewer,
        _("My account"),
        h.div(".narrow")[
            h.h1[_("My account")],
            h.p(".hint")[h.bdi[viewer.account_name], " · ", h.bdi[email]],
            done in told and h.div(role="status")[notice(told[done], kind="good")],
            h.h2[_("Change password")],
            error_summary(viewer, form, labels),
            h.form(".card", method="post", action=path("account_password"))[
                whose(email),
                password_field(viewer, form, name="present", label=_("Current password")),
                password_field(viewer, form, label=_("New password"), new=True),
                h.p(".hint")[_("All other browsers will be signed out.")],
                submit(_("Change password")),
            ],
            factors_section(viewer, factors),
            h.h2[_("Where you are signed in")],
            h.ul(".list")[(_place(viewer, place) for place in places)],
            len(places) > 1 and h.p[_sign_out(viewer, "others", _("Sign out everywhere else"))],
        ],
    )


def _place(viewer: Viewer, place: SignedIn) -> h.Element:
    _ = viewer.translate
    return h.li(".row")[
        h.div(".who")[
            h.strong(".name")[_browser(viewer, place)],
            place.here and [" ", h.span(".tag.online")[_("This browser")]],
            h.p(".hint")[filled(_("Since %(moment)s"), moment=clock(viewer, place.since))],
        ],
        h.div(".actions")[
            action(path("sign_out"), _("Sign out"))
            if place.here
            else _sign_out(viewer, place.id, _("Sign out"))
        ],
    ]


def _browser(viewer: Viewer, place: SignedIn) -> str:
    _ = viewer.translate
    if place.browser and place.system:
        names = {"browser": place.browser, "system": place.system}
        return _("%(browser)s on %(system)s") % names
    return place.browser or place.system or _("A browser")


def _sign_out(viewer: Viewer, which: str, label: str) -> h.Element:
    return h.form(".inline", method="post", action=path("account_sign_out"))[
        h.input(type="hidden", name="where", value=which), submit(label, quiet=True)
    ]
