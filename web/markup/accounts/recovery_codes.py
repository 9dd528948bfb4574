"""Recovery codes: what they are for, and the ten of them, once."""

from collections.abc import Sequence

import htpy as h

from signaling.second_factor import SecondFactors
from web.markup.accounts.credentials import ACCOUNT_STYLES
from web.markup.shared.controls import action, button, go, notice
from web.markup.shared.document import document
from web.routes import path
from web.view_models import Viewer


def recovery_codes_page(viewer: Viewer, factors: SecondFactors) -> h.Element:
    _ = viewer.translate
    return document(
        viewer,
        _("Recovery codes"),
        h.div(".narrow")[
            h.h1[_("Recovery codes")],
            h.p[
                _(
                    "If you lose your phone or your passkey, each of these codes lets you sign in once."
                    " Keep them where nobody else finds them."
                )
            ],
            factors.recovery_codes > 0
            and notice(_("The codes that you have now will not work any more."), kind="warning"),
            h.div(".actions")[
                action(path("recovery_codes"), _("Make recovery codes"), primary=True),
                go(path("factors"), _("Not now")),
            ],
        ],
        stylesheets=ACCOUNT_STYLES,
    )


def shown_codes_page(viewer: Viewer, email: str, codes: Sequence[str]) -> h.Element:
    _ = viewer.translate
    return document(
        viewer,
        _("Recovery codes"),
        h.div(".narrow")[
            h.h1[_("Recovery codes")],
            h.p[viewer.brand, " · ", h.bdi[email]],
            notice(_("These codes are shown only now. Please print or copy them."), kind="warning"),
            h.div(".card")[
                h.pre("#recovery-codes.link-text", dir="ltr")["\n".join(codes)],
                h.div(".actions")[
                    button("copy-link", _("Copy"), data_copy="#recovery-codes"),
                    button("print", _("Print")),
                ],
                h.p("#copy-status", role="status"),
            ],
            h.div(".actions")[go(path("factors"), _("Done"), primary=True)],
        ],
        beside=("js/pages/recovery-codes.js",),
        stylesheets=ACCOUNT_STYLES,
    )
