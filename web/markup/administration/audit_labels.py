"""Labels of the audit log's actions and actors."""

from signaling.audit import SCRIPT, SERVER, STRANGER
from web.view_models import Viewer


def action_label(viewer: Viewer, action: str) -> str:
    """The label of an action; an unknown one, of another version, unchanged."""
    _ = viewer.translate
    return {
        # words of older lines
        "disable_account": _("Account suspended"),
        "enable_account": _("Account let in again"),
        "begin_keyed_log": _("Log started"),
        "set_up": _("Server set up"),
        "sign_in": _("Signed in"),
        "sign_in_failed": _("Failed to sign in"),
        "sign_out": _("Signed out"),
        "create_account": _("Account created"),
        "suspend_account": _("Account suspended"),
        "let_in_account": _("Account let in again"),
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
    }.get(action, action)


def actor_label(viewer: Viewer, actor: str) -> str:
    """The label of an actor that is not an account."""
    _ = viewer.translate
    return {
        SERVER: _("The server"),
        STRANGER: _("Somebody unknown"),
        SCRIPT: _("Somebody on the server's machine"),
    }.get(actor, actor)
