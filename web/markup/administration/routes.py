"""The routes, as a text to edit."""

import htpy as h

from web.markup.administration.frame import administration_frame
from web.markup.administration.try_number import Trial, try_number
from web.markup.shared.controls import error_summary, submit, text_area
from web.routes import path
from web.view_models import Form, Viewer

EXAMPLE = """\
# action  prefix  channel   sender
allow     +       sms       Clinic
deny      +7      sms
allow     +7      whatsapp  +41790000000
deny      +850    any
"""


def routes_page(viewer: Viewer, form: Form, in_force: str, trial: Trial | None) -> h.Element:
    """`in_force` are the current routes, the operator's or the defaults."""
    _ = viewer.translate
    return administration_frame(
        viewer,
        _("Routes"),
        error_summary(viewer, form, [("routes", _("Routes")), ("number", _("Mobile number"))]),
        h.p[
            _(
                "One rule per line. For each channel the rules with the longest matching prefix "
                "decide, in their order; what no rule allows is not sent. Without rules, messages "
                "go to every number by any channel that is set up."
            )
        ],
        h.form(".card", method="post", action=path("admin_routes"))[
            text_area(form, "routes", _("Routes"), rows=12, direction="ltr"),
            submit(_("Save")),
        ],
        *try_number(viewer, form, trial),
        h.h2[_("For example")],
        h.pre(dir="ltr")[EXAMPLE],
        h.h2[_("In force now")],
        h.pre(dir="ltr")[in_force or "-"],
    )
