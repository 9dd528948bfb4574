"""What happens when somebody writes or reads."""

from signaling import messages as wire
from signaling.access import require
from signaling.chat import ChatMessage, checked_text
from signaling.consultation import WRITABLE_STATES
from signaling.errors import Conflict
from signaling.flows.rooms import Attendance
from signaling.ports import Clock, Records, Store


class Chatting:
    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def send(self, attendance: Attendance, message: wire.ChatSend) -> wire.Ack:
        """Store a message, show it to everybody, and acknowledge it: in this order.

        The same id again is acknowledged again and changes nothing. Raises InvalidInput, or
        Conflict when the session is over.
        """
        room = attendance.room
        require(attendance.role, "write_chat")
        consultation_id, author = room.consultation.id, attendance.participant_id
        if room.consultation.state not in WRITABLE_STATES:
            return await self._repeated(consultation_id, author, message.id)
        text = checked_text(message.text)

        async def work(records: Records) -> ChatMessage | None:
            return await records.chat.append(
                consultation_id, message.id, author, "text", text, self._clock.now()
            )

        added = await self._store.write(work)
        if added is None:
            return await self._repeated(consultation_id, author, message.id)
        room.add_chat(added)
        return wire.Ack(message.id, added.position)

    async def _repeated(self, consultation_id: str, author: str, message_id: str) -> wire.Ack:
        """Acknowledge what is stored already. Raises Conflict if it is not, or not by them."""
        known = await self._store.read.chat.get(consultation_id, message_id)
        if known is None or known.participant_id != author:
            raise Conflict
        return wire.Ack(message_id, known.position)

    async def seen(self, attendance: Attendance, message: wire.Seen) -> None:
        """Everything up to a position was on somebody's screen."""
        room = attendance.room
        if not room.mark_seen(attendance.participant_id, message.position):
            return
        consultation_id = room.consultation.id

        async def work(records: Records) -> None:
            await records.chat.mark_seen(
                consultation_id, attendance.participant_id, message.position
            )

        await self._store.write(work)
