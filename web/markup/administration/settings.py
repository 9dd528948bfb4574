"""The settings: what may be changed here, one form each, and what the environment sets."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import htpy as h

from web.markup.administration.frame import administration_frame
from web.markup.administration.session_rules import session_rules
from web.markup.shared.controls import (
    error_summary,
    field,
    file_field,
    notice,
    radios,
    submit,
)
from web.markup.shared.labels import filled
from web.routes import path
from web.view_models import Form, Viewer

Origin = Literal["environment", "here", "default"]


@dataclass(frozen=True)
class EnvironmentRow:
    """A setting of the environment."""

    name: str
    meaning: str
    "In English, as in README.md, for whoever runs the machine."
    value: str
    "What is set, or the default; empty for a secret one."
    origin: Origin
    secret: bool


@dataclass(frozen=True)
class SettingsView:
    origins: Mapping[str, Origin]
    "By what each setting of this page has its value."
    variables: Mapping[str, str]
    "Setting -> variable of the environment that takes its place."
    rules: Collection[str]
    "Those that are on."
    rows: Sequence[EnvironmentRow]
    unknown: Sequence[str]
    "Names in the environment that are most likely misspelled."


def settings_page(viewer: Viewer, form: Form, view: SettingsView) -> h.Element:
    """`form` has what holds now, or what was refused."""
    _, plural = viewer.translate, viewer.plural
    labels = [
        ("brand", _("Name of the service")),
        ("color", _("Color")),
        ("logo", _("Logo")),
        ("logo_text", _("What the logo shows")),
        ("media_policy", _("How calls are connected")),
        ("reminder_minutes", _("Reminders")),
    ]
    return administration_frame(
        viewer,
        _("Settings"),
        error_summary(viewer, form, labels),
        h.p[
            _(
                "What you change here holds at once, without a restart. What is set in the"
                " environment of the server comes first and can only be changed there."
            )
        ],
        h.h2[_("Appearance")],
        _brand(viewer, form, view),
        _color(viewer, form, view),
        _logo(viewer, form),
        h.h2[_("Sessions and reports")],
        session_rules(viewer, view.rules),
        h.h2[_("Calls")],
        _media_policy(viewer, form, view),
        h.h2[_("Reminders")],
        _reminders(viewer, form, view),
        h.h2("#kept")[_("How long sessions are kept")],
        h.p[
            plural(
                "A closed session is deleted after %(hours)s hour.",
                "A closed session is deleted after %(hours)s hours.",
                viewer.retention_hours,
            )
            % {"hours": viewer.retention_hours},
            " ",
            _("This can be changed in the environment of the server only."),
        ],
        h.h2[_("Set in the environment of the server")],
        _environment(viewer, view),
    )


def _setting(
    viewer: Viewer, view: SettingsView, name: str, control: h.Node, *, reset: bool = True
) -> h.Element:
    """The form of one setting, or why it cannot be changed here."""
    _ = viewer.translate
    origin = view.origins[name]
    if origin == "environment":
        return h.fieldset(".card", disabled=True)[
            control,
            h.p(".hint")[
                filled(
                    _("Set by %(variable)s in the environment of the server."),
                    variable=h.code(dir="ltr")[view.variables[name]],
                )
            ],
        ]
    return h.form(".card", method="post", action=path("admin_setting", setting=name))[
        control,
        h.div(".actions")[
            submit(_("Save")),
            reset
            and origin == "here"
            and h.button(type="submit", name="reset", value="on", formnovalidate=True)[
                _("Use the default")
            ],
        ],
    ]


def _brand(viewer: Viewer, form: Form, view: SettingsView) -> h.Element:
    _ = viewer.translate
    hint = _("Shown on pages, in mails and on reports.")
    control = field(form, "brand", _("Name of the service"), hint=hint, required=True)
    return _setting(viewer, view, "brand", control)


def _color(viewer: Viewer, form: Form, view: SettingsView) -> h.Element:
    _ = viewer.translate
    hint = _(
        "For links and buttons, written like #0b6e75. It is made lighter or darker where text could"
        " not be read."
    )
    control = field(form, "color", _("Color"), hint=hint, direction="ltr", required=True)
    return _setting(viewer, view, "color", control)


def _logo(viewer: Viewer, form: Form) -> h.Element:
    _ = viewer.translate
    logo = viewer.logo
    return h.form(
        ".card",
        method="post",
        action=path("admin_logo"),
        enctype="multipart/form-data",
    )[
        logo is not None
        and h.p[
            h.img(
                ".logo",
                src=logo.address,
                alt=logo.text or _("The logo"),
                width=str(logo.width),
                height=str(logo.height),
            )
        ],
        file_field(
            form,
            "logo",
            _("Logo"),
            accept="image/png,image/jpeg",
            hint=_("A PNG or JPEG of at most 512 kB, for the top of pages and for reports."),
        ),
        field(
            form,
            "logo_text",
            _("What the logo shows"),
            hint=_(
                "Read to people who do not see it. Leave it empty if it says no more than the name"
                " beside it."
            ),
        ),
        h.div(".actions")[
            submit(_("Save")),
            logo is not None
            and h.button(type="submit", name="reset", value="on", formnovalidate=True)[
                _("Remove the logo")
            ],
        ],
    ]


def _media_policy(viewer: Viewer, form: Form, view: SettingsView) -> h.Element:
    _ = viewer.translate
    control = radios(
        form,
        "media_policy",
        _("How calls are connected"),
        [
            ("auto", _("Directly between two people where possible")),
            ("relay", _("Always through this server: nobody learns another's network address")),
        ],
        hint=_("For calls that begin from now on."),
    )
    return _setting(viewer, view, "media_policy", control)


def _reminders(viewer: Viewer, form: Form, view: SettingsView) -> h.Element:
    _ = viewer.translate
    hint = _(
        "Minutes before a planned session, separated by commas; empty: none. For sessions that are"
        " planned or moved from now on."
    )
    control = field(form, "reminder_minutes", _("Reminders"), hint=hint, direction="ltr")
    return _setting(viewer, view, "reminder_minutes", control)


def _environment(viewer: Viewer, view: SettingsView) -> h.Node:
    _ = viewer.translate
    return [
        view.unknown
        and notice(
            [
                _("These look like settings and are not, so most likely they are misspelled:"),
                " ",
                h.span(dir="ltr")[", ".join(view.unknown)],
            ],
            kind="warning",
        ),
        h.p(".hint")[_("Whoever runs the machine changes these, and restarts the server.")],
        h.ul("#environment.list")[(_row(viewer, row) for row in view.rows)],
    ]


def _row(viewer: Viewer, row: EnvironmentRow) -> h.Element:
    _ = viewer.translate
    if row.secret:
        shown: h.Node = _("Set, and not shown") if row.origin == "environment" else _("Not set")
    elif row.value:
        shown = [
            h.bdi[h.code[row.value]],
            " ",
            row.origin == "default" and h.span(".tag")[_("Default")],
        ]
    else:
        shown = _("Not set")
    return h.li(".row")[
        h.div(".who")[
            h.strong[h.code(dir="ltr")[row.name]],
            h.p[shown],
            h.p(".hint", lang="en", dir="ltr")[row.meaning],
        ]
    ]
