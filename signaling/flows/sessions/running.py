"""What happens when a session is started, terminated, resumed, reopened, or expires."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from signaling import numbers
from signaling.access import owned, require
from signaling.audit import SERVER
from signaling.chat import ChatMessage, LineKind
from signaling.command import Command
from signaling.consultation import Consultation, ConsultationEvent, ConsultationState
from signaling.errors import NobodyThere, TransitionRefused
from signaling.flows.calls.calling import Calling
from signaling.flows.rooms import Rooms
from signaling.identifier import new_id
from signaling.numbers import Number
from signaling.ports.clock import Clock
from signaling.ports.store import Records, Store
from signaling.rooms.attendance import Attendance
from signaling.rooms.room import Room
from signaling.wire import client_messages as client
from signaling.wire import messages as wire

_LINES: dict[ConsultationEvent, LineKind] = {
    "start": "started",
    "keep_open": "kept_open",
    "resume": "resumed",
    "close": "closed",
    "reopen": "reopened",
    "expire": "closed",
}
_DONE: dict[ConsultationEvent, ConsultationState] = {
    "start": "active",
    "resume": "active",
    "keep_open": "kept_open",
    "close": "closed",
    "reopen": "kept_open",
}
"The state in which somebody who asks for a step already has what they want."


class Running:
    def __init__(
        self, store: Store, rooms: Rooms, calling: Calling, clock: Clock, retention: timedelta
    ) -> None:
        self._store = store
        self._rooms = rooms
        self._calling = calling
        self._clock = clock
        self.retention = retention

    async def start(self, attendance: Attendance, message: client.StartConsultation) -> wire.Ack:
        """Raises NobodyThere while nobody but the scheduler is connected."""
        require(attendance.role, "start")
        room = attendance.room
        if room.consultation.state in ("planned", "waiting") and not room.others_online():
            raise NobodyThere
        return await self._step(attendance, message.id, "start")

    async def terminate(
        self, attendance: Attendance, message: client.TerminateConsultation
    ) -> wire.Ack:
        require(attendance.role, "terminate")
        return await self._step(attendance, message.id, message.choice)

    async def resume(self, attendance: Attendance, message: client.ResumeConsultation) -> wire.Ack:
        require(attendance.role, "resume")
        return await self._step(attendance, message.id, "resume")

    async def reopen(self, consultation_id: str, account_id: str) -> None:
        """Open a closed session again. Raises NotFound or TransitionRefused.

        Refused once the session is due to be purged: it may be in the list of purged ones already.
        """
        room = await self._rooms.open(consultation_id)
        owned(room.consultation, account_id, "reopen")
        purge_at = room.consultation.purge_at(self.retention)
        if purge_at is not None and purge_at <= self._clock.now():
            raise TransitionRefused("consultation", room.consultation.state, "reopen")
        async with self._rooms.exclusive(consultation_id):
            await self._advance(room, account_id, None, "reopen")

    async def expire(self, room: Room, still: Callable[[], Awaitable[bool]]) -> bool:
        """Close an abandoned session; False if it is no longer (`still`) to be closed."""
        async with self._rooms.exclusive(room.consultation.id):
            if not self._rooms.is_live(room) or not await still():
                return False
            await self._advance(room, room.consultation.scheduler_id, None, "expire")
        return True

    async def _step(
        self, attendance: Attendance, command_id: str, event: ConsultationEvent
    ) -> wire.Ack:
        room = attendance.room
        async with self._rooms.exclusive(room.consultation.id):
            await self._advance(
                room, attendance.participant_id, attendance.command(command_id), event
            )
        return wire.Ack(command_id)

    async def _advance(
        self, room: Room, participant_id: str, command: Command | None, event: ConsultationEvent
    ) -> None:
        """One step of the consultation with everything that depends on it, in one transaction."""
        now = self._clock.now()
        consultation_id = room.consultation.id
        if command is not None and await self._done(consultation_id, command):
            return
        if room.consultation.state == _DONE.get(event):
            return  # pressed twice, or by two people at once
        changed = _after(room, event, now)
        if event in ("close", "keep_open", "expire"):
            await self._calling.end(room)

        counted = _counted(room, event, now)

        async def work(records: Records) -> ChatMessage | None:
            if command is not None:
                await records.commands.mark_done(consultation_id, command)
            await records.consultations.change(changed)
            actor = SERVER if event == "expire" else participant_id
            await records.audit.append(now, actor, event, consultation_id)
            await records.numbers.count(now, counted)
            if event == "start":
                await records.notices.drop_pending(consultation_id, ("reminder",))
            if event == "close":
                await records.notices.drop_pending(consultation_id, ("news",))
            if event == "expire":
                await records.notices.drop_all_pending(consultation_id)
            for invite in await records.invites.of_consultation(consultation_id):
                if changed.state == "closed" and invite.usable:
                    await records.invites.change(invite.after("expire"))
                elif event == "reopen" and invite.state == "expired":
                    await records.invites.change(invite.after("reopen"))
            return await records.chat.append(
                consultation_id, new_id(), participant_id, _LINES[event], "", now
            )

        line = await self._store.write(work, consultation_id)
        room.consultation = changed
        # kept open: whoever comes back waits from then on
        room.waiting_since = None
        if event in ("close", "keep_open", "expire"):
            room.ask_photo(None)
        room.publish_consultation()
        if line is not None:
            room.add_chat(line)
        if changed.state == "closed":
            self._rooms.disconnect(room)
        await self._rooms.moved_on(room)

    async def _done(self, consultation_id: str, command: Command) -> bool:
        return await self._store.read.commands.is_done(consultation_id, command)


def _after(room: Room, event: ConsultationEvent, now: datetime) -> Consultation:
    """Raises TransitionRefused."""
    before = room.consultation
    if event == "start" and before.state == "planned" and room.others_online():
        before = before.after("arrive", now)  # there already, and about to be written down
    return before.after(event, now)


def _counted(room: Room, event: ConsultationEvent, now: datetime) -> list[Number]:
    """What is counted of a step: each session once, and how long its people had waited."""
    if room.consultation.started_at is not None:
        return []
    if event == "expire":
        return [numbers.session("not_held")]
    if event != "start":
        return []
    since = room.waiting_since
    return [numbers.session("held"), *([numbers.waiting(now - since)] if since else [])]
