"""The pages that keep what somebody sent: after the time of their sign-in was over, too often, or while
something of the server fails."""

from collections.abc import Mapping

import htpy as h

from web.markup.shared.controls import submit
from web.markup.shared.document import document
from web.routes import path
from web.view_models import Viewer


def send_again_page(
    viewer: Viewer, sentence: str, address: str, fields: Mapping[str, str]
) -> h.Element:
    """`fields` go to `address` once more after a while; `sentence`, which is translated, says why."""
    _ = viewer.translate
    heading = _("That did not work")
    return document(
        viewer,
        heading,
        h.div(".narrow")[
            h.h1[heading],
            h.p[sentence],
            h.p[_("Nothing is lost: this page keeps what you have typed.")],
            h.form("#kept-form", method="post", action=address)[
                _hidden(fields), submit(_("Send what you typed"))
            ],
        ],
        service_user=viewer.account_name is None,
    )


def _hidden(fields: Mapping[str, str]) -> list[h.VoidElement]:
    return [h.input(type="hidden", name=name, value=value) for name, value in fields.items()]


def kept_form_page(viewer: Viewer, address: str, fields: Mapping[str, str]) -> h.Element:
    """`fields` go to `address` once more, after signing in again on a page beside this one."""
    _ = viewer.translate
    beside = path("sign_in", {"next": path("signed_in")})
    return document(
        viewer,
        _("You are signed out"),
        h.div(".narrow")[
            h.h1[_("You are signed out")],
            h.p[_("Nothing is lost: this page keeps what you have typed.")],
            h.p[
                h.a("#sign-in-again.button.primary", href=beside, target="_blank")[
                    _("Sign in again")
                ]
            ],
            h.p[_("Then come back to this page and send it.")],
            h.form("#kept-form", method="post", action=address, data_home=path("dashboard"))[
                _hidden(fields),
                submit(_("Send what you typed")),
            ],
        ],
        beside=("js/pages/kept-form.js",),
    )
