"""The pages behind the link of an interpreter request. They work without scripts."""

import htpy as h

from web.markup.shared.contact_fields import answers, contact_field
from web.markup.shared.controls import error_summary, field
from web.markup.shared.document import document
from web.markup.shared.labels import appointment
from web.view_models import Form, RequestView, Viewer


def request_page(viewer: Viewer, view: RequestView, form: Form) -> h.Element:
    """What is asked, and the two answers."""
    _ = viewer.translate
    labels = [("name", _("Name of the interpreter")), ("address", _("Email or mobile number"))]
    return document(
        viewer,
        viewer.brand,
        h.div(".narrow")[
            h.h1[_("Request for an interpreter")],
            _facts(viewer, view),
            error_summary(viewer, form, labels),
            h.form(".card", method="post", action=view.answer_path)[
                answers(form),
                h.input(type="hidden", name="answer", value="accept"),
                h.input(type="hidden", name="date", value=view.date),
                field(form, "name", _("Name of the interpreter"), required=True),
                contact_field(
                    viewer,
                    form,
                    "address",
                    _("Email or mobile number"),
                    hint=_("The interpreter gets a personal link to the session there."),
                    required=True,
                ),
                h.button(".primary", type="submit")[_("Accept")],
            ],
            h.form(".card", method="post", action=view.answer_path)[
                h.input(type="hidden", name="answer", value="decline"),
                h.p(".hint")[_("If nobody is free, decline: somebody else can be asked then.")],
                h.button(type="submit")[_("Decline")],
            ],
        ],
        service_user=True,
    )


def answered_page(viewer: Viewer, view: RequestView) -> h.Element:
    """What became of the request, for whoever comes back or second."""
    _ = viewer.translate
    sentences = {
        "accepted": _("The request was accepted. The interpreter gets a personal link."),
        "refused": _("The request was declined."),
        "expired": _("The time to answer is over. The request was passed on."),
        "withdrawn": _("The request was withdrawn: no interpreter is needed any more."),
    }
    return document(
        viewer,
        viewer.brand,
        h.div(".narrow")[
            h.h1[_("Request for an interpreter")],
            h.p(role="status")[sentences[view.state]],
            _facts(viewer, view),
        ],
        service_user=True,
    )


def _facts(viewer: Viewer, view: RequestView) -> h.Element:
    _ = viewer.translate
    return h.dl(".card")[
        h.dt[_("Asked by")],
        h.dd[h.bdi[view.scheduler_name]],
        view.organization_name and [h.dt[_("Organization")], h.dd[h.bdi[view.organization_name]]],
        h.dt[_("Languages")],
        h.dd[view.languages],
        h.dt[_("Date")],
        h.dd[appointment(viewer, view.planned_at) if view.planned_at else _("Now")],
    ]
