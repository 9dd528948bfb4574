"""Typed keys of what the application holds; `web/app.py` assembles it."""

from aiohttp import web

from signaling.delivery.outbox_folder import OutboxFolder
from signaling.flows.calls.calling import Calling
from signaling.flows.calls.forwarding import Forwarding
from signaling.flows.calls.reachability import Reachability
from signaling.flows.invites.interpreting import Interpreting
from signaling.flows.invites.inviting import Inviting
from signaling.flows.notices.composing import Composing
from signaling.flows.notices.receipts import Receipts
from signaling.flows.notices.sending import Sending
from signaling.flows.people.account_mail import AccountMail
from signaling.flows.people.account_mail_sending import AccountMailSending
from signaling.flows.people.arriving import Arriving
from signaling.flows.people.deleting import Deleting
from signaling.flows.people.device_checking import DeviceChecking
from signaling.flows.people.password_links import AccountInvitations, ForgottenPasswords
from signaling.flows.retention.abandoning import Abandoning
from signaling.flows.retention.emptying import Emptying
from signaling.flows.retention.forgetting import Forgetting
from signaling.flows.rooms import Rooms
from signaling.flows.sessions.attending import Attending
from signaling.flows.sessions.chatting import Chatting
from signaling.flows.sessions.photo_requests import PhotoRequests
from signaling.flows.sessions.planning import Planning
from signaling.flows.sessions.running import Running
from signaling.flows.sessions.showing import Showing
from signaling.flows.sessions.turning import Turning
from signaling.flows.sessions.uploading import Uploading
from signaling.flows.timekeeping import Timekeeping
from signaling.ports.clock import Clock
from storage.store import Store
from web.access.audit_watch import AuditWatch
from web.access.delays import Delays
from web.access.failed_sign_ins import FailedSignIns
from web.access.guessing_alarm import GuessingAlarm
from web.access.mail_reach import MailReach
from web.access.passkeys import Passkeys
from web.access.passwords import Passwords
from web.access.rate_limits import RateLimits
from web.access.revocation import RevocationWatch
from web.access.setup_token import SetupToken
from web.access.web_sessions import WebSessionStorage
from web.attachments.clamav import ClamAv
from web.attachments.workers import FileWorkers
from web.calls.relay import MediaRelay
from web.clockwork import Clockwork
from web.config import Config
from web.notices.operator_texts import OperatorTexts
from web.notices.renderer import NoticeRenderer
from web.notices.routing import NoticeRouting
from web.report.workers import ReportWorkers
from web.settings.runtime_settings import RuntimeSettings
from web.sign_in.oidc.provider import Provider
from web.static_files import StaticFiles
from web.texts.catalogs import Catalogs
from web.texts.page_texts import PageTexts
from web.websocket_warnings import WebSocketWarnings

CONFIG = web.AppKey("config", Config)
RUNTIME_SETTINGS = web.AppKey("settings", RuntimeSettings)
"What may change while the server runs: to be asked instead of CONFIG."
CLOCK = web.AppKey("clock", Clock)
CLOCKWORK = web.AppKey("clockwork", Clockwork)
"Appointments, by the wall clock."
WAITS = web.AppKey("waits", Clockwork)
"Durations, by a clock that no step of the wall clock affects."
CATALOGS = web.AppKey("catalogs", Catalogs)
PAGE_TEXTS = web.AppKey("page_texts", PageTexts)
"Terms and help."
STATIC = web.AppKey("static", StaticFiles)
OUTBOX = web.AppKey("outbox", OutboxFolder)
STORE = web.AppKey("store", Store)
WEB_SESSIONS = web.AppKey("web_sessions", WebSessionStorage)
AUDIT_WATCH = web.AppKey("audit_watch", AuditWatch)
DELAYS = web.AppKey("delays", Delays)
FAILED_SIGN_INS = web.AppKey("failed_sign_ins", FailedSignIns)
GUESSING_ALARM = web.AppKey("guessing_alarm", GuessingAlarm)
REVOCATION = web.AppKey("revocation", RevocationWatch)
PASSKEYS = web.AppKey("passkeys", Passkeys)
PASSWORDS = web.AppKey("passwords", Passwords)
PROVIDER = web.AppKey("provider", Provider)
"Absent if nobody signs in by a provider."
WEBSOCKET_WARNINGS = web.AppKey("websocket_warnings", WebSocketWarnings)
MAIL_REACH = web.AppKey("mail_reach", MailReach)
LIMITS = web.AppKey("limits", RateLimits)
SETUP_TOKEN = web.AppKey("setup_token", SetupToken)
RELAY = web.AppKey("relay", MediaRelay)
REPORT_WORKERS = web.AppKey("report_workers", ReportWorkers)

ROOMS = web.AppKey("rooms", Rooms)
ACCOUNT_INVITATIONS = web.AppKey("account_invitations", AccountInvitations)
ACCOUNT_MAIL = web.AppKey("account_mail", AccountMail)
ACCOUNT_MAIL_SENDING = web.AppKey("account_mail_sending", AccountMailSending)
ARRIVING = web.AppKey("arriving", Arriving)
ATTENDING = web.AppKey("attending", Attending)
CALLING = web.AppKey("calling", Calling)
ABANDONING = web.AppKey("abandoning", Abandoning)
CHATTING = web.AppKey("chatting", Chatting)
DELETING = web.AppKey("deleting", Deleting)
DEVICE_CHECKING = web.AppKey("device_checking", DeviceChecking)
EMPTYING = web.AppKey("emptying", Emptying)
FORGOTTEN_PASSWORDS = web.AppKey("forgotten_passwords", ForgottenPasswords)
FORGETTING = web.AppKey("forgetting", Forgetting)
FORWARDING = web.AppKey("forwarding", Forwarding)
PHOTO_REQUESTS = web.AppKey("photo_requests", PhotoRequests)
RUNNING = web.AppKey("running", Running)
TURNING = web.AppKey("turning", Turning)
INVITING = web.AppKey("inviting", Inviting)
INTERPRETING = web.AppKey("interpreting", Interpreting)
PLANNING = web.AppKey("planning", Planning)
REACHABILITY = web.AppKey("reachability", Reachability)
COMPOSING = web.AppKey("composing", Composing)
SCANNER = web.AppKey("scanner", ClamAv)
"Absent if files are not scanned."
FILE_WORKERS = web.AppKey("file_workers", FileWorkers)
SHOWING = web.AppKey("showing", Showing)
TIMEKEEPING = web.AppKey("timekeeping", Timekeeping)
UPLOADING = web.AppKey("uploading", Uploading)
RECEIPTS = web.AppKey("receipts", Receipts)
OPERATOR_TEXTS = web.AppKey("operator_texts", OperatorTexts)
NOTICE_RENDERER = web.AppKey("notice_renderer", NoticeRenderer)
NOTICE_ROUTING = web.AppKey("notice_routing", NoticeRouting)
SENDING = web.AppKey("sending", Sending)
