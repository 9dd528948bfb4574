"""Why somebody has to sign in, and what follows."""

import htpy as h

from web.routes import path
from web.view_models import Form, Viewer


def sign_in_reason(viewer: Viewer, form: Form, *, over: bool) -> h.Node:
    """A sentence above the form; None where nothing waits for the sign-in."""
    _ = viewer.translate
    back_to = form.values.get("next", "")
    if back_to == path("signed_in"):
        return h.p[_("Please sign in again. Your other page stays open and goes on.")]
    if over:
        return h.p[
            _(
                "Your sign-in has expired, and you will not hear when somebody arrives. Please sign in"
                " again: you will come back to the same page."
            )
        ]
    if back_to:
        return h.p[_("Please sign in. Then you will get to the page that you wanted to see.")]
    return None
