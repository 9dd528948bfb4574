"""What pages show, as plain values: made by the handlers in `web/pages/`, rendered by `web/markup/`.

Texts in here are data that people typed; sentences come from the catalogs during rendering.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from signaling.chat import UnreadSession
from signaling.interpreter_request import RequestState
from signaling.notices.notice import Occasion
from signaling.preferences import DEFAULT_PREFERENCES, Preferences

Readiness = Literal["ready", "ready_with_limits", "not_ready", "not_tested"]
Platform = Literal[
    "android", "iphone", "ipad", "windows", "macos", "chromeos", "linux", "kaios", "unknown"
]


@dataclass(frozen=True)
class Picture:
    """A picture on a page."""

    address: str
    width: int
    height: int
    "Pixels."
    text: str
    "What it shows, for whoever does not see it."


@dataclass(frozen=True)
class Device:
    """What a device says of itself; it may say anything."""

    platform: Platform = "unknown"
    version: tuple[int, int] = (0, 0)
    "Of the operating system; zeros where unknown. Windows 7 is (6, 1); macOS stays at (10, 15)."
    browser: str = ""
    "By its common name; empty if unknown, or inside an app."
    app: str = ""
    "The app around the browser, by its common name; empty if none is known."
    web_view: bool = False
    "Whether the browser is a part of some app."


@dataclass(frozen=True)
class Viewer:
    """Who views a page, in which language and time zone."""

    language: str
    "A catalog code: en, fr, ar ..."
    direction: Literal["ltr", "rtl"]
    time_zone: str
    "IANA zone for every time on the page."
    translate: Callable[[str], str]
    "English source sentence -> this language. Handlers and markup call it `_`."
    plural: Callable[[str, str, int], str]
    static: Callable[[str], str]
    "Path below web/static -> its cacheable address."
    scripts: Callable[[Iterable[str]], list[str]]
    "Paths of modules -> the addresses of all that they load at once."
    inline: Callable[[str], str]
    """Path below web/static -> its text, to stand in the page. The answer must allow that, see `inlined` of
    `web/http/request.py`."""
    brand: str
    path: str
    "Path of the current page, to mark its menu entry."
    languages: tuple[tuple[str, str], ...]
    "(code, own name) of every offered language."
    account_name: str | None = None
    "None for people who come by link."
    account_id: str | None = None
    account_role: Literal["scheduler", "administrator"] | None = None
    time_zones: tuple[str, ...] = ()
    "IANA zones that forms offer, in order."
    catalog: str = ""
    "Address of this language's sentences and dates for the browser."
    way_in_catalog: str = ""
    "The same for the pages up to the waiting room."
    held_catalog: str = ""
    "That catalog itself, as JSON, where a request would cost more than its bytes; else empty."
    zone_there: str = ""
    "The same zone by the browser's own name for it, where the browser has sent one."
    now: datetime | None = None
    "The server's time when the page is rendered; the device's own clock may be hours off."
    seated: bool = False
    "Whether a link has been used in this browser, so that there is a seat to leave."
    retention_hours: int = 24
    "How long a closed session is kept, in whole hours."
    file_megabytes: float = 20
    "Most megabytes of one photo or PDF in the chat."
    passwords: bool = True
    "Whether accounts have passwords and the like; not where they sign in by the provider alone."
    passkey_origin: str = ""
    """The public address, to which passkeys belong: they work nowhere else. Empty where browsers have
    none, without TLS or by an IP address."""
    preferences: Preferences = DEFAULT_PREFERENCES
    "Of the account."
    phone_channels: tuple[str, ...] = ()
    "The channels by which numbers can be reached from this server, of `sms` and `whatsapp`."
    colors: str = ""
    "Address of the style sheet with the organization's color; empty without one."
    logo: Picture | None = None
    "The organization's logo."
    device: Device = Device()


@dataclass(frozen=True)
class ProviderWay:
    """Signing in by the organization's provider, as the sign-in page offers it."""

    label: str
    only: bool
    "Whether there is no other way."


