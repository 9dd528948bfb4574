"""The button with which somebody whose browser cannot call asks to be called by phone."""

import htpy as h

from web.routes import path
from web.view_models import Viewer


def ask_by_phone(
    viewer: Viewer, invite_id: str, *, full: bool = False, typed_in: str | None = None
) -> h.Element:
    """`full`: on the full page, which is gone back to if scripts run.

    `typed_in` is the id of a form in which something else is typed while none run: that is taken along by
    browsers that know of buttons of other forms.
    """
    _ = viewer.translate
    query = {"full": ""} if full else None
    address = path("seat_phone_call", query, invite_id=invite_id)
    return h.form(".inline", method="post", action=address)[
        h.button(type="submit", form=typed_in, formaction=typed_in and address)[
            _("Ask for a call by phone")
        ]
    ]


def ask_by_phone_too(viewer: Viewer, invite_id: str) -> h.Element:
    """The same in a form in which something else is typed, which it takes along, but no file.

    Browsers that do not know `formaction` send the whole form, with the button's name.
    """
    _ = viewer.translate
    return h.button(
        type="submit",
        name="phone",
        value="1",
        formaction=path("seat_phone_call", invite_id=invite_id),
        formenctype="application/x-www-form-urlencoded",
    )[_("Ask for a call by phone")]


def write_number(viewer: Viewer) -> h.Element:
    """For whoever was invited by email or in person: nobody knows where to call them."""
    _ = viewer.translate
    return h.p[_("Please write your phone number in a message, so that you can be called.")]
