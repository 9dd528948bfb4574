"""What happens when somebody asks to be called by phone, because their browser cannot call.

It stands in the chat, and counts as unread for the staff: whoever asks may have left since.
"""

from signaling.access import require
from signaling.chat import ChatMessage
from signaling.consultation import WRITABLE_STATES
from signaling.errors import Conflict
from signaling.flows.rooms import Rooms
from signaling.flows.sessions.unread import UnreadMessages
from signaling.identifier import new_id
from signaling.ports.clock import Clock
from signaling.ports.store import Records, Store
from signaling.rooms.attendance import Attendance


class PhoneRequests:
    def __init__(self, store: Store, rooms: Rooms, clock: Clock, unread: UnreadMessages) -> None:
        self._store = store
        self._rooms = rooms
        self._clock = clock
        self._unread = unread

    async def ask(self, attendance: Attendance) -> None:
        """Ask for a call by phone. Asking again before anybody of the staff has answered changes nothing.

        Raises Conflict when the session is over.
        """
        room, author = attendance.room, attendance.participant_id
        require(attendance.role, "ask_for_phone_call")
        async with self._rooms.exclusive(room.consultation.id):
            if room.consultation.state not in WRITABLE_STATES:
                raise Conflict
            if room.asks_for_phone_call(author):
                return

            async def work(records: Records) -> ChatMessage | None:
                return await records.chat.append(
                    room.consultation.id,
                    new_id(),
                    author,
                    "asked_for_phone_call",
                    "",
                    self._clock.now(),
                )

            line = await self._store.write(work, room.consultation.id)
            if line is None:
                return
            room.add_chat(line)
        self._unread.written(room)
        self._rooms.notify_scheduler(room.consultation.scheduler_id)
