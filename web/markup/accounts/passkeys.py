"""Adding a passkey."""

import htpy as h

from web.markup.accounts.credentials import ACCOUNT_STYLES
from web.markup.accounts.sign_in_ways import passkeys_elsewhere
from web.markup.shared.controls import field, go, notice, submit
from web.markup.shared.document import document
from web.routes import path
from web.view_models import Form, Viewer


def new_passkey_page(viewer: Viewer) -> h.Element:
    """The form is posted by a script, once the browser has made the passkey."""
    _ = viewer.translate
    return document(
        viewer,
        _("Add a passkey"),
        h.div(".narrow")[
            h.h1[_("Add a passkey")],
            h.p[
                _(
                    "A passkey is kept by this device or by a security key. You use it with your"
                    " fingerprint, your face or the screen lock, instead of your password or after it."
                )
            ],
            h.div("#passkey-elsewhere", hidden=True)[passkeys_elsewhere(viewer)],
            h.div("#no-passkeys", hidden=True)[
                notice(
                    _("This browser does not support passkeys. Please use another one."),
                    kind="warning",
                )
            ],
            h.form(
                "#new-passkey.card",
                hidden=True,
                data_options=path("passkey_options"),
                data_answer=path("new_passkey"),
                data_origin=viewer.passkey_origin,
            )[
                field(
                    Form(),
                    "name",
                    _("Name of the passkey"),
                    hint=_("So that you recognize it later, for example “my phone”."),
                    required=True,
                ),
                h.p("#passkey-problem.error", role="alert"),
                submit(_("Add a passkey")),
            ],
            h.div(".actions")[go(path("factors"), _("Cancel"))],
        ],
        module="js/pages/plain.js" if viewer.account_name is None else None,
        beside=("js/pages/new-passkey.js",),
        stylesheets=ACCOUNT_STYLES,
    )
