"""An attendance: who speaks when a message arrives."""

from dataclasses import dataclass

from signaling.command import Command
from signaling.ports.connection import Connection
from signaling.rooms.room import Room


@dataclass(frozen=True)
class Attendance:
    """One participant's live connection to a room."""

    room: Room
    participant_id: str
    role: str
    connection: Connection

    def command(self, command_id: str) -> Command:
        """What the participant asks for, by the id that their browser made."""
        return Command(self.participant_id, command_id)
