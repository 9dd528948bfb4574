"""For each address that changes or discloses something: the audit log actions that it writes.

What is done over the socket follows the access table, see `signaling/audit.py`.
"""

LINES: dict[tuple[str, str], tuple[str, ...]] = {
    ("POST", "sign_in"): ("sign_in", "sign_in_failed"),
    ("POST", "sign_in_code"): ("sign_in", "sign_in_failed", "use_recovery_code"),
    ("POST", "sign_in_passkey"): ("sign_in", "sign_in_failed", "refuse_passkey"),
    ("POST", "proof"): ("sign_in_failed",),
    ("POST", "proof_passkey"): ("sign_in_failed", "refuse_passkey"),
    ("POST", "authenticator_app"): ("add_authenticator",),
    ("POST", "remove_authenticator_app"): ("remove_authenticator",),
    ("POST", "new_passkey"): ("add_passkey",),
    ("POST", "remove_passkey"): ("remove_passkey",),
    ("POST", "recovery_codes"): ("make_recovery_codes",),
    ("POST", "admin_reset_factors"): ("reset_factors",),
    ("GET", "provider_callback"): ("create_account", "change_role", "sign_in", "sign_in_failed"),
    ("POST", "provider_link"): ("link_identity", "change_role", "sign_in", "sign_in_failed"),
    ("POST", "provider_logout"): ("provider_sign_out",),
    ("POST", "admin_access_request"): ("accept_access", "refuse_access"),
    ("POST", "sign_out"): ("sign_out",),
    ("POST", "setup"): ("set_up", "sign_in"),
    ("POST", "new_invite"): ("invite", "ask_interpreter"),
    ("GET", "invite_link"): ("see_link",),
    ("GET", "invite_qr"): ("see_link",),
    ("POST", "invite_send_again"): ("send_again",),
    ("POST", "edit_invite"): ("edit_person",),
    ("POST", "invite_remove"): ("remove_person",),
    ("POST", "edit_session"): ("edit",),
    ("POST", "add_people"): ("add_person",),
    ("POST", "session_people"): ("add_person",),
    ("POST", "cancel_session"): ("cancel",),
    ("POST", "reopen_session"): ("reopen",),
    ("GET", "report"): ("export", "export_with_files"),
    ("POST", "invite_without_interpreter"): ("waive_interpreter",),
    ("POST", "interpreter_request"): ("accept_request", "decline_request"),
    ("POST", "landing"): ("take_seat", "leave_seat"),
    ("POST", "leave"): ("leave_seat",),
    ("GET", "socket"): ("enter", "start", "close", "keep_open", "resume", "start_call"),
    ("POST", "admin_interpreter"): (
        "add_organization",
        "change_organization",
        "remove_organization",
    ),
    ("POST", "admin_sessions"): ("change_rules",),
    ("POST", "admin_invite_account"): ("invite_account",),
    ("POST", "admin_account_invitation"): ("invite_account", "withdraw_account_invitation"),
    ("POST", "admin_delete_account"): ("delete_account", "hand_over"),
    ("POST", "admin_account"): (
        "suspend_account",
        "let_in_account",
        "change_role",
        "sign_out_everywhere",
        "reset_password",
    ),
    ("POST", "choose_password"): ("choose_password", "sign_in"),
    ("POST", "forgotten_password"): ("request_password_link",),
    ("POST", "profile"): ("change_profile",),
    ("POST", "profile_password"): ("change_password",),
    ("POST", "profile_deletion"): ("request_deletion", "withdraw_deletion_request"),
    ("POST", "profile_sign_out"): ("sign_out_elsewhere",),
    ("POST", "admin_routes"): ("change_routes",),
    ("POST", "admin_text"): ("change_text",),
    ("POST", "admin_template"): ("change_template",),
    ("GET", "admin_outbox"): ("see_outbox",),
    ("GET", "admin_audit_export"): ("export_audit",),
    ("GET", "admin_numbers_export"): ("export_numbers",),
}
"(method, name of the address) -> words of its lines."

WITHOUT: dict[tuple[str, str], str] = {
    ("POST", "profile_preferences"): "how one's own pages ring",
    **dict.fromkeys(
        (
            ("POST", "sign_in_passkey_options"),
            ("POST", "proof_passkey_options"),
            ("POST", "passkey_options"),
        ),
        "a challenge; answering it has a line",
    ),
    ("POST", "language"): "a cookie of this browser",
    ("POST", "invite_preview"): "shows what is typed, and keeps nothing",
    ("POST", "start_next"): "leads to the session; starting it has a line",
    ("POST", "device_test"): "judges a device, and keeps nothing",
    ("POST", "device_test_upload"): "counts bytes, and keeps nothing",
    **{
        (method, f"{place}_upload{many}"): "a message of the chat, which has no line either"
        for place in ("session", "seat")
        for method, many in (("POST", "s"), ("HEAD", ""), ("PATCH", ""), ("DELETE", ""))
    },
    ("POST", "device_test_relay"): "tries the relay, and keeps nothing",
    ("POST", "landing_test_relay"): "tries the relay, and keeps nothing",
    ("POST", "relay_trial"): "tries the relay, and keeps nothing",
    ("DELETE", "relay_trial"): "ends what nobody keeps",
    ("POST", "admin_audit_check"): "reads the log, and changes nothing",
    ("POST", "landing_test"): "about a device; deleted with the session",
    ("POST", "webhook_status"): "what became of a notice; deleted with the session",
    ("POST", "webhook_inbound"): "what somebody wrote; deleted with the session",
}
"(method, name of the address) -> why it has no line."
