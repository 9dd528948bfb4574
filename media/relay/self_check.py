"""A self-check of the relay: is it reachable at the addresses that it offers?

The process that started the workers joins a room of each and sends what a browser would send first,
a connectivity check (RFC 8445 section 7.2), to every address of the offer. Only a response that
proves the password counts. The result holds for this machine alone: behind a NAT without
hairpinning, an address that others reach is silent here.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import struct
from dataclasses import dataclass
from typing import Literal, cast, get_args

from aioice import stun

from media.messages import Event, OfferNeeded, WorkerRestarted
from media.relay.client import CommandFailed, Relay, RelayUnavailable
from media.transport.framing import framed
from media.transport.ice import Credentials

ANSWER_SECONDS = 2.0
"Seconds; this very machine responds within milliseconds. The check is sent three times meanwhile."
OFFER_SECONDS = 5.0
"Seconds; a worker that makes no offer within them hangs, which is noticed elsewhere."
_ROOMS = "self-check:"
_PEER = "self-check"

Address = tuple[str, int]
"IP address and port."


Transport = Literal["udp", "tcp"]


@dataclass(frozen=True)
class _Candidate:
    """An address of an offer, and what came of asking there."""

    by: Transport
    address: Address
    reached: bool


@dataclass(frozen=True)
class Outcome:
    """The offered addresses, with the ports of all workers that could be checked."""

    answered: tuple[Address, ...] = ()
    silent: tuple[Address, ...] = ()
    tcp_answered: tuple[Address, ...] = ()
    tcp_silent: tuple[Address, ...] = ()


class SelfCheck:
    """Checks one relay, whose events must be passed to :meth:`handle`."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._offers: dict[str, asyncio.Future[str]] = {}

    def handle(self, event: Event) -> bool:
        """Whether the event belongs to a self-check and concerns nobody else."""
        if isinstance(event, WorkerRestarted) or not event.room_id.startswith(_ROOMS):
            return False
        offer = self._offers.get(event.room_id)
        if isinstance(event, OfferNeeded) and offer is not None and not offer.done():
            offer.set_result(event.sdp)
        return True

    async def run(self) -> Outcome:
        """Check every worker; one that is being restarted is left out. Not twice at once."""
        async with asyncio.TaskGroup() as group:
            checks = [
                group.create_task(self._check(index))
                for index in range(self._relay.settings.workers)
            ]
        found = [each for check in checks for each in check.result()]

        def those(by: Transport, reached: bool) -> tuple[Address, ...]:
            return tuple(
                each.address for each in found if each.by == by and each.reached is reached
            )

        return Outcome(
            those("udp", True), those("udp", False), those("tcp", True), those("tcp", False)
        )

    async def _check(self, index: int) -> list[_Candidate]:
        """The addresses that this worker offers, and whether it responded there."""
        room_id = f"{_ROOMS}{index}"
        offer = self._offers[room_id] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(OFFER_SECONDS):
                await self._relay.open_room(room_id, worker=index)
                await self._relay.join(room_id, _PEER, ())
                text = await offer
            asked = [
                (by, address) for by in get_args(Transport) for address in offered(text, by)[1]
            ]
            reached = await asyncio.gather(
                *(
                    (answers if by == "udp" else answers_by_tcp)(address, offered(text, by)[0])
                    for by, address in asked
                )
            )
            return [_Candidate(*one, each) for one, each in zip(asked, reached, strict=True)]
        except (CommandFailed, RelayUnavailable, TimeoutError):
            return []
        finally:
            del self._offers[room_id]
            await self._close(room_id)

    async def _close(self, room_id: str) -> None:
        try:
            async with asyncio.timeout(OFFER_SECONDS):
                await self._relay.close_room(room_id)
        except (CommandFailed, RelayUnavailable, TimeoutError):
            pass  # it ended with its worker


def offered(offer: str, by: Transport = "udp") -> tuple[Credentials, list[Address]]:
    """The ICE credentials and candidate addresses of an offer of ours, each address once.

    All its m= sections share one transport (RFC 9143), so the first of each line counts. Not read
    by aiortc, which would load a media library of 40 MB into the process that has no media.
    """
    ufrag = re.search(r"^a=ice-ufrag:(\S+)", offer, re.MULTILINE)
    password = re.search(r"^a=ice-pwd:(\S+)", offer, re.MULTILINE)
    if ufrag is None or password is None:
        raise ValueError("the offer has no ICE credentials")
    candidates = re.findall(rf"^a=candidate:\S+ 1 {by} \d+ (\S+) (\d+) ", offer, re.MULTILINE)
    addresses = dict.fromkeys((host, int(port)) for host, port in candidates)
    return Credentials(ufrag[1], password[1]), list(addresses)


async def answers(
    address: Address, credentials: Credentials, seconds: float = ANSWER_SECONDS
) -> bool:
    """Whether the relay responds at an address, proving the password of this connection."""
    key = credentials.password.encode()
    check = _check_of(credentials)
    try:
        transport, asker = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Asker(check, address, key), remote_addr=address
        )
    except OSError:  # no route at all
        return False
    try:
        async with asyncio.timeout(seconds):
            await asker.transaction.run()
    except (TimeoutError, stun.TransactionError):
        return False
    finally:
        transport.close()
    return True


async def answers_by_tcp(
    address: Address, credentials: Credentials, seconds: float = ANSWER_SECONDS
) -> bool:
    """The same by TCP (RFC 6544)."""
    check = _check_of(credentials)
    writer: asyncio.StreamWriter | None = None
    try:
        async with asyncio.timeout(seconds):
            reader, writer = await asyncio.open_connection(*address)
            writer.write(framed(bytes(check)))
            size = int.from_bytes(await reader.readexactly(2))
            data = await reader.readexactly(size)
        message = stun.parse_message(data)
    except (OSError, EOFError, TimeoutError, ValueError, LookupError, struct.error):
        return False
    finally:
        if writer is not None:
            writer.close()
    return (
        message.message_class is stun.Class.RESPONSE
        and message.transaction_id == check.transaction_id
        and message.check_message_integrity(credentials.password.encode())
    )


def _check_of(credentials: Credentials) -> stun.Message:
    """A connectivity check as a browser sends it (RFC 8445 section 7.2.2)."""
    check = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    check.attributes["USERNAME"] = f"{credentials.ufrag}:{_PEER}"
    check.attributes["PRIORITY"] = 1
    check.attributes["ICE-CONTROLLING"] = secrets.randbits(64)
    check.add_message_integrity(credentials.password.encode())
    return check


class _Asker(asyncio.DatagramProtocol):
    """Carries one STUN transaction. An ICMP error neither answers nor ends it."""

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
            pass  # not from a worker of ours
