"""What happens when somebody is asked for a photo, and when no photo comes.

A photo that comes ends the request where it is put into the chat.
"""

from signaling.access import require
from signaling.chat import ChatMessage, LineKind
from signaling.consultation import WRITABLE_STATES
from signaling.errors import Conflict, NotAllowed, NotFound
from signaling.flows.rooms import Rooms
from signaling.identifier import new_id
from signaling.photo_request import PhotoRequest
from signaling.ports.clock import Clock
from signaling.ports.store import Records, Store
from signaling.rooms.attendance import Attendance
from signaling.wire import client_messages as client
from signaling.wire import messages as wire

_LINES: dict[str, LineKind] = {"declined": "photo_declined", "failed": "photo_failed"}


class PhotoRequests:
    def __init__(self, store: Store, rooms: Rooms, clock: Clock) -> None:
        self._store = store
        self._rooms = rooms
        self._clock = clock

    async def ask(self, attendance: Attendance, message: client.AskPhoto) -> wire.Ack:
        """Ask a participant for a photo; one who is away finds the request on coming back.

        Raises NotAllowed for the scheduler's own seat, NotFound for somebody without a seat,
        Conflict when the session is over.
        """
        room = attendance.room
        require(attendance.role, "ask_photo")
        async with self._rooms.exclusive(room.consultation.id):
            if message.participant_id == attendance.participant_id:
                raise NotAllowed
            if message.participant_id not in room.seats:
                raise NotFound
            if await self._note(attendance, message.id, "photo_asked"):
                room.ask_photo(
                    PhotoRequest(
                        message.id,
                        message.participant_id,
                        attendance.participant_id,
                        self._clock.now(),
                    )
                )
        return wire.Ack(message.id)

    async def answer(self, attendance: Attendance, message: client.AnswerPhoto) -> wire.Ack:
        """No photo will come. An answer to a request that is over has no effect.

        Raises NotAllowed if somebody else was asked.
        """
        room = attendance.room
        require(attendance.role, "answer_photo")
        async with self._rooms.exclusive(room.consultation.id):
            request = room.photo_request
            if request is None or request.id != message.request_id:
                return wire.Ack(message.id)
            if request.participant_id != attendance.participant_id:
                raise NotAllowed
            await self._note(attendance, message.id, _LINES[message.answer])
            room.ask_photo(None)
        return wire.Ack(message.id)

    async def _note(self, attendance: Attendance, command_id: str, kind: LineKind) -> bool:
        """Store a line of the chat and the command in one transaction, then publish the line.

        False if the command was done before. Raises Conflict when the session is over.
        """
        room = attendance.room
        consultation_id, author = room.consultation.id, attendance.participant_id
        command = attendance.command(command_id)
        if await self._store.read.commands.is_done(consultation_id, command):
            return False
        if room.consultation.state not in WRITABLE_STATES:
            raise Conflict

        async def work(records: Records) -> ChatMessage | None:
            await records.commands.mark_done(consultation_id, command)
            return await records.chat.append(
                consultation_id, new_id(), author, kind, "", self._clock.now()
            )

        line = await self._store.write(work, consultation_id)
        if line is not None:
            room.add_chat(line)
        return True