@dataclass(frozen=True)
class Person:
    name: str
    role: str
    channel: str
    address: str
    language: str
    "Own name of the language."
    invite_state: str
    delivery_state: str | None
    delivery_reason: str | None = None
    "A key of `signaling.notices.reasons.REASONS`."
    time_zone: str | None = None
    unconnected: bool = False
    "Has taken the seat, but no page of theirs is connected."
    invite_id: str = ""
    online: bool = False
    readiness: Readiness = "not_tested"
    usable: bool = True
    "Whether the link works, or will when the session is reopened."

    @property
    def may_have_it(self) -> bool:
        """Whether the latest message arrived, or may have: a second one would be one too many."""
        return self.delivery_state in ("sent", "delivered", "read", "unknown")


@dataclass(frozen=True)
class InviteRow:
    """One consultation in "Invites", "Opened sessions" or on the dashboard, as its viewer reads it."""

    consultation_id: str
    invite_id: str
    "Of the awaited person."
    state: str
    kind: Literal["remote", "in_person"]
    people: tuple[Person, ...]
    "The awaited person first."
    planned_at: datetime | None
    created_at: datetime
    online: bool
    readiness: Readiness = "not_tested"
    replies: tuple[str, ...] = ()
    "What people answered to an SMS or a WhatsApp message, oldest first."
    interpreting: str = "none"
    "State of the search for an interpreter."
    closes_at: datetime | None = None
    "When it is closed unless it is used; None: not soon."
    unread: UnreadSession | None = None
    "What its viewer has not read in it."
    scheduler_id: str = ""
    scheduler_name: str = ""
    shared_with: tuple[str, ...] = ()
    "Names of colleagues who hold it too."

    @property
    def name(self) -> str:
        """By which the session goes: the awaited person's."""
        return self.people[0].name if self.people else ""

    @property
    def may_notify(self) -> bool:
        """Whether its people may already be notified."""
        return self.interpreting not in ("requested", "unavailable")


@dataclass(frozen=True)
class InviteList:
    """One page of "Invites", and how it was filtered."""

    rows: Sequence[InviteRow]
    search: str
    state: str
    page: int
    pages: int
    total: int
    "Sessions on all pages."


@dataclass(frozen=True)
class AskedOrganization:
    """An interpreting organization that was asked about one session."""

    name: str
    "Empty: it was removed since."
    state: RequestState
    asked_at: datetime
    expires_at: datetime
    decided_at: datetime | None


@dataclass(frozen=True)
class Message:
    """One try to tell somebody something about a session, or what is still to be sent."""

    occasion: Occasion
    to: tuple[str, ...]
    "Names of people or of an organization; none: the scheduler."
    at: datetime
    "When it was tried, queued or is due."
    channel: str = ""
    "Empty: none was tried."
    state: str | None = None
    "Of the attempt; None: it waits for its time."
    reason: str = ""


@dataclass(frozen=True)
class CaseView:
    """The page of a session."""

    row: InviteRow
    messages: tuple[Message, ...]
    "Earliest first."
    note: str = ""
    interpreting_language: str = ""
    "Own name of the language."
    asked: tuple[AskedOrganization, ...] = ()
    "In the order in which they were asked."
    next_organization: str = ""
    "Who is asked if the last one declines; empty: nobody is left."
    started_at: datetime | None = None
    closed_at: datetime | None = None
    purge_at: datetime | None = None
    own: bool = True
    "Whether the viewer is its scheduler, who alone may cancel it."


@dataclass(frozen=True)
class InvitedPerson:
    """An invited person on the page "Edit"."""

    invite_id: str
    name: str
    role: str
    removable: bool
    address: str = ""
    "Email or E.164; empty where the link is given by hand."


@dataclass(frozen=True)
class WaitingRow:
    consultation_id: str
    name: str
    language: str
    waiting_since: datetime
    state: str
    readiness: Readiness = "not_tested"
    whose: str = ""
    "Name of the scheduler of that session, for whoever is not."
    asks_for_phone_call: bool = False


@dataclass(frozen=True)
class HistoryRow:
    consultation_id: str
    names: tuple[str, ...]
    started_at: datetime | None
    closed_at: datetime
    purge_at: datetime
    messages: int = 0
    files: int = 0
    "In the chat."


