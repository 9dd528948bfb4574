"""The text area of the routes."""

import htpy as h

from web.markup.administration.frame import administration_frame
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


def routes_page(viewer: Viewer, form: Form, in_force: str) -> h.Element:
    """`in_force` are the routes that hold now, the operator's or the defaults."""
    _ = viewer.translate
    return administration_frame(
        viewer,
        _("Routes"),
        error_summary(viewer, form, [("routes", _("Routes"))]),
        h.p[
            _(
                "One rule a line. For each channel the rules with the longest matching prefix "
                "decide, in their order; what no rule allows is not sent. Without rules everybody "
                "is written to by whatever is set up."
            )
        ],
        h.form(".card", method="post", action=path("admin_routes"))[
            text_area(form, "routes", _("Routes"), rows=12, direction="ltr"),
            submit(_("Save")),
        ],
        h.h2[_("For example")],
        h.pre(dir="ltr")[EXAMPLE],
        h.h2[_("In force now")],
        h.pre(dir="ltr")[in_force or "-"],
    )
