"""Ways of signing in besides a password, for the sign-in page."""

import htpy as h

from web.routes import path
from web.view_models import Viewer


def provider_way(
    viewer: Viewer, label: str, back_to: str = "", *, primary: bool = False
) -> h.Element:
    """The link to the organization's provider."""
    query = {"next": back_to} if back_to else None
    _ = viewer.translate
    sentence = _("Sign in with %(provider)s") % {"provider": label}
    return h.p[leading_away(path("provider_sign_in", query), sentence, primary=primary)]


def leading_away(address: str, label: str, *, primary: bool = False) -> h.Element:
    """A link that looks like a button; a form may not lead to another server (CSP `form-action`)."""
    return h.a(".button.primary" if primary else ".button", href=address)[label]
