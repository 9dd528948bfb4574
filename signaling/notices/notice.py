"""A notice: what this server sends to one person on one occasion, and its delivery.

Three things are distinct. A *notice* says that somebody is to be told something. A *delivery
attempt* is one way of telling them (a channel and a sender), tried as often as necessary. A
*receipt* is what the carrier reports later. None of them ever changes an invite.

Guarantees to the recipient:

* Email: at least once, and every copy of a notice carries the same Message-ID (RFC 5322 section
  3.6.4). A second copy leaves only if the mail server accepted the first and the connection broke
  before its answer; mail servers and programs that compare Message-IDs show one.
* SMS and WhatsApp: at most one message per attempt. The provider has no idempotency key, so an
  attempt whose answer was lost stays `unknown`, is shown as such, and is never repeated
  automatically: the provider's receipt settles it, or a person presses "Send again".
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, get_args

from signaling.errors import N_, InvalidInput
from signaling.lifecycle import advance
from signaling.notices.retry import next_try

Channel = Literal["email", "sms", "whatsapp"]

Occasion = Literal[
    "invitation",
    "planned_invitation",
    "moved",
    "canceled",
    "removed",
    "reminder",
    "interpreter_request",
    "interpreter_request_moved",
    "interpreter_request_withdrawn",
    "interpreter_unavailable",
    "left_open",
    "news",
    "interpreter_invitation",
    "interpreter_planned_invitation",
]

NoticeState = Literal["pending", "handed_over", "failed", "dropped"]
NoticeEvent = Literal["hand_over", "return", "fail", "drop"]

NOTICE_TRANSITIONS: Mapping[NoticeState, Mapping[NoticeEvent, NoticeState]] = {
    # pending: not due yet, or an attempt is under way
    "pending": {"hand_over": "handed_over", "fail": "failed", "drop": "dropped"},
    # handed_over: a provider accepted it; a receipt may report later that it never arrived
    "handed_over": {"hand_over": "handed_over", "return": "pending", "fail": "failed"},
    # failed: every way was tried; a late receipt may still report that it arrived
    "failed": {"hand_over": "handed_over"},
    # dropped: outdated when it became due (moved, canceled, already started)
    "dropped": {},
}
"state -> event -> next state"

ReceiptEvent = Literal["submitted", "delivered", "read", "undeliverable"]
RECEIPT_EVENTS: tuple[ReceiptEvent, ...] = get_args(ReceiptEvent)
AttemptState = Literal[
    "queued", "sending", "failed", "unknown", "sent", "delivered", "read", "undeliverable",
    "abandoned",
]  # fmt: skip
AttemptEvent = (
    Literal["take", "accept", "fail", "refuse", "lose", "retry", "abandon"] | ReceiptEvent
)

ATTEMPT_TRANSITIONS: Mapping[AttemptState, Mapping[AttemptEvent, AttemptState]] = {
    "queued": {"take": "sending", "abandon": "abandoned"},
    # A receipt can overtake the provider's answer and find the attempt still sending.
    "sending": {
        "accept": "sent",
        "fail": "failed",
        "refuse": "undeliverable",
        "lose": "unknown",
        "submitted": "sent",
        "delivered": "delivered",
        "read": "read",
        "undeliverable": "undeliverable",
    },
    "failed": {
        # The host that tried was ended, and others went on with it, before it received the answer.
        "accept": "sent",
        "retry": "queued",
        "abandon": "abandoned",
        "submitted": "sent",
        "delivered": "delivered",
        "read": "read",
        "undeliverable": "undeliverable",
    },
    # unknown: the request was sent and never answered, as far as is known
    "unknown": {
        "accept": "sent",
        "retry": "queued",
        "abandon": "abandoned",
        "submitted": "sent",
        "delivered": "delivered",
        "read": "read",
        "undeliverable": "undeliverable",
    },
    "sent": {
        "accept": "sent",
        "fail": "sent",
        "refuse": "sent",
        "lose": "sent",
        "submitted": "sent",
        "delivered": "delivered",
        "read": "read",
        "undeliverable": "undeliverable",
    },
    # Receipts come in any order and repeatedly; what a phone has confirmed stays confirmed.
    "delivered": {
        "accept": "delivered",
        "fail": "delivered",
        "refuse": "delivered",
        "lose": "delivered",
        "submitted": "delivered",
        "delivered": "delivered",
        "read": "read",
        "undeliverable": "delivered",
    },
    "read": {
        "accept": "read",
        "fail": "read",
        "refuse": "read",
        "lose": "read",
        "submitted": "read",
        "delivered": "read",
        "read": "read",
        "undeliverable": "read",
    },
    # Carriers correct themselves: a phone that was switched off comes back.
    "undeliverable": {
        "accept": "undeliverable",
        "fail": "undeliverable",
        "lose": "undeliverable",
        "refuse": "undeliverable",
        "submitted": "undeliverable",
        "delivered": "delivered",
        "read": "read",
        "undeliverable": "undeliverable",
    },
    "abandoned": {
        "submitted": "sent",
        "delivered": "delivered",
        "read": "read",
        "undeliverable": "undeliverable",
    },
}
"Delivery attempt: state -> event -> next state"

ARRIVED_STATES: tuple[AttemptState, ...] = ("sent", "delivered", "read")
"On its way or delivered, as far as known."
OVER_STATES: tuple[AttemptState, ...] = ("undeliverable", "abandoned")
"This way has failed for good: the next one may be tried."
KEPT_FILES = (".eml", ".json")
"Endings of the files that the outbox folder keeps, each named after its notice."
ShownState = AttemptState | Literal["kept"]
"What people are shown of an attempt; `kept`: in the outbox folder, so it never left this server."


@dataclass(frozen=True)
class Sent:
    """The provider accepted it."""

    provider_id: str
    "Its id in receipts: the Message-ID, or the provider's message UUID."


@dataclass(frozen=True)
class TemporaryFailure:
    """Nothing was accepted; a retry may succeed."""

    reason: str
    code: str = ""
    "The server's answer without its text: `451 4.7.1` or `HTTP 429`."
    wait_s: float | None = None
    "Least wait in seconds that the server asks for."


@dataclass(frozen=True)
class PermanentFailure:
    """Nothing was accepted, and a retry would be refused again."""

    reason: str
    code: str = ""


@dataclass(frozen=True)
class UnknownOutcome:
    """The request was sent, whole or in part, and not answered."""

    reason: str
    code: str = ""


Outcome = Sent | TemporaryFailure | PermanentFailure | UnknownOutcome


@dataclass(frozen=True)
class Notice:
    """Something one person is to be told, once."""

    id: str
    consultation_id: str
    invite_id: str | None
    "None: for an interpreting organization or the scheduler."
    occasion: Occasion
    dedupe_key: str
    "Unique in the outbox, so that a person is told the same thing once."
    due_at: datetime
    state: NoticeState = "pending"
    version: int = 0
    "Calendar sequence of the session's date that it is about."

    def after(self, event: NoticeEvent) -> "Notice":
        """The notice after `event`. Raises TransitionRefused."""
        return replace(self, state=advance("notice", NOTICE_TRANSITIONS, self.state, event))


def dedupe_key(recipient_id: str, occasion: Occasion, version: int = 0, detail: str = "") -> str:
    """One key per recipient, occasion and version of the plan.

    `version` increases when a session is moved, so that the new date gets its own reminders;
    `detail` distinguishes reminders of 24 h and of 10 min, or repetitions by "Send again".
    """
    return ":".join((recipient_id, occasion, str(version), detail))


def _is_one_line(text: str) -> bool:
    return not any(unicodedata.category(character) in ("Cc", "Zl", "Zp") for character in text)


CalendarMethod = Literal["REQUEST", "CANCEL", "PUBLISH"]


@dataclass(frozen=True)
class Calendar:
    """A calendar part of a mail (RFC 6047)."""

    body: bytes
    method: CalendarMethod


@dataclass(frozen=True)
class Template:
    """A WhatsApp template approved by the provider; a conversation must begin with one."""

    name: str
    parameters: tuple[str, ...] = ()
    locale: str = "en"
    "A WhatsApp locale: `fr`, `pt_BR`."


@dataclass(frozen=True)
class Content:
    """The text of a notice, complete in the recipient's language."""

    subject: str
    "One line; mail only. Raises InvalidInput for line breaks and control characters."
    text: str
    html: str | None = None
    calendar: Calendar | None = None
    template: Template | None = None

    def __post_init__(self) -> None:
        if not _is_one_line(self.subject):
            raise InvalidInput("subject", N_("This must be a single line."))


