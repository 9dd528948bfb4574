"""Labels of the audit log's actions and actors."""

from signaling.audit import OLD, SCRIPT, SERVER, STRANGER
from web.view_models import Viewer


def action_label(viewer: Viewer, action: str) -> str:
    """The label of an action; an unknown one, of another version, unchanged."""
    _ = viewer.translate
    return {
        "begin_keyed_log": _("Log started"),
        "set_up": _("Server set up"),
        "sign_in": _("Signed in"),
        "sign_in_failed": _("Failed to sign in"),
        "sign_out": _("Signed out"),
        "create_account": _("Account created"),
        "suspend_account": _("Account suspended"),
        "let_in_account": _("Account let in again"),
        "delete_account": _("Account deleted"),
        "hand_over": _("Session handed to a colleague"),
        "sign_out_everywhere": _("All sign-ins ended"),
        "change_role": _("Role changed"),
        "sign_out_elsewhere": _("Signed out on other devices"),
        "change_password": _("Password changed"),
        "reset_password": _("Password reset"),
        "choose_password": _("New password chosen by link"),
        "link_identity": _("Account linked with the organization's sign-in"),
        "provider_sign_out": _("Signed out by the organization's sign-in"),
        "accept_access": _("Access request accepted"),
        "refuse_access": _("Access request refused"),
        "add_passkey": _("Passkey added"),
        "remove_passkey": _("Passkey removed"),
        "refuse_passkey": _("Passkey refused, as it may have been copied"),
        "add_authenticator": _("Authenticator app set up"),
        "remove_authenticator": _("Authenticator app removed"),
        "make_recovery_codes": _("Recovery codes made"),
        "use_recovery_code": _("Recovery code used"),
        "reset_factors": _("Second step reset"),
        "invite_account": _("Colleague invited"),
        "withdraw_account_invitation": _("Invitation of a colleague withdrawn"),
        "request_password_link": _("Link for a forgotten password sent"),
        "change_profile": _("Profile changed"),
        "request_deletion": _("Deletion of the account requested"),
        "withdraw_deletion_request": _("Request for deletion taken back"),
        "backup": _("Backup made"),
        "restore": _("Backup restored"),
        "rotate_master_key": _("Master key replaced"),
        "add_organization": _("Organization added"),
        "change_organization": _("Organization changed"),
        "remove_organization": _("Organization removed"),
        "change_routes": _("Routes changed"),
        "change_text": _("Text changed"),
        "change_template": _("WhatsApp template changed"),
        "change_rules": _("Rules changed"),
        "see_outbox": _("Outbox opened"),
        "export_audit": _("Audit log exported"),
        "export_numbers": _("Numbers exported"),
        "invite": _("Session planned"),
        "add_person": _("Person invited"),
        "send_again": _("Invitation sent again"),
        "edit": _("Session changed"),
        "edit_person": _("Invited person changed"),
        "remove_person": _("Invited person removed"),
        "cancel": _("Session canceled"),
        "see_link": _("Link shown"),
        "take_seat": _("Link used by a new device"),
        "leave_seat": _("Device left"),
        "enter": _("Entered the session"),
        "start": _("Session started"),
        "start_call": _("Call started"),
        "keep_open": _("Session terminated, kept open"),
        "resume": _("Session resumed"),
        "close": _("Session closed"),
        "reopen": _("Session reopened"),
        "export": _("Session exported"),
        "export_with_files": _("Session exported with photos and PDFs"),
        "expire": _("Session expired"),
        "purge": _("Session deleted for good"),
        "ask_interpreter": _("Interpreter requested"),
        "accept_request": _("Request for an interpreter accepted"),
        "decline_request": _("Request for an interpreter declined"),
        "expire_request": _("Request for an interpreter expired"),
        "waive_interpreter": _("Continued without an interpreter"),
    }.get(OLD.get(action, action), action)


def group_label(viewer: Viewer, group: str) -> str:
    """The label of a group of actions."""
    _ = viewer.translate
    return {
        "exports": _("Exports"),
        "accounts": _("Accounts and sign-ins"),
        "sessions": _("Sessions"),
        "administration": _("Administration"),
        "machine": _("On the server's machine"),
    }[group]


def actor_label(viewer: Viewer, actor: str) -> str:
    """The label of an actor that is not an account."""
    _ = viewer.translate
    known = {
        SERVER: _("The server"),
        STRANGER: _("Somebody unknown"),
        SCRIPT: _("Somebody on the server's machine"),
    }
    return known.get(actor) or thing_label(viewer, actor)


def thing_label(viewer: Viewer, thing: str) -> str:
    """The label of what is named by a reference; anything else unchanged."""
    _ = viewer.translate
    kind, colon, reference = thing.partition(":")
    label = {
        "session": _("Session %(reference)s"),
        "invite": _("Invited person %(reference)s"),
        "deleted": _("Deleted: %(reference)s"),
    }.get(kind)
    return label % {"reference": reference} if label and colon else thing
