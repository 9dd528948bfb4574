"""The pages of an interpreter request's link. They work without scripts."""

import htpy as h

from web.markup.shared.contact_fields import answers, contact_field
from web.markup.shared.controls import error_summary, field
from web.markup.shared.document import document
from web.markup.shared.labels import appointment
from web.texts.dates import amount
from web.view_models import Form, RequestView, Viewer


def request_page(viewer: Viewer, view: RequestView, form: Form) -> h.Element:
    """The request, and the forms of the two answers."""
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
                    hint=_("The interpreter will get a personal link at this address."),
                    required=True,
                ),
                h.button(".primary", type="submit")[_("Accept")],
            ],
            h.form(".card", method="post", action=view.answer_path)[
                h.input(type="hidden", name="answer", value="decline"),
                h.p(".hint")[
                    _(
                        "If nobody is free, please decline so that another organization can be asked."
                    )
                ],
                h.button(type="submit")[_("Decline")],
            ],
        ],
        service_user=True,
    )


def answered_page(viewer: Viewer, view: RequestView) -> h.Element:
    """The outcome of a request that has been answered: what was decided, and what follows."""
    _ = viewer.translate
    heading, follows = {
        "accepted": (
            _("Thank you. You accepted this request."),
            _("The interpreter gets a personal link to the session."),
        ),
        "refused": (
            _("You declined this request."),
            _("Thank you for your answer. Another organization will be asked, if there is one."),
        ),
        "expired": (
            _("The time to answer has passed."),
            # nobody is asked for a session that should have begun
            _("There is nothing left to do.")
            if view.planned_at is not None and view.expires_at >= view.planned_at
            else _("Another organization will be asked, if there is one."),
        ),
        "withdrawn": (_("An interpreter is no longer needed."), _("There is nothing left to do.")),
    }[view.state]
    return document(
        viewer,
        viewer.brand,
        h.div(".narrow")[
            h.h1[heading],
            h.p(role="status")[follows],
            _facts(viewer, view, decided=True),
        ],
        service_user=True,
    )


def _facts(viewer: Viewer, view: RequestView, *, decided: bool = False) -> h.Element:
    """`decided`: nobody has to answer any more."""
    _ = viewer.translate
    return h.dl(".card")[
        h.dt[_("Requested by")],
        h.dd[h.bdi[view.scheduler_name]],
        view.organization_name and [h.dt[_("Organization")], h.dd[h.bdi[view.organization_name]]],
        h.dt[_("Languages")],
        h.dd[view.languages],
        h.dt[_("Date")],
        h.dd[appointment(viewer, view.planned_at) if view.planned_at else _("As soon as possible")],
        h.dt[_("Expected duration")],
        h.dd[amount(view.minutes, "minute", viewer.language)],
        not decided and [h.dt[_("Please answer by")], h.dd[appointment(viewer, view.expires_at)]],
    ]
