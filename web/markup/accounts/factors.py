"""One's second factors: a section of the profile, and a page of their own."""

from base64 import urlsafe_b64encode

import htpy as h

from signaling.second_factor import Passkey, SecondFactors
from web.markup.accounts.credentials import ACCOUNT_STYLES
from web.markup.shared.controls import action, go, notice, submit
from web.markup.shared.document import document
from web.markup.shared.labels import clock, filled
from web.routes import path
from web.view_models import Viewer


def factors_page(viewer: Viewer, factors: SecondFactors, *, required: bool, done: str) -> h.Element:
    """`required`: nothing else works before there is one. `done` names what has just been done."""
    _ = viewer.translate
    told = {
        "added": _("Done. From now on you are asked for it when you sign in."),
        "removed": _("It was removed."),
        "recovery": _(
            "You signed in with a recovery code. If you have lost your phone or your passkey, please"
            " remove it here and set up another one."
        ),
    }
    return document(
        viewer,
        _("Second step"),
        h.div(".narrow")[
            h.h1[_("Second step")],
            done in told and h.div(role="status")[notice(told[done], kind="good")],
            required
            and notice(
                _(
                    "Your organization asks for a second step when you sign in. Please set one up now."
                ),
                kind="warning",
            ),
            factors_section(viewer, factors),
            h.div(".actions")[
                action(path("sign_out"), _("Sign out"))
                if required
                else go(path("profile"), _("Your profile"))
            ],
        ],
        stylesheets=ACCOUNT_STYLES,
    )


def factors_section(viewer: Viewer, factors: SecondFactors) -> h.Element:
    """What somebody has, and what they can add or remove; below a heading of its own."""
    _ = viewer.translate
    return h.section(aria_labelledby="second-step")[
        h.h2("#second-step")[_("Second step when you sign in")],
        h.p(".hint")[
            _(
                "Somebody who knows your password cannot sign in without it: a passkey (your"
                " fingerprint, face or screen lock), or a code from an app on your phone."
            )
        ],
        factors.few_codes and notice(_few_codes(viewer, factors), kind="warning"),
        factors.any
        and h.ul(".list")[
            (_passkey(viewer, passkey) for passkey in factors.passkeys),
            factors.app is not None
            and _row(
                _("Authenticator app"),
                filled(_("Since %(moment)s"), moment=clock(viewer, factors.app.created_at)),
                [
                    go(path("authenticator_app"), _("Replace")),
                    action(path("remove_authenticator_app"), _("Remove")),
                ],
            ),
            _row(
                _("Recovery codes"),
                viewer.plural(
                    "%(number)s code left", "%(number)s codes left", factors.recovery_codes
                )
                % {"number": factors.recovery_codes},
                [go(path("recovery_codes"), _("Make new recovery codes"))],
            ),
        ],
        h.div(".actions")[
            viewer.passkey_origin and go(path("new_passkey"), _("Add a passkey"), primary=True),
            not factors.app and go(path("authenticator_app"), _("Set up an authenticator app")),
        ],
    ]


def _few_codes(viewer: Viewer, factors: SecondFactors) -> str:
    _ = viewer.translate
    if factors.recovery_codes == 0:
        return _(
            "You have no recovery codes. Without them, whoever loses the phone needs an"
            " administrator to sign in again."
        )
    return _("Few recovery codes are left. Please make new ones.")


def _passkey(viewer: Viewer, passkey: Passkey) -> h.Element:
    _ = viewer.translate
    used = passkey.used_at or passkey.created_at
    since = _("Last used %(moment)s") if passkey.used_at else _("Since %(moment)s")
    identifier = urlsafe_b64encode(passkey.credential_id).decode().rstrip("=")
    return _row(
        h.bdi[passkey.name],
        [_("Passkey"), " · ", filled(since, moment=clock(viewer, used))],
        [
            h.form(".inline", method="post", action=path("remove_passkey"))[
                h.input(type="hidden", name="passkey", value=identifier),
                submit(_("Remove"), quiet=True),
            ]
        ],
    )


def _row(name: h.Node, hint: h.Node, buttons: h.Node) -> h.Element:
    return h.li(".row")[
        h.div(".who")[h.strong(".name")[name], h.p(".hint")[hint]],
        h.div(".actions")[buttons],
    ]
