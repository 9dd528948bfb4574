"""What the audit log records, and by which words: the one place that decides.

Lines say who did what when, by ids and words of this file; never a name, an address or content.
"""

SERVER = "server"
"Actor of what happens by a timer."
STRANGER = "stranger"
"Actor unknown to the server."
SCRIPT = "script"
"Actor of commands on the machine itself."

OF_ACTIONS: dict[str, tuple[str, ...]] = {
    "enter": ("enter",),  # once per arrival as in the chat, not per connection
    # Everybody who enters may read and write. A line per message would reveal who wrote to whom,
    # how often and how fast, for longer than the chat itself is kept.
    "read_chat": (),
    "write_chat": (),
    "read_file": (),
    "send_file": (),
    "turn_photo": (),
    "ask_photo": (),  # stands in the chat, as does the answer
    "answer_photo": (),
    "ask_for_phone_call": (),
    "start_call": ("start_call",),
    # Whoever enters may join; calls come and go with the network, and so would lines.
    "join_call": (),
    "start": ("start",),
    "terminate": ("close", "keep_open"),
    "resume": ("resume",),
    "reopen": ("reopen",),
    "cancel": ("cancel",),
    "edit": ("edit", "edit_person", "remove_person"),
    "invite": ("invite", "add_person", "send_again", "waive_interpreter"),
    "export": ("export", "export_with_files"),
    "see_links": ("see_link",),  # whoever sees a link could take its seat
    "see_waiting": (),  # a list that is always there
    "take_part": ("take_part",),
    # a second line names the colleague: who may see a session is what the log is asked
    "share": ("share_session", "give_session_to"),
    "end_share": ("end_share", "take_session_from"),
    "give_back": ("give_back",),
    "hand_over": ("hand_over", "give_session_to"),
}
"Action of the access table -> words of its lines; empty ones have a reason."

OF_SERVER = ("expire", "purge", "ask_interpreter", "accept_request", "decline_request",
             "expire_request", "take_seat", "leave_seat")  # fmt: skip
"Actions of timers, and of people without an account."

OF_ACCOUNTS = ("set_up", "sign_in", "sign_in_failed", "sign_out", "create_account",
               "suspend_account", "let_in_account", "delete_account",
               "change_role", "sign_out_everywhere",
               "sign_out_elsewhere", "change_password", "reset_password",
               "choose_password", "invite_account",
               "withdraw_account_invitation", "request_password_link", "change_profile",
               "request_deletion", "withdraw_deletion_request")  # fmt: skip

OF_SECOND_FACTORS = ("add_passkey", "remove_passkey", "refuse_passkey", "add_authenticator",
                     "remove_authenticator", "make_recovery_codes", "use_recovery_code",
                     "reset_factors")  # fmt: skip

OF_PROVIDER = ("link_identity", "provider_sign_out", "ask_access", "accept_access",
               "refuse_access")  # fmt: skip
"Actions where accounts sign in by the organization's provider."

OF_ADMINISTRATION = ("add_organization", "change_organization", "remove_organization",
                     "change_routes", "change_text", "change_template", "change_rules",
                     "change_setting", "change_page_text", "send_test_message",
                     "add_team", "rename_team", "remove_team", "add_team_member",
                     "remove_team_member",
                     "see_outbox", "export_audit", "export_numbers")  # fmt: skip

OF_MACHINE = ("backup", "restore", "rotate_master_key")
"Actions of commands on the machine itself."

OLD = {"disable_account": "suspend_account", "enable_account": "let_in_account"}
"Words of older lines -> what they are called today."

_OF_SESSIONS = tuple(word for words in OF_ACTIONS.values() for word in words)
WORDS = frozenset(
    (
        *_OF_SESSIONS,
        *OF_SERVER,
        *OF_ACCOUNTS,
        *OF_SECOND_FACTORS,
        *OF_PROVIDER,
        *OF_ADMINISTRATION,
        *OF_MACHINE,
        "begin_keyed_log",
    )
)

EXPORTS = tuple(sorted(word for word in WORDS if word.startswith("export")))
"What took something out of this server."
GROUPS: dict[str, tuple[str, ...]] = {
    "exports": EXPORTS,
    "accounts": (*OF_ACCOUNTS, *OF_SECOND_FACTORS, *OF_PROVIDER),
    "sessions": tuple(word for word in (*_OF_SESSIONS, *OF_SERVER) if word not in EXPORTS),
    "administration": tuple(word for word in OF_ADMINISTRATION if word not in EXPORTS),
    "machine": OF_MACHINE,
}
"Words that people look for together."


def asked_for(what: str) -> tuple[str, ...]:
    """The words of a group, or a word with its older spelling; empty if there is no such."""
    if what in GROUPS:
        return GROUPS[what]
    if what not in WORDS:
        return ()
    return (what, *(old for old, new in OLD.items() if new == what))
