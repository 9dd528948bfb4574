"""Pages of signing in by the organization's provider."""

import htpy as h

from web.markup.accounts.credentials import password_field, whose
from web.markup.accounts.sign_in_ways import leading_away, provider_way
from web.markup.shared.controls import error_summary, go, submit
from web.markup.shared.document import document
from web.routes import path
from web.view_models import Form, Viewer


def refused_page(
    viewer: Viewer, sentence: str, label: str, *, signed_in: bool, only: bool
) -> h.Element:
    """Why nobody was signed in, and what to do; `sentence` is translated already."""
    _ = viewer.translate
    ways = [
        provider_way(viewer, label, primary=True),
        not only and h.div(".actions")[go(path("sign_in"), _("Other ways to sign in"))],
    ]
    return document(
        viewer,
        _("You were not signed in"),
        h.div(".narrow")[
            h.h1[_("You were not signed in")],
            h.p(role="alert")[sentence],
            h.div(".actions")[go(path("dashboard"), _("Back to the dashboard"), primary=True)]
            if signed_in
            else ways,
        ],
    )


def waiting_page(viewer: Viewer) -> h.Element:
    """For somebody whom an administrator has to let in."""
    _ = viewer.translate
    heading = _("Your request was passed on")
    return document(
        viewer,
        heading,
        h.div(".narrow")[
            h.h1[heading],
            h.p[
                _(
                    "You do not have access yet. An administrator decides about it, and you get an"
                    " email as soon as you can sign in."
                )
            ],
        ],
    )


def link_page(viewer: Viewer, form: Form, email: str, label: str, *, only: bool) -> h.Element:
    """Asks for the password of the account that has the same address; with `only` nobody makes links
    for another one."""
    _ = viewer.translate
    heading = _("Link your account")
    return document(
        viewer,
        heading,
        h.div(".narrow")[
            h.h1[heading],
            error_summary(viewer, form, [("password", _("Password"))]),
            h.p[
                _(
                    "There is an account with your email address here already. Enter its password"
                    " once; from then on you sign in with %(provider)s."
                )
                % {"provider": label}
            ],
            h.p[h.bdi[email]],
            h.form(".card", method="post", action=path("provider_link"))[
                whose(email),
                password_field(viewer, form),
                submit(_("Link and sign in")),
            ],
            not only
            and h.p(".hint")[
                _("If you do not know the password, ask an administrator for a password link.")
            ],
        ],
    )


def signed_out_page(viewer: Viewer, label: str, address: str = "") -> h.Element:
    """`address` leads on to signing out of the provider; empty: that is over."""
    _ = viewer.translate
    heading = _("You are signed out")
    if address:
        more = h.p[
            leading_away(
                address, _("Sign out of %(provider)s, too") % {"provider": label}, primary=True
            )
        ]
    else:
        more = provider_way(viewer, label, primary=True)
    return document(viewer, heading, h.div(".narrow")[h.h1[heading], more])
