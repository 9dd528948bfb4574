"""What happens when a page without a socket asks: its reader is there, and writes.

Such a page asks again every REFRESH. Whoever has it is there until it has not asked for STAYS.
"""

from datetime import timedelta

from signaling.access import require
from signaling.errors import NotFound
from signaling.flows.rooms import Rooms
from signaling.flows.sessions.attending import Attending
from signaling.ports.clock import Timers
from signaling.rooms.attendance import Attendance
from signaling.rooms.page_visit import PageVisit
from signaling.wire import client_messages as client
from signaling.wire import messages as wire

REFRESH = timedelta(seconds=15)
"How often a page without a socket asks again: about what a slow line carries without being busy."
STAYS = REFRESH * 2 + timedelta(seconds=8)
"After the last request: the next one may be late, and the one after it slow."


class Visiting:
    def __init__(self, rooms: Rooms, attending: Attending, timers: Timers) -> None:
        self._rooms = rooms
        self._attending = attending
        self._timers = timers

    async def visit(self, consultation_id: str, participant_id: str) -> Attendance:
        """A page without a socket asks: its reader is there. Returns as whom they act.

        A page with a socket keeps the seat: its reader only looks at the other one as well. Raises as
        `Attending.enter`.
        """
        room = await self._rooms.open(consultation_id)
        seat = room.seats.get(participant_id)
        if seat is None:
            raise NotFound
        require(seat.role, "enter")
        if seat.connection is None:
            visit = PageVisit()
            hello = client.Hello(
                version=wire.PROTOCOL_VERSION, stream="room", peer_id=visit.peer_id, calls=False
            )
            attendance = await self._attending.enter(
                consultation_id, participant_id, visit, hello, [], "auto"
            )
            visit.on_close = lambda: self._until(attendance, timedelta())
        else:
            attendance = Attendance(room, participant_id, seat.role, seat.connection)
        if isinstance(attendance.connection, PageVisit):
            self._until(attendance, STAYS)
        return attendance

    async def leave(self, consultation_id: str, participant_id: str) -> None:
        """The reader has given up the seat."""
        room = self._rooms.hub.room(consultation_id)
        seat = room.seats.get(participant_id) if room is not None else None
        if room is None or seat is None or not isinstance(seat.connection, PageVisit):
            return
        self._timers.cancel(_visit(seat.connection))
        await self._attending.leave(Attendance(room, participant_id, seat.role, seat.connection))

    def _until(self, attendance: Attendance, stays: timedelta) -> None:
        async def over() -> None:
            await self._attending.leave(attendance)

        until = self._timers.now() + stays
        self._timers.set(_visit(attendance.connection), until, over)


def _visit(connection: object) -> str:
    """Name of the timer after which a page that has not asked again is gone."""
    return f"visit:{connection.peer_id}" if isinstance(connection, PageVisit) else ""
