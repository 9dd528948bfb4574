"""What happens when somebody writes in the chat or reads it."""

from signaling.access import require
from signaling.chat import ChatMessage, checked_text
from signaling.consultation import WRITABLE_STATES
from signaling.errors import ChatFull, Conflict, NotFound
from signaling.flows.notices.news import News
from signaling.flows.rooms import Rooms
from signaling.flows.sessions.unread import UnreadMessages
from signaling.flows.sessions.uploading import Author
from signaling.ports.clock import Clock
from signaling.ports.store import Records, Store
from signaling.rooms.attendance import Attendance
from signaling.rooms.page_visit import PageVisit
from signaling.rooms.transcript import chat_line
from signaling.wire import client_messages as client
from signaling.wire import messages as wire


class Chatting:
    def __init__(
        self, store: Store, rooms: Rooms, clock: Clock, news: News, unread: UnreadMessages
    ) -> None:
        self._store = store
        self._rooms = rooms
        self._clock = clock
        self._news = news
        self._unread = unread

    async def send(self, attendance: Attendance, message: client.ChatSend) -> wire.Ack:
        """Store a message, publish it, and acknowledge it, in this order.

        A repeated id is acknowledged again and changes nothing. Raises InvalidInput, Conflict
        when the session is over, or ChatFull.
        """
        room = attendance.room
        require(attendance.role, "write_chat")
        consultation_id, author = room.consultation.id, attendance.participant_id
        if room.consultation.state not in WRITABLE_STATES:
            return await self._repeated(attendance, message.id, Conflict())
        text = checked_text(message.text)
        if not room.chat.has_room_for(author, text):
            return await self._repeated(attendance, message.id, ChatFull())

        async def work(records: Records) -> ChatMessage | None:
            added = await records.chat.append(
                consultation_id, message.id, author, "text", text, self._clock.now()
            )
            if added is not None:
                await self._news.queue(records, room, author)
            return added

        added = await self._store.write(work, consultation_id)
        if added is None:
            return await self._repeated(attendance, message.id, Conflict())
        room.add_chat(added)
        self._unread.written(room)
        return wire.Ack(message.id, added.position, room.chat.nearly_full(author))

    async def deliver(self, author: Author, message: client.ChatSend) -> wire.Ack:
        """The same for somebody whose browser sends it for them, with their page open or not.

        They are not there for that. Raises NotFound for whoever is not in the session, too.
        """
        room = await self._rooms.open(author.consultation_id)
        if author.participant_id not in room.seats:
            raise NotFound
        nowhere = PageVisit()
        attendance = Attendance(room, author.participant_id, author.role, nowhere)
        return await self.send(attendance, message)

    async def _repeated(
        self, attendance: Attendance, message_id: str, otherwise: Conflict
    ) -> wire.Ack:
        """Acknowledge a message that is stored already.

        Raises `otherwise` if it is not stored, Conflict if its author is somebody else.
        """
        chat, author = attendance.room.chat, attendance.participant_id
        known = await self._store.read.chat.get(attendance.room.consultation.id, message_id)
        if known is None:
            raise otherwise
        if known.participant_id != author:
            raise Conflict
        return wire.Ack(message_id, known.position, chat.nearly_full(author))

    async def read(self, attendance: Attendance, message: client.ReadChat) -> wire.ChatPage:
        """A page of lines by position."""
        require(attendance.role, "read_chat")
        lines = await self._store.read.chat.page(
            attendance.room.consultation.id, before=message.before, after=message.after
        )
        return wire.ChatPage(message.id, [chat_line(line) for line in lines])

    async def seen(self, attendance: Attendance, message: client.Seen) -> None:
        """Everything up to a position was on somebody's screen."""
        room = attendance.room
        if not room.mark_seen(attendance.participant_id, message.position):
            return
        consultation_id = room.consultation.id

        async def work(records: Records) -> None:
            await records.chat.mark_seen(
                consultation_id, attendance.participant_id, message.position
            )

        await self._store.write(work, consultation_id)
        await self._unread.seen(room, attendance.participant_id)
