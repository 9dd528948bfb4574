"""The fields that "New invite" and "Edit" share, named as in `web/forms/invitation.py`.

The style sheet reveals what belongs to a checkbox, so this works without scripts; a browser without
the selector shows everything.
"""

from collections.abc import Mapping

import htpy as h

from web.forms.contacts import isolated
from web.forms.invitation import MAX_COLLEAGUES
from web.markup.shared.contact_fields import answers, contact_field
from web.markup.shared.controls import checkbox, field, once, radios, select, submit
from web.markup.shared.labels import languages_with
from web.routes import path
from web.view_models import Form, Viewer


def labels(viewer: Viewer) -> list[tuple[str, str]]:
    """(field, label) of every field that can be refused, in the order of the form."""
    _ = viewer.translate
    found = [
        ("address", _("Email or mobile number")),
        ("channel", _("Send the link by")),
        ("first_name", _("First name")),
        ("last_name", _("Last name")),
        ("language", _("Language")),
        ("date", _("Date")),
        ("time", _("Time")),
        ("time_zone", _("Time zone")),
        ("companion_address", _("Email or mobile of the caregiver")),
        ("companion_name", _("Name of the caregiver")),
        ("companion_language", _("Write to the caregiver in")),
    ]
    for number in range(1, MAX_COLLEAGUES + 1):
        found += [
            (f"colleague_{number}_address", _expert(_("Email or mobile of expert %(n)s"), number)),
            (f"colleague_{number}_name", _expert(_("Name of expert %(n)s"), number)),
            (f"colleague_{number}_language", _expert(_("Write to expert %(n)s in"), number)),
        ]
    return [
        *found,
        ("interpreter", _("Interpreter needed")),
        ("interpreter_language", _("Interpreter for")),
        ("note", _("Note for the invitation")),
    ]


def person_fields(viewer: Viewer, form: Form) -> h.Fragment:
    """The awaited person: address, the channel that follows from it, name."""
    _ = viewer.translate
    return h.fragment[
        contact_field(
            viewer,
            form,
            "address",
            _("Email or mobile number"),
            hint=_in_one_piece(_("A mobile number with its country code: +41 79 123 45 67")),
        ),
        radios(form, "channel", _("Send the link by"), _ways(viewer, form)),
        _without_way(viewer),
        h.p("#preview.hint", role="status"),
        h.div(".pair")[
            field(form, "first_name", _("First name")),
            field(form, "last_name", _("Last name")),
        ],
        h.p(".hint")[_("Both may stay empty if there is an address. A pseudonym is fine."),],
    ]


def _ways(viewer: Viewer, form: Form) -> list[tuple[str, str]]:
    """How the link can be sent from this server, and how it was to be sent so far."""
    _ = viewer.translate
    phones = [("sms", _("SMS")), ("whatsapp", _("WhatsApp"))]
    offered = {*viewer.phone_channels, form.values.get("channel", "")}
    # A script says which of them it is as soon as it is clear what is typed.
    mail = _("By email, or by message to a number") if viewer.phone_channels else _("By email")
    return [
        ("", mail),
        *(way for way in phones if way[0] in offered),
        ("none", _("Give the link myself")),
    ]


def _without_way(viewer: Viewer) -> h.Element:
    """What a script shows where nothing can be sent to what was typed."""
    _ = viewer.translate
    return h.div("#no-way.notice.bad", role="status", hidden=True, data_by_email=_("By email"))[
        h.p,
        h.button("#pass-on", type="button")[_("I will pass on the link myself")],
    ]


def language_field(viewer: Viewer, form: Form) -> h.Element:
    """The language of the service user, at a distance and in person."""
    _ = viewer.translate
    return select(
        form,
        "language",
        _("Language"),
        languages_with(viewer, form.values.get("language", "")),
        default=viewer.language,
    )


