"""What a scheduler is asked when a session ends, and can do after it."""

import htpy as h

from web.markup.desk.history import export_button
from web.markup.shared.controls import action
from web.routes import path
from web.view_models import SessionView, Viewer


def terminate_dialog(viewer: Viewer) -> h.Element:
    _, ngettext = viewer.translate, viewer.plural
    choices = [
        (
            "close",
            _("Close"),
            ngettext(
                "You can come back for %(hours)s hour. Then every trace is deleted.",
                "You can come back for %(hours)s hours. Then every trace is deleted.",
                viewer.retention_hours,
            )
            % {"hours": viewer.retention_hours},
        ),
        (
            "keep_open",
            _("Terminate but keep open"),
            _("The call ends; messages and calls can be taken up again later."),
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
    return h.div("#after-closing.actions", hidden=True)[
        export_button(viewer, view.consultation_id), action(address, _("Reopen"))
    ]


def link_again(viewer: Viewer, view: SessionView) -> h.Node:
    """Sends links again to people who may not know that they can come back."""
    _ = viewer.translate
    return (
        bool(view.reachable)
        and h.div("#link-again", hidden=True)[
            h.p(".hint")[
                _("Nobody is notified that this session is open. Send the link again to:")
            ],
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
