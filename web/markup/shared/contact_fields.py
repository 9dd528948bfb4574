"""Fields for addresses and numbers, questions about them, and how they were understood."""

import htpy as h

from signaling.errors import DoubtfulContact
from web.forms.contacts import (
    contact_of,
    country_name,
    doubt,
    format_contact,
    in_words,
    region_of,
)
from web.forms.merging import SHOWN
from web.markup.shared.controls import field
from web.markup.shared.labels import filled
from web.view_models import Form, Offer, Viewer


def contact_field(
    viewer: Viewer,
    form: Form,
    name: str,
    label: str,
    *,
    hint: str | None = None,
    required: bool = False,
) -> h.Fragment:
    """A field for an email address or number, with any question; a script shows how it is understood."""
    return h.fragment[
        field(form, name, label, hint=hint, required=required, direction="ltr"),
        _question(viewer, form, name),
        h.p(".hint", role="status", data_understood=name),
    ]


def answers(form: Form) -> h.Node:
    """Hidden controls at the beginning of a form with such fields."""
    confirmed, shown = form.values.get("confirmed"), form.values.get(SHOWN)
    return [
        # The Enter key presses the first button, which must not be an answer to a question.
        form.questions and h.button(".unseen", type="submit", tabindex="-1", aria_hidden="true"),
        confirmed and h.input(type="hidden", name="confirmed", value=confirmed),
        shown and h.input(type="hidden", name=SHOWN, value=shown),
    ]


def destination(viewer: Viewer, address: str) -> h.Node:
    """The address that somebody's notices go to, and any doubt about it."""
    if not address:
        return None
    contact = contact_of(address)
    country = country_name(region_of(contact), viewer.language)
    unsure = doubt(contact)
    told = _sentence(viewer, in_words(unsure, viewer.language)) if unsure else ""
    return [
        h.bdi(dir="ltr")[format_contact(contact).replace(" ", "\u00a0")],
        country and f" ({country})",
        told and h.span(".error")[" ", told],
    ]


def _sentence(viewer: Viewer, unsure: DoubtfulContact) -> str:
    return viewer.translate(unsure.sentence) % unsure.values


def _question(viewer: Viewer, form: Form, name: str) -> h.Node:
    asked = form.questions.get(name)
    if asked is None:
        return None
    _ = viewer.translate
    return h.div(".actions", data_question=name)[
        (
            h.button(type="submit", name=f"use_{name}", value=offer.address)[_use(viewer, offer)]
            for offer in asked.offers
        ),
        asked.understood
        and h.button(type="submit", name="confirm", value=asked.understood)[_("Send anyway")],
    ]


def _use(viewer: Viewer, offer: Offer) -> h.Node:
    _ = viewer.translate
    return filled(_("Use %(number)s"), number=h.bdi(dir="ltr")[offer.shown])
