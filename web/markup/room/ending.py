"""What a scheduler is asked when a session ends, and can do after it."""

import htpy as h

from web.markup.shared.controls import action, go
from web.routes import path
from web.view_models import SessionView, Viewer


def terminate_dialog(viewer: Viewer) -> h.Element:
    _, ngettext = viewer.translate, viewer.plural
    choices = [
        (
            "close",
            _("Close"),
            ngettext(
                "You can reopen it and download the report for %(hours)s hour; then everything is "
                "deleted.",
                "You can reopen it and download the report for %(hours)s hours; then everything is "
                "deleted.",
                viewer.retention_hours,
            )
            % {"hours": viewer.retention_hours},
        ),
        (
            "keep_open",
            _("Terminate but keep open"),
            _("The call ends; you can write or call again later."),
        ),
        ("", _("Stay in the session"), ""),
    ]
    return h.dialog("#terminate-dialog", aria_labelledby="terminate-title")[
        h.h2("#terminate-title")[_("Terminate the session")],
        h.form(method="dialog")[
            h.ul(".choices")[
                (
                    h.li[
                        h.button(
                            {
                                "type": "submit",
                                "value": value,
                                "class": None if value else "primary",
                                "autofocus": not value,
                                "aria-describedby": f"choice-{value}" if text else None,
                            }
                        )[label],
                        text and h.p(f"#choice-{value}.hint")[text],
                    ]
                    for value, label, text in choices
                )
            ]
        ],
    ]


def after_closing(viewer: Viewer, view: SessionView) -> h.Element:
    _ = viewer.translate
    address = path("reopen_session", consultation_id=view.consultation_id)
    report = path("report", consultation_id=view.consultation_id)
    return h.div("#after-closing.actions", hidden=True)[
        go(report, _("Export"), primary=True, data_export=True, id="export-report"),
        go(path("dashboard"), _("Back to the dashboard")),
        action(address, _("Reopen")),
    ]


def leave_call_dialog(viewer: Viewer) -> h.Element:
    """Asked by a link that leads away from a call."""
    _ = viewer.translate
    return h.dialog("#leave-call", aria_labelledby="leave-call-title")[
        h.h2("#leave-call-title")[_("You are in a call")],
        h.p[_("If you leave this page, you leave the call.")],
        h.form(method="dialog")[
            h.div(".actions")[
                h.button(".primary", type="submit", value="", autofocus=True)[_("Stay")],
                h.button(type="submit", value="leave")[_("Leave the call")],
            ]
        ],
    ]


def link_again(viewer: Viewer, view: SessionView) -> h.Node:
    """Sends links again to people who may not know that they can come back."""
    _ = viewer.translate
    return (
        bool(view.reachable)
        and h.div("#link-again", hidden=True)[
            h.p("#link-again-words.hint"),
            h.div(".actions")[
                (
                    action(
                        path("invite_send_again", {"back": "session"}, invite_id=invite_id), name
                    )
                    for invite_id, name in view.reachable
                )
            ],
        ]
    )
