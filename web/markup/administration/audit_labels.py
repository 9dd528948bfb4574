"""Labels of the audit log's actions and actors."""

from signaling.audit import OLD, SCRIPT, SERVER, STRANGER
from signaling.errors import N_
from web.view_models import Viewer

LABELS = {
    "begin_keyed_log": N_("Log started"),
    "set_up": N_("Server set up"),
    "sign_in": N_("Signed in"),
    "sign_in_failed": N_("Failed to sign in"),
    "sign_out": N_("Signed out"),
    "create_account": N_("Account created"),
    "suspend_account": N_("Account suspended"),
    "let_in_account": N_("Account let in again"),
    "delete_account": N_("Account deleted"),
    "hand_over": N_("Session handed to a colleague"),
    "share_session": N_("Session shared with a colleague"),
    "end_share": N_("Sharing of a session ended"),
    "give_back": N_("Shared session given back"),
    "give_session_to": N_("Colleague who has the session now"),
    "take_session_from": N_("Colleague who has the session no longer"),
    "take_part": N_("Session of a team colleague taken on"),
    "add_team": N_("Team added"),
    "rename_team": N_("Team renamed"),
    "remove_team": N_("Team deleted"),
    "add_team_member": N_("Somebody added to a team"),
    "remove_team_member": N_("Somebody removed from a team"),
    "sign_out_everywhere": N_("All sign-ins ended"),
    "change_role": N_("Role changed"),
    "sign_out_elsewhere": N_("Signed out on other devices"),
    "change_password": N_("Password changed"),
    "reset_password": N_("Password reset"),
    "choose_password": N_("New password chosen by link"),
    "link_identity": N_("Account linked with the organization's sign-in"),
    "provider_sign_out": N_("Signed out by the organization's sign-in"),
    "ask_access": N_("Access requested"),
    "accept_access": N_("Access request accepted"),
    "refuse_access": N_("Access request refused"),
    "add_passkey": N_("Passkey added"),
    "remove_passkey": N_("Passkey removed"),
    "refuse_passkey": N_("Passkey refused, as it may have been copied"),
    "add_authenticator": N_("Authenticator app set up"),
    "remove_authenticator": N_("Authenticator app removed"),
    "make_recovery_codes": N_("Recovery codes made"),
    "use_recovery_code": N_("Recovery code used"),
    "reset_factors": N_("Second step reset"),
    "invite_account": N_("Colleague invited"),
    "withdraw_account_invitation": N_("Invitation of a colleague withdrawn"),
    "request_password_link": N_("Link for a forgotten password sent"),
    "change_profile": N_("Profile changed"),
    "request_deletion": N_("Deletion of the account requested"),
    "withdraw_deletion_request": N_("Request for deletion taken back"),
    "backup": N_("Backup made"),
    "restore": N_("Backup restored"),
    "rotate_master_key": N_("Master key replaced"),
    "add_organization": N_("Organization added"),
    "change_organization": N_("Organization changed"),
    "remove_organization": N_("Organization removed"),
    "change_routes": N_("Routes changed"),
    "change_text": N_("Text changed"),
    "change_template": N_("WhatsApp template changed"),
    "change_rules": N_("Rules changed"),
    "change_setting": N_("Setting changed"),
    "change_page_text": N_("Terms or help changed"),
    "send_test_message": N_("Test message sent"),
    "see_outbox": N_("Outbox opened"),
    "export_audit": N_("Audit log exported"),
    "export_numbers": N_("Numbers exported"),
    "invite": N_("Session planned"),
    "add_person": N_("Person invited"),
    "send_again": N_("Invitation sent again"),
    "edit": N_("Session changed"),
    "edit_person": N_("Invited person changed"),
    "remove_person": N_("Invited person removed"),
    "cancel": N_("Session canceled"),
    "see_link": N_("Link shown"),
    "take_seat": N_("Link used by a new device"),
    "leave_seat": N_("Device left"),
    "enter": N_("Entered the session"),
    "start": N_("Session started"),
    "start_call": N_("Call started"),
    "keep_open": N_("Session terminated, kept open"),
    "resume": N_("Session resumed"),
    "close": N_("Session closed"),
    "reopen": N_("Session reopened"),
    "export": N_("Session exported"),
    "export_with_files": N_("Session exported with photos and PDFs"),
    "expire": N_("Session expired"),
    "purge": N_("Session deleted for good"),
    "ask_interpreter": N_("Interpreter requested"),
    "accept_request": N_("Request for an interpreter accepted"),
    "decline_request": N_("Request for an interpreter declined"),
    "expire_request": N_("Request for an interpreter expired"),
    "waive_interpreter": N_("Continued without an interpreter"),
}
"Action -> its label."


def action_label(viewer: Viewer, action: str) -> str:
    """The label of an action; an unknown one, of another version, unchanged."""
    known = OLD.get(action, action)
    return viewer.translate(LABELS[known]) if known in LABELS else action


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
