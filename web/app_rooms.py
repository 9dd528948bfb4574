"""Assembly of live rooms: calls and their relay, attendance, chat, and who arrives."""

from datetime import timedelta

from aiohttp import web

from signaling.flows.calls.call_changes import CallChanges
from signaling.flows.calls.calling import Calling
from signaling.flows.calls.locks import Locks
from signaling.flows.calls.reachability import Reachability
from signaling.flows.people.arriving import Arriving
from signaling.flows.people.device_checking import DeviceChecking
from signaling.flows.retention.wal_emptying import Emptying
from signaling.flows.rooms import Rooms
from signaling.flows.sessions.attending import Attending
from signaling.flows.sessions.chatting import Chatting
from signaling.flows.sessions.phone_requests import PhoneRequests
from signaling.flows.sessions.photo_requests import PhotoRequests
from signaling.flows.sessions.photo_turning import Turning
from signaling.flows.sessions.running import Running
from signaling.flows.sessions.unread import UnreadMessages
from signaling.flows.sessions.visiting import Visiting
from signaling.flows.timekeeping import Timekeeping
from signaling.rooms.hub import Hub
from web import keys
from web.access.seat_tickets import SeatTickets
from web.calls.relay import MediaRelay
from web.calls.turn_servers import TurnServers


def add_rooms(app: web.Application) -> None:
    """Add what sessions in progress need. Nothing of it runs before the application does."""
    config, settings = app[keys.CONFIG], app[keys.RUNTIME_SETTINGS]
    store, clock, waits = app[keys.STORE], app[keys.CLOCK], app[keys.WAITS]
    app[keys.TIMEKEEPING] = Timekeeping(store, clock, waits)
    app[keys.RELAY] = relay = MediaRelay(config, waits)
    app[keys.TURN] = TurnServers(config)
    locks = Locks()
    changes = CallChanges(store, locks, clock, waits, relay, lambda: settings.media_policy)
    app[keys.FORWARDING] = changes.forwarding
    app[keys.REACHABILITY] = Reachability(relay, waits)
    app[keys.CALLING] = calling = Calling(changes, clock, waits)
    app[keys.UNREAD] = unread = UnreadMessages(store, hub := Hub(), waits)
    app[keys.ROOMS] = rooms = Rooms(store, hub, locks, calling, waits, unread.recount)
    app[keys.PHONE_REQUESTS] = PhoneRequests(store, rooms, clock, unread)
    app[keys.PHOTO_REQUESTS] = PhotoRequests(store, rooms, clock)
    app[keys.TURNING] = Turning(store)
    app[keys.RUNNING] = Running(
        store, rooms, calling, clock, timedelta(hours=config.retention_hours)
    )
    app[keys.ARRIVING] = arriving = Arriving(
        store, clock, timedelta(minutes=config.early_entry_minutes)
    )
    app[keys.SEAT_TICKETS] = SeatTickets(waits.now)
    app[keys.DEVICE_CHECKING] = DeviceChecking(store, rooms, arriving, clock)
    app[keys.EMPTYING] = Emptying(store, waits)


def add_attendance(app: web.Application) -> None:
    """Add who comes and what they write; after the notices, which tell those who are away."""
    store, clock, waits = app[keys.STORE], app[keys.CLOCK], app[keys.WAITS]
    news = app[keys.NEWS]
    rooms = app[keys.ROOMS]
    app[keys.ATTENDING] = attending = Attending(store, rooms, app[keys.CALLING], news, clock, waits)
    app[keys.VISITING] = Visiting(rooms, attending, waits)
    app[keys.CHATTING] = Chatting(store, rooms, clock, news, app[keys.UNREAD])
