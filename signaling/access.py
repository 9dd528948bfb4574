"""Who may do what in a consultation: the one table that decides.

For somebody without a role in a consultation it does not exist; they are not in this table.
"""

from collections.abc import Collection

from signaling.consultation import Consultation
from signaling.errors import NotAllowed, NotFound

SCHEDULER = "scheduler"
CO_SCHEDULER = "co_scheduler"
"An account with which the scheduler shares the session."
TEAM_MEMBER = "team_member"
"An account in a team of the scheduler's, which has no seat: it may take part once somebody is there."
STAFF = (SCHEDULER, CO_SCHEDULER)
INVITED = ("service_user", "companion", "colleague", "interpreter")
EVERYBODY = (*STAFF, *INVITED)
"All who have a seat."
ROLES = (*EVERYBODY, TEAM_MEMBER)

MATRIX: dict[str, tuple[str, ...]] = {
    "enter": EVERYBODY,
    "read_chat": EVERYBODY,
    "write_chat": EVERYBODY,
    "send_file": EVERYBODY,
    "read_file": EVERYBODY,
    "start_call": EVERYBODY,
    "join_call": EVERYBODY,
    "turn_photo": EVERYBODY,
    "answer_photo": EVERYBODY,
    "ask_for_phone_call": INVITED,
    "ask_photo": STAFF,
    "start": STAFF,
    "terminate": STAFF,
    "resume": STAFF,
    "reopen": STAFF,
    "cancel": (SCHEDULER,),
    "edit": STAFF,
    "invite": STAFF,
    "export": STAFF,
    "see_links": STAFF,
    "see_waiting": (*STAFF, TEAM_MEMBER),
    "take_part": (*STAFF, TEAM_MEMBER),
    "share": (SCHEDULER,),
    "end_share": (SCHEDULER,),
    "give_back": (CO_SCHEDULER,),
    "hand_over": (SCHEDULER,),
}
"action -> roles that may do it"

OF_TEAMS = ("waiting", "active", "kept_open")
"States in which a session exists for the scheduler's team: somebody is there, or was."


def require(role: str, action: str) -> None:
    """Raises NotAllowed if `role` may not do `action`."""
    if role not in MATRIX[action]:
        raise NotAllowed


def may(role: str | None, action: str) -> bool:
    """Whether this role, None for none, may do `action`."""
    return role in MATRIX[action]


def role_of(consultation: Consultation, account_id: str, mates: Collection[str] = ()) -> str | None:
    """The role of an account in a consultation, if it has one.

    `mates` are the accounts with which it is in a team.
    """
    if consultation.scheduler_id == account_id:
        return SCHEDULER
    if account_id in consultation.shared_with:
        return CO_SCHEDULER
    if consultation.scheduler_id in mates and consultation.state in OF_TEAMS:
        return TEAM_MEMBER
    return None


def owned(
    consultation: Consultation | None,
    account_id: str,
    action: str,
    mates: Collection[str] = (),
) -> Consultation:
    """The consultation, if the account may do `action` there.

    Raises NotFound for an account that has no role in it, NotAllowed if its role may not. For
    somebody with whom it is not shared it does not exist, except where a team member may act.
    """
    role = role_of(consultation, account_id, mates) if consultation is not None else None
    if consultation is None or role is None:
        raise NotFound
    require(role, action)
    return consultation
