"""What happens when somebody has tested their device, for themselves or by their invitation."""

from collections.abc import Mapping

from signaling.device_check import DeviceCheck, Readiness
from signaling.flows.people.arriving import Arriving
from signaling.flows.rooms import Rooms
from signaling.ports.clock import Clock
from signaling.ports.store import Store


class DeviceChecking:
    def __init__(self, store: Store, rooms: Rooms, arriving: Arriving, clock: Clock) -> None:
        self._store = store
        self._rooms = rooms
        self._arriving = arriving
        self._clock = clock

    def judge(self, outcomes: Mapping[str, str]) -> Readiness:
        """How ready a device is. Raises InvalidInput."""
        return DeviceCheck.from_input(outcomes, self._clock.now()).readiness

    async def keep(self, token: str, outcomes: Mapping[str, str]) -> Readiness:
        """Store the result with the invite, replacing an earlier one, and show it to the scheduler.

        Raises InvalidInput, or InviteNotUsable for a link that leads nowhere.
        """
        check = DeviceCheck.from_input(outcomes, self._clock.now())
        invite = (await self._arriving.look(token)).invite
        await self._store.write(
            lambda records: records.device_checks.put(invite, check), invite.consultation_id
        )
        room = self._rooms.hub.room(invite.consultation_id)
        if room is not None and invite.id in room.seats:
            room.seats[invite.id].readiness = check.readiness
            self._rooms.notify_scheduler(room.consultation.scheduler_id)
        await self._rooms.changed([invite.consultation_id])
        return check.readiness
