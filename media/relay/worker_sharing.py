"""The workers of one host shared by others: each has rooms of its own in them, and sees no other's.

The same messages go over a link between hosts as between a process and its worker. A room's id has a
number in front here, so that two hosts may open the same room: the one whose host has just lost it, and
the one at its new host.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from itertools import count
from typing import assert_never

import msgspec

from media import messages
from media.messages import AnyCommand, Done, Event, Failed, Figures, WorkerRestarted
from media.relay.client import Relay
from media.relay.link import CommandFailed, RelayUnavailable


class Sharing:
    """Who has rooms in the workers of a relay, whose events must be passed to :meth:`handle`."""

    def __init__(self, relay: Relay, usable: Callable[[], bool]) -> None:
        """``usable`` says whether rooms are worth opening here: not if its workers do not come back."""
        self.relay = relay
        self.usable = usable
        self._numbers = count(1)
        self._shares: dict[str, Share] = {}
        "By what their rooms' ids begin with."

    @property
    def rooms(self) -> int:
        """How many rooms others have here."""
        return sum("/" in room_id for room_id in self.relay.rooms)

    def begin(self, send: Callable[[bytes], None]) -> Share:
        """For one more host. ``send`` takes what is to be sent to it; it must neither raise nor wait."""
        share = Share(self, f"{next(self._numbers)}/", send)
        self._shares[share.prefix] = share
        return share

    async def end(self, share: Share) -> None:
        """The host is gone: close its rooms."""
        self._shares.pop(share.prefix, None)
        await share.close()

    def handle(self, event: Event) -> bool:
        """Whether the event belongs to a room of another host and concerns nobody else."""
        if isinstance(event, WorkerRestarted):
            return False
        number, slash, room_id = event.room_id.partition("/")
        share = self._shares.get(f"{number}/") if slash else None
        if share is not None:
            share.send(messages.encode(msgspec.structs.replace(event, room_id=room_id)))
        return bool(slash)


class Share:
    """The rooms of one host."""

    def __init__(self, sharing: Sharing, prefix: str, send: Callable[[bytes], None]) -> None:
        self.prefix = prefix
        self.send = send
        self._relay = sharing.relay
        self._usable = sharing.usable

    async def execute(self, command: AnyCommand) -> None:
        """Carry a command out and reply; commands that are begun in their order are carried out in it."""
        reply: Done | Failed
        try:
            reply = Done(command.number, await self._carry_out(command))
        except CommandFailed as refusal:
            reply = Failed(command.number, refusal.code, str(refusal))
        except RelayUnavailable:
            reply = Done(command.number)  # it is done when the worker is back
        self.send(messages.encode(reply))

    async def close(self) -> None:
        """Close all its rooms."""
        for room_id in self._relay.rooms:
            if room_id.startswith(self.prefix):
                with contextlib.suppress(CommandFailed, RelayUnavailable):  # ended with its worker
                    await self._relay.close_room(room_id)

    async def _carry_out(self, command: AnyCommand) -> Figures | None:
        if isinstance(command, messages.Ping):
            if not self._usable():
                raise CommandFailed("unavailable", "the workers do not come back")
            return least_used(self._relay.figures)
        if isinstance(command, messages.Readdress):
            raise CommandFailed("not_yours", "the addresses are those of this host")
        await self._pass_on(command, self.prefix + command.room_id)
        return None

    async def _pass_on(self, command: messages.RoomCommand, room_id: str) -> None:
        relay = self._relay
        match command:
            case messages.OpenRoom():
                await relay.open_room(room_id, command.video_codecs)
            case messages.CloseRoom():
                await relay.close_room(room_id)
            case messages.Join():
                await relay.join(room_id, command.peer_id, command.publish, command.automatic)
            case messages.AcceptAnswer():
                await relay.answer(room_id, command.peer_id, command.sdp, command.revision)
            case messages.Publish():
                await relay.publish(room_id, command.peer_id, command.publish)
            case messages.Unpublish():
                await relay.unpublish(room_id, command.peer_id, command.kinds)
            case messages.Subscribe():
                publisher_id, kinds = command.publisher_id, command.kinds
                await relay.subscribe(room_id, command.peer_id, publisher_id, kinds)
            case messages.Unsubscribe():
                publisher_id, kinds = command.publisher_id, command.kinds
                await relay.unsubscribe(room_id, command.peer_id, publisher_id, kinds)
            case messages.Prefer():
                await relay.prefer(
                    room_id, command.peer_id, command.publisher_id, command.kind, command.height
                )
            case messages.Leave():
                await relay.leave(room_id, command.peer_id)
            case messages.Trace():
                await relay.trace(room_id, command.seconds)
            case _:
                assert_never(command)


def least_used(figures: list[Figures]) -> Figures:
    """Those of the worker with the fewest participants, which gets the next room."""
    return min(figures, key=lambda each: each.rooms + each.peers, default=Figures())