@dataclass(frozen=True)
class Outgoing:
    """Everything a provider needs for one try."""

    notice_id: str
    "The same for every try: the Message-ID and the outbox file name derive from it."
    attempt_id: str
    "Comes back in receipts as the client reference."
    channel: Channel
    address: str
    "An email address or an E.164 number."
    language: str
    content: Content
    sender_id: str | None = None
    "From the route; None: the account's own."


@dataclass(frozen=True)
class Way:
    """A channel, and the sender that the recipient sees on it."""

    channel: Channel
    sender_id: str | None = None


@dataclass(frozen=True)
class Envelope:
    """What is sealed with a notice: its address, the ways to try in turn, and its content."""

    address: str
    language: str
    ways: tuple[Way, ...]
    content: Content


@dataclass(frozen=True)
class Receipt:
    """What a carrier reports about an attempt later, in any order, repeatedly."""

    provider_id: str
    client_ref: str
    "The attempt's id; empty if the provider does not return it."
    event: ReceiptEvent
    at: datetime
    reason: str = ""
    "A code of REASONS for `undeliverable`."
    code: str = ""
    "The provider's own error number."
    price: str = ""
    "Amount and currency, as in `0.0333 EUR`; empty if unknown."


@dataclass(frozen=True)
class Attempt:
    """One way of delivering one notice, and its progress."""

    id: str
    notice_id: str
    channel: Channel
    sender_id: str | None
    state: AttemptState = "queued"
    tries: int = 0
    first_try_at: datetime | None = None
    next_try_at: datetime | None = None
    "While queued or failed: not before this."
    provider_id: str | None = None
    reason: str = ""
    code: str = ""

    @property
    def shown_state(self) -> ShownState:
        """Its state as it is shown: a file in the outbox folder is not called sent."""
        files = [self.notice_id + ending for ending in KEPT_FILES]
        return "kept" if self.state == "sent" and self.provider_id in files else self.state

    def _after(self, event: AttemptEvent, reason: str = "", code: str = "") -> "Attempt":
        state = advance("delivery attempt", ATTEMPT_TRANSITIONS, self.state, event)
        if state == self.state:
            return self
        return replace(self, state=state, next_try_at=None, reason=reason, code=code)

    def take(self, now: datetime) -> "Attempt":
        """Begin a try; to be committed before anything is sent. Raises TransitionRefused."""
        taken = self._after("take")
        return replace(taken, tries=self.tries + 1, first_try_at=self.first_try_at or now)

    def settle(self, outcome: Outcome, now: datetime, random: float) -> "Attempt":
        """The attempt after its try ended in `outcome`; a receipt that came first takes precedence.

        A mail whose answer was lost is retried with the same Message-ID; an SMS or WhatsApp message
        stays `unknown`. `random` in [0, 1) spreads retries.
        """
        match outcome:
            case Sent(provider_id):
                return replace(self._after("accept"), provider_id=provider_id)
            case PermanentFailure(reason, code):
                return self._after("refuse", reason, code)
            case UnknownOutcome(reason, code) if self.channel != "email":
                return self._after("lose", reason, code)
            case UnknownOutcome(reason, code):
                return self._fail(reason, code, None, now, random)
            case TemporaryFailure(reason, code, wait_s):
                return self._fail(reason, code, wait_s, now, random)

    def _fail(
        self, reason: str, code: str, wait_s: float | None, now: datetime, random: float
    ) -> "Attempt":
        failed = self._after("fail", reason, code)
        if failed.state != "failed":
            return failed
        at = next_try(self.tries, self.first_try_at or now, now, random, wait_s)
        return (
            failed._after("abandon", reason, code)
            if at is None
            else replace(failed, next_try_at=at)
        )

    def retry(self, now: datetime) -> "Attempt":
        """Queue it again, due at once if no time is set. Raises TransitionRefused."""
        return replace(self._after("retry"), next_try_at=self.next_try_at or now)

    def abandon(self, reason: str) -> "Attempt":
        """Stop trying. Raises TransitionRefused."""
        return self._after("abandon", reason)

    def recover(self, now: datetime, random: float) -> "Attempt":
        """Settle what a stopped or killed server left `sending`: it may have been sent, or not.

        That does not lengthen the next wait.
        """
        return replace(self, tries=max(self.tries - 1, 1)).settle(
            UnknownOutcome("interrupted"), now, random
        )

    def receive(self, receipt: Receipt) -> "Attempt":
        """The attempt after a receipt; late, repeated and contradictory ones change nothing.

        Raises TransitionRefused for an attempt that was never tried.
        """
        moved = self._after(receipt.event, receipt.reason, receipt.code)
        return replace(moved, provider_id=moved.provider_id or receipt.provider_id)
