"""A trial of the relay: do the addresses that it offers lead to it?

The process that started the workers takes part in a room of each and sends what a browser would
send first, a connectivity check (RFC 8445 section 7.2), to every address of the offer. Only an
answer that proves the password counts. What is found holds for this machine alone: behind a
network address translation that does not lead back, an address that others reach is silent here.
"""

from __future__ import annotations

import asyncio
import secrets
import struct
from dataclasses import dataclass

from aioice import stun

from .client import CommandFailed, Relay, RelayUnavailable
from .ice import Credentials
from .messages import Event, OfferNeeded, WorkerRestarted

ANSWER_SECONDS = 2.0
"An answer of this very machine takes some milliseconds."
SENT_AFTER = (0.0, 0.3, 0.9)
"Seconds after which the check is sent (again); a datagram may get lost."
OFFER_SECONDS = 5.0
"A worker that makes no offer within this time hangs, which others notice."
_ROOMS = "trial:"
_PEER = "trial"

Place = tuple[str, int]
"IP address and UDP port."


@dataclass(frozen=True)
class Outcome:
    """The offered addresses, all with the ports of the workers that could be asked."""

    answered: tuple[Place, ...] = ()
    silent: tuple[Place, ...] = ()


class Trial:
    """Tries one relay; what that says has to be shown to :meth:`hear`."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._offers: dict[str, asyncio.Future[str]] = {}

    def hear(self, event: Event) -> bool:
        """Whether the event belongs to a trial, and is nothing to anybody else."""
        if isinstance(event, WorkerRestarted) or not event.room_id.startswith(_ROOMS):
            return False
        offer = self._offers.get(event.room_id)
        if isinstance(event, OfferNeeded) and offer is not None and not offer.done():
            offer.set_result(event.sdp)
        return True

    async def run(self) -> Outcome:
        """Try every worker. One that is being brought back is left out. Not twice at once."""
        async with asyncio.TaskGroup() as group:
            tries = [
                group.create_task(self._try(index)) for index in range(self._relay.settings.workers)
            ]
        found = {place: reached for one in tries for place, reached in one.result().items()}
        return Outcome(
            tuple(place for place, reached in found.items() if reached),
            tuple(place for place, reached in found.items() if not reached),
        )

    async def _try(self, index: int) -> dict[Place, bool]:
        """Offered address -> whether this worker answered there."""
        room_id = f"{_ROOMS}{index}"
        offer = self._offers[room_id] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(OFFER_SECONDS):
                await self._relay.open_room(room_id, worker=index)
                await self._relay.join(room_id, _PEER, ())
                credentials, places = offered(await offer)
            reached = await asyncio.gather(*(answers(place, credentials) for place in places))
            return dict(zip(places, reached, strict=True))
        except (CommandFailed, RelayUnavailable, TimeoutError):
            return {}
        finally:
            del self._offers[room_id]
            await self._close(room_id)

    async def _close(self, room_id: str) -> None:
        try:
            async with asyncio.timeout(OFFER_SECONDS):
                await self._relay.close_room(room_id)
        except (CommandFailed, RelayUnavailable, TimeoutError):
            pass  # it went with its worker


def offered(sdp: str) -> tuple[Credentials, list[Place]]:
    """What an offer of ours says of the way to the relay."""
    said: dict[str, str] = {}
    places: dict[Place, None] = {}
    for line in sdp.splitlines():
        name, _, value = line.partition(":")
        if name == "a=candidate":
            # RFC 8839 section 5.1: foundation, component, transport, priority, address, port.
            _, _, _, _, host, port, *_ = value.split()
            places[host, int(port)] = None
        else:
            said.setdefault(name, value)
    return Credentials(said["a=ice-ufrag"], said["a=ice-pwd"]), list(places)


async def answers(place: Place, credentials: Credentials, seconds: float = ANSWER_SECONDS) -> bool:
    """Whether whoever knows the password of this connection answers there."""
    check = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    check.attributes["USERNAME"] = f"{credentials.fragment}:{_PEER}"
    check.attributes["PRIORITY"] = 1
    check.attributes["ICE-CONTROLLING"] = secrets.randbits(64)
    check.add_message_integrity(credentials.password.encode())
    loop = asyncio.get_running_loop()
    answered = asyncio.Event()
    try:
        transport, _ = await loop.create_datagram_endpoint(
            lambda: _Ear(check.transaction_id, credentials, answered), remote_addr=place
        )
    except OSError:  # no way there at all
        return False
    data = bytes(check)
    repeats = [loop.call_later(after, transport.sendto, data) for after in SENT_AFTER]
    try:
        async with asyncio.timeout(seconds):
            await answered.wait()
    except TimeoutError:
        return False
    finally:
        for repeat in repeats:
            repeat.cancel()
        transport.close()
    return True


class _Ear(asyncio.DatagramProtocol):
    """Listens for the answer to one check. An ICMP error is no answer, and no end either."""

    def __init__(
        self, transaction_id: bytes, credentials: Credentials, answered: asyncio.Event
    ) -> None:
        self._transaction_id = transaction_id
        self._credentials = credentials
        self._answered = answered

    def datagram_received(self, data: bytes, addr: object) -> None:
        try:
            message = stun.parse_message(data)
            proven = (
                message.message_class is stun.Class.RESPONSE
                and message.transaction_id == self._transaction_id
                and message.check_message_integrity(self._credentials.password.encode())
            )
        except (ValueError, struct.error, IndexError):
            return
        if proven:
            self._answered.set()
