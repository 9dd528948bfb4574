"""The fields that "New invite" and "Edit" share, named as in `web/forms/invitation.py`.

The style sheet reveals what belongs to a checkbox, so this works without scripts; a browser without
the selector shows everything.
"""

from collections.abc import Mapping

import htpy as h

from signaling.moments.moment import AmbiguousTime
from web.forms.contacts import isolated
from web.forms.invitation import MAX_COLLEAGUES
from web.markup.shared.contact_fields import answers, contact_field
from web.markup.shared.controls import checkbox, field, radios, select, submit
from web.markup.shared.labels import languages_with
from web.routes import path
from web.view_models import Form, Viewer


def labels(viewer: Viewer) -> list[tuple[str, str]]:
    """(field, label) of every field that can be refused, for the summary."""
    _ = viewer.translate
    found = [
        ("first_name", _("First name")),
        ("last_name", _("Last name")),
        ("address", _("Email or mobile number")),
        ("channel", _("How the link is sent")),
        ("language", _("Language")),
        ("date", _("Date")),
        ("time", _("Time")),
        ("time_zone", _("Time zone")),
        ("companion_address", _("Email or mobile of the caregiver")),
        ("companion_name", _("Name of the caregiver")),
        ("interpreter", _("Interpreter needed")),
        ("interpreter_language", _("Interpreter for")),
        ("note", _("Note for the invitation")),
    ]
    for number in range(1, MAX_COLLEAGUES + 1):
        found += [
            (f"colleague_{number}_address", _expert(_("Email or mobile of expert %(n)s"), number)),
            (f"colleague_{number}_name", _expert(_("Name of expert %(n)s"), number)),
        ]
    return found


def person_fields(viewer: Viewer, form: Form) -> h.Fragment:
    """The awaited person: name, address, channel, language."""
    _ = viewer.translate
    ways = [
        ("", _("Automatically")),
        ("sms", _("SMS")),
        ("whatsapp", _("WhatsApp")),
        ("none", _("Give the link myself")),
    ]
    return h.fragment[
        h.div(".pair")[
            field(form, "first_name", _("First name")),
            field(form, "last_name", _("Last name")),
        ],
        h.p(".hint")[_("One of the two is enough. A pseudonym is fine.")],
        contact_field(
            viewer,
            form,
            "address",
            _("Email or mobile number"),
            hint=_in_one_piece(_("A mobile number with its country code: +41 79 123 45 67")),
        ),
        radios(form, "channel", _("How the link is sent"), ways),
        h.p("#preview.hint", role="status"),
        select(
            form,
            "language",
            _("Language"),
            languages_with(viewer, form.values.get("language", "")),
            default=viewer.language,
        ),
    ]


def plan_fields(
    viewer: Viewer, form: Form, *, every_zone: bool, planned: bool = False
) -> h.Element:
    """ "Plan later" and what it reveals; a session that is `planned` already can only be moved.

    A script fetches the other zones unless `every_zone`.
    """
    _ = viewer.translate
    zone = form.values.get("time_zone") or viewer.time_zone
    zones = {zone, viewer.time_zone, "UTC", *(viewer.time_zones if every_zone else ())}
    twice = form.errors.get("time") == _(AmbiguousTime.sentence)
    choices = [
        ("first", _("The first time, before the clocks go back")),
        ("second", _("The second time, after the clocks went back")),
    ]
    return h.div(
        ".reveal",
        data_clocks=path("clocks"),
        data_zones=None if every_zone else path("zones"),
    )[
        h.input(type="hidden", name="plan_later", value="on")
        if planned
        else checkbox(form, "plan_later", _("Plan later")),
        h.div("#plan.revealed")[
            h.div(".pair")[
                field(form, "date", _("Date"), kind="date", direction="ltr"),
                field(form, "time", _("Time"), kind="time", direction="ltr"),
            ],
            h.div("#twice", hidden=not twice)[
                radios(form, "occurrence", _("This time comes twice that night"), choices)
            ],
            select(
                form,
                "time_zone",
                _("Time zone"),
                [(name, name.replace("_", " ")) for name in sorted(zones)],
                default=viewer.time_zone,
            ),
            _hints_of_clocks(viewer),
        ],
    ]


def _hints_of_clocks(viewer: Viewer) -> list[h.Node]:
    """What a script says about the time that was entered."""
    _ = viewer.translate
    return [
        h.p("#clocks.hint", role="status"),
        h.p(
            "#other-rules.notice.warning",
            role="status",
            hidden=True,
            data_sentence=_(
                "Your browser says %(time)s in %(zone)s, because its time zone rules differ from"
                " those of this server. The time of the server counts."
            ),
        ),
        h.p("#clock-off.notice.warning", role="status", hidden=True),
    ]


def companion_fields(viewer: Viewer, form: Form) -> h.Element:
    _ = viewer.translate
    return h.div(".reveal")[
        checkbox(form, "companion", _("Invite a loved one or another caregiver")),
        h.div(".revealed")[
            contact_field(viewer, form, "companion_address", _("Email or mobile of the caregiver")),
            h.div(".pair")[
                field(form, "companion_name", _("Name of the caregiver")),
                _speaks(viewer, form, "companion_language", _("The caregiver speaks")),
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
        companions and companion_fields(viewer, form),
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
            _speaks(viewer, form, f"{prefix}_language", _expert(_("Expert %(n)s speaks"), number)),
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
            h.p("#no-interpreter.hint")[
                _("No interpreting organization speaks this language here.")
            ],
        ]
    return h.div(".reveal")[
        checkbox(
            form,
            "interpreter",
            _("Interpreter needed"),
            hint=_("Plan well ahead: an organization has to find somebody first."),
        ),
        h.p("#no-interpreter.hint", hidden=True)[
            _("No interpreting organization speaks this language here.")
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


def _speaks(viewer: Viewer, form: Form, name: str, label: str) -> h.Element:
    _ = viewer.translate
    return select(form, name, label, [("", _("As usual")), *viewer.languages])


def _in_one_piece(sentence: str) -> str:
    """The sentence with its example number isolated and unbroken."""
    example = "+41 79 123 45 67"
    return sentence.replace(example, isolated(example))


def _expert(sentence: str, number: int) -> str:
    return sentence % {"n": number}
