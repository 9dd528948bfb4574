"""What happens when somebody turns a photo in the chat: it is turned for everybody, and stays so."""

from signaling.access import require
from signaling.consultation import WRITABLE_STATES
from signaling.errors import Conflict, NotFound
from signaling.ports.store import Records, Store
from signaling.rooms.attendance import Attendance
from signaling.wire import client_messages as client
from signaling.wire import messages as wire


class Turning:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def turn(self, attendance: Attendance, message: client.TurnPhoto) -> wire.Ack:
        """Store how a photo is turned, and publish it.

        Raises Conflict when the session is over, NotFound if there is no photo on that line.
        """
        room = attendance.room
        require(attendance.role, "turn_photo")
        consultation_id = room.consultation.id
        if room.consultation.state not in WRITABLE_STATES:
            raise Conflict
        command = attendance.command(message.id)

        async def work(records: Records) -> bool:
            attachment = await records.attachments.get(consultation_id, message.line_id)
            if attachment is None or attachment.kind != "photo":
                raise NotFound
            # an earlier turn that is repeated must not undo a later one
            if not await records.commands.mark_done(consultation_id, command):
                return False
            return await records.attachments.turn(consultation_id, message.line_id, message.turned)

        if await self._store.write(work, consultation_id):
            room.turn_photo(message.line_id, message.turned)
        return wire.Ack(message.id)
