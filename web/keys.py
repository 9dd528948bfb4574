"""What the application holds, by typed keys; assembled in `web/app.py`."""

from aiohttp import web

from signaling.delivery.outbox_folder import OutboxFolder
from signaling.flows.arriving import Arriving
from signaling.flows.attending import Attending
from signaling.flows.calling import Calling
from signaling.flows.chatting import Chatting
from signaling.flows.composing import Composing
from signaling.flows.device_checking import DeviceChecking
from signaling.flows.forgetting import Forgetting
from signaling.flows.forwarding import Forwarding
from signaling.flows.holding import Holding
from signaling.flows.interpreting import Interpreting
from signaling.flows.inviting import Inviting
from signaling.flows.notifying import Notifying
from signaling.flows.planning import Planning
from signaling.flows.probing import Probing
from signaling.flows.receiving import Receiving
from signaling.flows.rooms import Rooms
from signaling.ports import Clock
from storage.store import Store
from web.clockwork import Clockwork
from web.config import Config
from web.limits import Limits
from web.notice_words import OperatorWords
from web.passwords import Passwords
from web.relay import MediaRelay
from web.report_workers import ReportWorkers
from web.setup_token import SetupToken
from web.static_files import StaticFiles
from web.texts import Texts
from web.ways import RoutedWays
from web.web_sessions import SqliteStorage
from web.wording import Wording

CONFIG = web.AppKey("config", Config)
CLOCK = web.AppKey("clock", Clock)
CLOCKWORK = web.AppKey("clockwork", Clockwork)
"Appointments, by the wall clock."
WAITS = web.AppKey("waits", Clockwork)
"Durations, by a clock that no step of the wall clock reaches."
TEXTS = web.AppKey("texts", Texts)
STATIC = web.AppKey("static", StaticFiles)
OUTBOX = web.AppKey("outbox", OutboxFolder)
STORE = web.AppKey("store", Store)
WEB_SESSIONS = web.AppKey("web_sessions", SqliteStorage)
PASSWORDS = web.AppKey("passwords", Passwords)
LIMITS = web.AppKey("limits", Limits)
SETUP_TOKEN = web.AppKey("setup_token", SetupToken)
RELAY = web.AppKey("relay", MediaRelay)
REPORT_WORKERS = web.AppKey("report_workers", ReportWorkers)

ROOMS = web.AppKey("rooms", Rooms)
ARRIVING = web.AppKey("arriving", Arriving)
ATTENDING = web.AppKey("attending", Attending)
CALLING = web.AppKey("calling", Calling)
CHATTING = web.AppKey("chatting", Chatting)
DEVICE_CHECKING = web.AppKey("device_checking", DeviceChecking)
FORGETTING = web.AppKey("forgetting", Forgetting)
FORWARDING = web.AppKey("forwarding", Forwarding)
HOLDING = web.AppKey("holding", Holding)
INVITING = web.AppKey("inviting", Inviting)
INTERPRETING = web.AppKey("interpreting", Interpreting)
PLANNING = web.AppKey("planning", Planning)
PROBING = web.AppKey("probing", Probing)
COMPOSING = web.AppKey("composing", Composing)
RECEIVING = web.AppKey("receiving", Receiving)
NOTICE_WORDS = web.AppKey("notice_words", OperatorWords)
WORDING = web.AppKey("wording", Wording)
WAYS = web.AppKey("ways", RoutedWays)
NOTIFYING = web.AppKey("notifying", Notifying)
