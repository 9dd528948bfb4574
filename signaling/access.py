"""Who may do what in a consultation: the one table that decides.

For somebody without a seat in a consultation it does not exist; they are not in this table.
"""

from signaling.consultation import Consultation
from signaling.errors import NotAllowed, NotFound

SCHEDULER = "scheduler"
INVITED = ("service_user", "companion", "colleague", "interpreter")
EVERYBODY = (SCHEDULER, *INVITED)

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
    "ask_photo": (SCHEDULER,),
    "start": (SCHEDULER,),
    "terminate": (SCHEDULER,),
    "resume": (SCHEDULER,),
    "reopen": (SCHEDULER,),
    "cancel": (SCHEDULER,),
    "edit": (SCHEDULER,),
    "invite": (SCHEDULER,),
    "export": (SCHEDULER,),
    "see_links": (SCHEDULER,),
}
"action -> roles that may do it"


def require(role: str, action: str) -> None:
    """Raises NotAllowed if `role` may not do `action`."""
    if role not in MATRIX[action]:
        raise NotAllowed


def owned(consultation: Consultation | None, account_id: str, action: str) -> Consultation:
    """The consultation, if the account may do `action` there: accounts are schedulers only.

    Raises NotFound for any other account, NotAllowed if not even the scheduler may.
    """
    if consultation is None or consultation.scheduler_id != account_id:
        raise NotFound
    require(SCHEDULER, action)
    return consultation
