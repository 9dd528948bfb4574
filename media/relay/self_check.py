"""A trial of the relay: do the addresses that it offers lead to it?

The process that started the workers takes part in a room of each and sends what a browser would
send first, a connectivity check (RFC 8445 section 7.2), to every address of the offer. Only an
answer that proves the password counts. What is found holds for this machine alone: behind a
network address translation that does not lead back, an address that others reach is silent here.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import struct
from dataclasses import dataclass
from typing import cast

from aioice import stun

from media.messages import Event, OfferNeeded, WorkerRestarted
from media.relay.client import CommandFailed, Relay, RelayUnavailable
from media.transport.ice import Credentials

ANSWER_SECONDS = 2.0
"An answer of this very machine takes some milliseconds; the check is sent three times meanwhile."
OFFER_SECONDS = 5.0
"A worker that makes no offer within this time hangs, which others notice."
_ROOMS = "self-check:"
_PEER = "self-check"

Address = tuple[str, int]
"IP address and UDP port."


@dataclass(frozen=True)
class Outcome:
    """The offered addresses, all with the ports of the workers that could be asked."""

    answered: tuple[Address, ...] = ()
    silent: tuple[Address, ...] = ()


class SelfCheck:
    """Tries one relay; what that says has to be shown to :meth:`hear`."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._offers: dict[str, asyncio.Future[str]] = {}

    def handle(self, event: Event) -> bool:
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
        found = {address: reached for one in tries for address, reached in one.result().items()}
        return Outcome(
            tuple(address for address, reached in found.items() if reached),
            tuple(address for address, reached in found.items() if not reached),
        )

    async def _try(self, index: int) -> dict[Address, bool]:
        """Offered address -> whether this worker answered there."""
        room_id = f"{_ROOMS}{index}"
        offer = self._offers[room_id] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(OFFER_SECONDS):
                await self._relay.open_room(room_id, worker=index)
                await self._relay.join(room_id, _PEER, ())
                credentials, addresses = offered(await offer)
            reached = await asyncio.gather(
                *(answers(address, credentials) for address in addresses)
            )
            return dict(zip(addresses, reached, strict=True))
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


def offered(offer: str) -> tuple[Credentials, list[Address]]:
    """The ICE credentials and candidate addresses of an offer of ours, each address once.

    All its m= sections share one transport (RFC 9143), so the first of each line counts. Not read
    by aiortc, which would load a media library of 40 MB into the process that has no media.
    """
    ufrag = re.search(r"^a=ice-ufrag:(\S+)", offer, re.MULTILINE)
    password = re.search(r"^a=ice-pwd:(\S+)", offer, re.MULTILINE)
    assert ufrag is not None and password is not None
    candidates = re.findall(r"^a=candidate:\S+ 1 udp \d+ (\S+) (\d+) ", offer, re.MULTILINE)
    addresses = dict.fromkeys((host, int(port)) for host, port in candidates)
    return Credentials(ufrag[1], password[1]), list(addresses)


async def answers(
    address: Address, credentials: Credentials, seconds: float = ANSWER_SECONDS
) -> bool:
    """Whether whoever knows the password of this connection answers there."""
    check = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    check.attributes["USERNAME"] = f"{credentials.ufrag}:{_PEER}"
    check.attributes["PRIORITY"] = 1
    check.attributes["ICE-CONTROLLING"] = secrets.randbits(64)
    key = credentials.password.encode()
    check.add_message_integrity(key)
    try:
        transport, asker = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Asker(check, address, key), remote_addr=address
        )
    except OSError:  # no way there at all
        return False
    try:
        async with asyncio.timeout(seconds):
            await asker.transaction.run()
    except (TimeoutError, stun.TransactionError):
        return False
    finally:
        transport.close()
    return True


class _Asker(asyncio.DatagramProtocol):
    """Carries one transaction. An ICMP error is no answer, and no end either."""

    transport: asyncio.DatagramTransport

    def __init__(self, check: stun.Message, address: Address, key: bytes) -> None:
        self._id = check.transaction_id
        self.transaction = stun.Transaction(check, address, self, integrity_key=key)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def send_stun(self, message: stun.Message, addr: Address) -> None:
        self.transport.sendto(bytes(message))

    def datagram_received(self, data: bytes, addr: Address) -> None:
        try:
            message = stun.parse_message(data)
            if message.message_class is stun.Class.RESPONSE and message.transaction_id == self._id:
                self.transaction.response_received(message, addr)
        except (ValueError, struct.error, IndexError):
            pass  # what nobody of ours has sent