def companion_fields(viewer: Viewer, form: Form) -> h.Element:
    _ = viewer.translate
    return h.div(".reveal")[
        checkbox(form, "companion", _("Invite a loved one or another caregiver")),
        h.div(".revealed")[
            contact_field(viewer, form, "companion_address", _("Email or mobile of the caregiver")),
            h.div(".pair")[
                field(form, "companion_name", _("Name of the caregiver")),
                _written_in(
                    viewer,
                    form,
                    "companion_language",
                    _("Write to the caregiver in"),
                    usual=_("Same as the service user"),
                ),
            ],
        ],
    ]


def colleague_fields(viewer: Viewer, form: Form) -> h.Element:
    """Up to five experts, all shown; a script hides the empty ones behind a button."""
    _ = viewer.translate
    return h.div(".reveal")[
        checkbox(form, "colleague", _("Invite a colleague")),
        h.div(".revealed")[
            (_colleague(viewer, form, number) for number in range(1, MAX_COLLEAGUES + 1)),
            h.button("#add-expert", type="button", hidden=True)[_("Add another expert")],
        ],
    ]


def more_people(viewer: Viewer, form: Form, address: str, *, companions: bool = True) -> h.Element:
    """A form that invites more people to a session; only experts unless `companions`."""
    _ = viewer.translate
    return h.form(
        "#more-people.card", method="post", action=address, data_preview=path("invite_preview")
    )[
        answers(form),
        once(form),
        companions
        and [
            h.input(type="hidden", name="language", value=form.values.get("language") or None),
            companion_fields(viewer, form),
        ],
        colleague_fields(viewer, form),
        h.div(".actions")[submit(_("Invite"), quiet=True)],
    ]


def _colleague(viewer: Viewer, form: Form, number: int) -> h.Element:
    _ = viewer.translate
    prefix = f"colleague_{number}"
    return h.div(".expert")[
        contact_field(
            viewer,
            form,
            f"{prefix}_address",
            _expert(_("Email or mobile of expert %(n)s"), number),
        ),
        h.div(".pair")[
            field(form, f"{prefix}_name", _expert(_("Name of expert %(n)s"), number)),
            _written_in(
                viewer,
                form,
                f"{prefix}_language",
                _expert(_("Write to expert %(n)s in"), number),
                usual=_("Same as me"),
            ),
        ],
    ]


def interpreter_fields(viewer: Viewer, form: Form, interpreting: Mapping[str, bool]) -> h.Element:
    """ "Interpreter needed": only for languages that an organization speaks."""
    _ = viewer.translate
    spoken = [(code, name) for code, name in viewer.languages if interpreting.get(code)]
    if not spoken:
        return h.div(".field.check")[
            h.label[
                h.input(
                    "#interpreter",
                    type="checkbox",
                    disabled=True,
                    aria_describedby="no-interpreter",
                ),
                " ",
                _("Interpreter needed"),
            ],
            h.p("#no-interpreter.hint")[_("No interpreting organization offers this language.")],
        ]
    return h.div(".reveal")[
        checkbox(
            form,
            "interpreter",
            _("Interpreter needed"),
            hint=_("Plan ahead: the organization needs time to find somebody."),
        ),
        h.p("#no-interpreter.hint", hidden=True)[
            _("No interpreting organization offers this language.")
        ],
        h.div(".revealed")[
            select(
                form,
                "interpreter_language",
                _("Interpreter for"),
                spoken,
                default=form.values.get("language", viewer.language),
            )
        ],
    ]


def _written_in(viewer: Viewer, form: Form, name: str, label: str, *, usual: str) -> h.Element:
    return select(form, name, label, [("", usual), *viewer.languages])


def _in_one_piece(sentence: str) -> str:
    """The sentence with its example number isolated and unbroken."""
    example = "+41 79 123 45 67"
    return sentence.replace(example, isolated(example))


def _expert(sentence: str, number: int) -> str:
    return sentence % {"n": number}
