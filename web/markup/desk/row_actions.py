"""What can be done with an invited person or a session in a row, and the dialogs of these buttons.

Every button works without scripts; with them it answers where it stands (js/shared/row-actions.js).
"""

import htpy as h

from web.markup.shared.controls import go, submit
from web.routes import path
from web.view_models import Person, Viewer


def link_buttons(viewer: Viewer, invite_id: str, name: str) -> tuple[h.Element, h.Element]:
    """ "Copy link" and "Show QR code"."""
    _ = viewer.translate
    return (
        go(path("invite_link", invite_id=invite_id), _("Copy link"), data_copy_link=True),
        go(
            path("invite_qr", invite_id=invite_id),
            _("Show QR code"),
            data_show_qr=True,
            data_who=name,
        ),
    )


def send_again_button(viewer: Viewer, person: Person, *, back: str = "") -> h.Node:
    """ "Send again", which leads back to the page called `back`; nothing without an address.

    It asks first where the last message has arrived or may have: a second one cannot be undone.
    """
    if not person.address:
        return None
    _ = viewer.translate
    query = {"back": back} if back else None
    return h.form(
        ".inline",
        method="post",
        action=path("invite_send_again", query, invite_id=person.invite_id),
        data_send_again=True,
        data_confirm="again-dialog" if person.may_have_it else None,
        data_who=person.name,
    )[submit(_("Send again"), quiet=True)]


def remove_button(viewer: Viewer, invite_id: str, name: str, *, back: str = "") -> h.Element:
    _ = viewer.translate
    address = path("invite_remove", {"back": back} if back else None, invite_id=invite_id)
    return _asking(address, "remove-dialog", name, _("Remove"))


def cancel_button(viewer: Viewer, consultation_id: str, name: str, label: str = "") -> h.Element:
    """ "Cancel session", or under another label."""
    _ = viewer.translate
    address = path("cancel_session", consultation_id=consultation_id)
    return _asking(address, "cancel-dialog", name, label or _("Cancel session"))


def _asking(address: str, dialog: str, name: str, label: str) -> h.Element:
    """A button that asks first, by the dialog of that id."""
    return h.form(".inline", method="post", action=address, data_confirm=dialog, data_who=name)[
        submit(label, quiet=True)
    ]


def row_dialogs(viewer: Viewer) -> h.Node:
    """The dialogs of the rows' buttons, outside of the live parts, which are replaced."""
    _ = viewer.translate
    return [
        h.dialog("#qr-dialog.code", aria_labelledby="qr-name")[
            h.h2("#qr-name")[h.bdi(".name")],
            h.p[_("Let them scan this with the phone's camera.")],
            h.img("#qr-image.qr", alt=_("QR code of the link"), width="280", height="280"),
            h.form(".actions", method="dialog")[
                h.button(".primary", type="submit", autofocus=True)[_("Done")]
            ],
        ],
        # Filled only when the browser refuses to copy by itself.
        h.dialog("#link-dialog", aria_label=_("Link"))[
            h.output("#link-text.link-text", dir="ltr"),
            h.form(method="dialog")[h.button(type="submit")[_("Done")]],
        ],
        h.p("#row-status.answer", role="status"),
        cancel_dialog(viewer),
        _again_dialog(viewer),
    ]


def cancel_dialog(viewer: Viewer) -> h.Element:
    """The question before a session is canceled; without scripts the button cancels at once."""
    _ = viewer.translate
    return _question(
        "cancel-dialog",
        _("Cancel session"),
        _("Everybody invited is told, and their links stop working."),
        _end_or_keep(_("Cancel session"), _("Keep the session")),
    )


def remove_dialog(viewer: Viewer) -> h.Element:
    """The question before somebody is uninvited."""
    _ = viewer.translate
    return _question(
        "remove-dialog",
        _("Remove this person"),
        _("They are told that they need not come, and their link stops working."),
        _end_or_keep(_("Remove this person"), _("Keep them invited")),
    )


def _end_or_keep(end: str, keep: str) -> list[h.Element]:
    """What cannot be undone takes a second look: Enter keeps it as it is."""
    return [
        h.button(".bad", type="submit", value="yes")[end],
        h.button(".primary", type="submit", value="", autofocus=True)[keep],
    ]


def _again_dialog(viewer: Viewer) -> h.Element:
    """The question before somebody who has a message gets another."""
    _ = viewer.translate
    return _question(
        "again-dialog",
        _("Send the invitation again?"),
        _("The last message has probably arrived. A second one cannot be taken back."),
        [
            h.button(".primary", type="submit", value="yes", autofocus=True)[_("Send it again")],
            h.button(type="submit", value="")[_("Not now")],
        ],
    )


def _question(identifier: str, title: str, sentence: str, buttons: list[h.Element]) -> h.Element:
    """A question about the person or session whose name the script fills in."""
    return h.dialog(id=identifier, aria_labelledby=f"{identifier}-title")[
        h.h2(id=f"{identifier}-title")[title],
        h.p[h.bdi(".name")],
        h.p[sentence],
        h.form(".actions", method="dialog")[buttons],
    ]
