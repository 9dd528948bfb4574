""" "Your profile": the page, and its sections about the person and their own pages."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import htpy as h

from signaling.account import Account
from signaling.preferences import RingSound
from web.markup.accounts.credentials import ACCOUNT_STYLES, SHOW_PASSWORDS
from web.markup.shared.controls import button, error_summary, field, notice, select, submit
from web.markup.shared.document import document
from web.markup.shared.labels import clock, filled
from web.routes import path
from web.view_models import Form, Viewer


def profile_page(
    viewer: Viewer, account: Account, sections: Iterable[h.Element], *, done: str = ""
) -> h.Element:
    """`done` names what has just been done."""
    _ = viewer.translate
    told = {
        "profile": _("Saved."),
        "password": _("Your password was changed. All other browsers were signed out."),
        "sign-out": _("You are signed out there now."),
        "deletion": _("The administrators have been told."),
        "kept": _("Your account stays."),
    }
    return document(
        viewer,
        _("Your profile"),
        h.div(".narrow")[
            h.h1[_("Your profile")],
            h.p(".hint")[h.bdi[account.name], " · ", h.bdi[account.email]],
            done in told and h.div(role="status")[notice(told[done], kind="good")],
            *sections,
        ],
        module="js/pages/profile.js",
        beside=SHOW_PASSWORDS,
        stylesheets=ACCOUNT_STYLES,
    )


def profile_section(
    viewer: Viewer, form: Form, account: Account, zones: Sequence[tuple[str, str]]
) -> h.Element:
    """`zones` are those to choose from, each with its city."""
    _ = viewer.translate
    labels = [("name", _("Name")), ("language", _("Language")), ("time_zone", _("Time zone"))]
    return h.section[
        h.h2[_("About you")],
        error_summary(viewer, form, labels),
        h.form(".card", method="post", action=path("profile"))[
            field(
                form if "name" in form.values else Form({"name": account.name}, form.errors),
                "name",
                _("Name"),
                hint=_("People you invite will see this name."),
                required=True,
                autocomplete="name",
            ),
            select(form, "language", _("Language"), viewer.languages, default=account.language),
            select(
                form,
                "time_zone",
                _("Time zone"),
                zones,
                default=account.time_zone,
                hint=_("For mails to you. Pages show the time of the device that you use."),
            ),
            submit(_("Save")),
        ],
    ]


def preferences_section(viewer: Viewer, form: Form, account: Account) -> h.Element:
    _ = viewer.translate
    chosen = account.preferences
    sounds: list[tuple[RingSound, str]] = [
        ("phone", _("Telephone")),
        ("bell", _("Bell")),
        ("soft", _("Soft")),
    ]
    labels = [("ring_sound", _("Sound")), ("ring_volume", _("Volume"))]
    volume = form.values.get("ring_volume", str(chosen.ring_volume))
    return h.section[
        h.h2[_("When somebody waits")],
        error_summary(viewer, form, labels),
        h.form("#preferences.card", method="post", action=path("profile_preferences"))[
            select(form, "ring_sound", _("Sound"), sounds, default=chosen.ring_sound),
            h.div(".field")[
                h.label(for_="ring_volume")[_("Volume")],
                h.input(
                    "#ring_volume",
                    type="range",
                    name="ring_volume",
                    min="0",
                    max="100",
                    step="5",
                    value=volume,
                ),
            ],
            h.p[
                button("test-ring", _("Test the ring")), " ", h.span("#ring-status", role="status")
            ],
            _notifications(viewer, on=chosen.notifications),
            submit(_("Save")),
        ],
    ]


def _notifications(viewer: Viewer, *, on: bool) -> h.Element:
    """The question is put to the browser at a press, after these words; the answer is said."""
    _ = viewer.translate
    return h.fieldset(".field")[
        h.legend[_("Desktop notifications")],
        h.p(".hint")[
            _(
                "A short message in a corner of the screen, also while you work in another window:"
                " “Somebody is in the waiting room”. It names nobody."
            )
        ],
        h.div(".check")[
            h.label[
                h.input(
                    "#notifications", type="checkbox", name="notifications", value="on", checked=on
                ),
                " ",
                _("Show them"),
            ]
        ],
        h.p[
            button("ask-browser", _("Ask this browser to allow them"), hidden=""),
            " ",
            h.span("#browser-says", role="status"),
        ],
    ]


def deletion_section(viewer: Viewer, requested_at: datetime | None) -> h.Element:
    """The request that administrators delete the account, or its withdrawal."""
    _ = viewer.translate
    if requested_at is None:
        return h.section[
            h.h2[_("Delete your account")],
            h.p[
                _(
                    "An administrator deletes it. Sessions that are still open go to a colleague"
                    " first. Until then nothing changes, and you can take the request back."
                )
            ],
            _step("ask", _("Ask for my account to be deleted")),
        ]
    return h.section[
        h.h2[_("Delete your account")],
        h.p[
            filled(
                _("You asked for your account to be deleted: %(moment)s."),
                moment=clock(viewer, requested_at),
            )
        ],
        _step("keep", _("Take the request back")),
    ]


def _step(step: str, label: str) -> h.Element:
    return h.form(".inline", method="post", action=path("profile_deletion"))[
        h.input(type="hidden", name="step", value=step), submit(label, quiet=True)
    ]