@dataclass(frozen=True)
class SessionView:
    """The session page; everything live comes over the socket."""

    consultation_id: str
    invite_id: str | None
    "None for the scheduler."
    participant_id: str
    title: str
    "Neutral: the other person's name for the scheduler, the brand for people who come by link."
    state: str
    scheduler_name: str
    planned_at: datetime | None
    may_invite: bool = False
    "Whether the scheduler may invite a colleague while the session is in progress."
    reachable: tuple[tuple[str, str], ...] = ()
    "(invite id, name) of those who can be sent their link again."
    offline: bool = False
    "Whether it is the page that a browser keeps for a dead line: with nothing about anybody."
    host: Literal["away", "here", "busy"] = "away"
    "Whether `scheduler_name` is there, or in another session, for people who come by link."
    first_words: str = ""
    "JSON of the page's hello, without what the browser adds; empty for the scheduler."
    number_unknown: bool = False
    "Whether nobody knows a number at which to call the reader; not said of staff."
    saves_data: bool = False
    "The browser asks every server to send little (the header Save-Data)."


@dataclass(frozen=True)
class LandingView:
    """GET /i/<token>: what somebody sees before taking the seat."""

    scheduler_name: str
    planned_at: datetime | None
    state: Literal["ready", "too_early"]
    opens_at: datetime | None
    terms_html: str
    "Sanitized HTML of the terms; empty if they are too long for this page."
    terms_path: str
    help_path: str
    join_path: str
    seat_path: str
    "Where joining leads."
    test_path: str
    calendar_path: str | None = None
    sits_elsewhere: bool = False
    "Whether this browser has a seat in another session, perhaps somebody else's."
    link: str = ""
    "The page's own address, to be opened elsewhere."
    relayed: bool = False
    "Whether all calls go by the relay."
    next_files: tuple[str, ...] = ()
    "Addresses of what the session page loads, to be fetched ahead."
    home: str = ""
    "Origin of the public URL: under another name the session's WebSocket may be refused."
    socket_path: str = ""
    "Address of the session's WebSocket."


@dataclass(frozen=True)
class DeviceTestView:
    result_path: str
    "Where the results are posted."
    back_path: str | None
    "Back to the invitation; None for somebody signed in."
    ice_servers: str
    "JSON for RTCPeerConnection; credentials in it are short-lived."
    relay_path: str | None
    "Where the relay's offer is requested; None without a relay."
    link: str
    "The page's own address, to be opened elsewhere."


@dataclass(frozen=True)
class Offer:
    """A number that may have been meant."""

    address: str
    "E.164."
    shown: str
    "Formatted for people."


@dataclass(frozen=True)
class Question:
    """What is asked about a doubtful number before anything is sent to it."""

    understood: str
    "The number as it was understood, E.164; empty: it can only be replaced."
    offers: tuple[Offer, ...]


@dataclass(frozen=True)
class Form:
    """What was typed, kept when it is refused, and what is wrong with it."""

    values: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    "Field -> translated sentence; the key '' holds what concerns the whole form."
    questions: dict[str, Question] = field(default_factory=dict)
    "Field -> a question that buttons answer."
    prefix: str = ""
    "Of the ids of its fields, where a page has several forms with fields of the same name."

    def place(self, name: str) -> str:
        """The id of a field."""
        return self.prefix + name


@dataclass(frozen=True)
class OutboxNotice:
    """One notice that was written to the outbox folder instead of being sent."""

    to: str
    subject: str
    text: str
    at: datetime


@dataclass(frozen=True)
class RequestView:
    """What an interpreting organization is asked."""

    scheduler_name: str
    organization_name: str
    languages: str
    planned_at: datetime | None
    "None: as soon as somebody has accepted."
    minutes: int
    "How long the session is expected to take."
    date: str
    "Calendar sequence of that date, which the answer returns: the date that was accepted."
    state: str
    expires_at: datetime
    answer_path: str


@dataclass(frozen=True)
class OrganizationRow:
    """One interpreting organization under Administration."""

    id: str
    name: str
    email: str
    languages: tuple[str, ...]
    position: int
    active: bool


@dataclass(frozen=True)
class SignedIn:
    """One browser in which somebody is signed in."""

    id: str
    "Names it on the page; grants nothing."
    browser: str
    system: str
    "By its common name, as `browser`; empty if unknown."
    since: datetime
    here: bool
    "Whether it is the browser of this request."
    used: datetime
    "When it was last used, within an hour."
    way: str = ""
    "What let it in, a `SignInWay`; empty if that is not known."
