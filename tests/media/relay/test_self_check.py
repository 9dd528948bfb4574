"""The self-check finds which offered addresses reach the relay, and disturbs nobody."""

import asyncio
from collections.abc import Callable
from typing import cast

from aioice import stun

from media.messages import Event
from media.relay.client import Relay, RelaySettings
from media.relay.self_check import Outcome, SelfCheck, answers
from media.transport import ice
from media.transport.ice import Credentials

NOWHERE = "192.0.2.1"
"Of TEST-NET-1 (RFC 5737): nobody's."
OURS = Credentials("ourfragment", "p" * 32)


async def tried(settings: RelaySettings) -> tuple[Outcome, list[int], list[Event]]:
    """The outcome of a check, the ports of the workers, and the events that others got."""
    others: list[Event] = []

    def receive(event: Event) -> None:
        if not check.handle(event):
            others.append(event)

    relay = Relay(settings, receive)
    check = SelfCheck(relay)
    await relay.start()
    try:
        outcome = await check.run()
        assert await check.run() == outcome, "a check leaves nothing that prevents another"
        # A room of the same name would be refused if the check had left its own.
        for index in range(settings.workers):
            await relay.open_room(f"self-check:{index}", worker=index)
        return outcome, relay.ports, others
    finally:
        await relay.stop()


async def test_every_worker_answers_at_an_address_of_this_machine() -> None:
    outcome, ports, others = await tried(RelaySettings(addresses=("127.0.0.1",), workers=2))
    assert outcome.answered == tuple(("127.0.0.1", port) for port in ports)
    assert outcome.silent == ()
    assert others == []


async def test_nobody_answers_at_an_address_of_another_machine() -> None:
    settings = RelaySettings(addresses=(NOWHERE,), hosts=("127.0.0.1",))
    outcome, (port,), others = await tried(settings)
    nowhere = ((NOWHERE, port),)
    assert outcome == Outcome(silent=nowhere, tcp_silent=nowhere)
    assert others == []


async def test_one_right_address_is_told_from_a_wrong_one() -> None:
    settings = RelaySettings(addresses=(NOWHERE, "127.0.0.1"), hosts=("127.0.0.1",))
    outcome, (port,), _ = await tried(settings)
    here, nowhere = (("127.0.0.1", port),), ((NOWHERE, port),)
    assert outcome == Outcome(here, nowhere, here, nowhere)


class Stranger(asyncio.DatagramProtocol):
    """Responds to every check in its own way."""

    def __init__(self, answer: Callable[[bytes], bytes]) -> None:
        self.answer = answer
        self.asked = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.asked += 1
        self.transport.sendto(self.answer(data), addr)


async def is_believed(answer: Callable[[bytes], bytes], seconds: float = 0.5) -> bool:
    stranger = Stranger(answer)
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: stranger, local_addr=("127.0.0.1", 0)
    )
    place = transport.get_extra_info("sockname")
    try:
        return await answers(place, OURS, seconds)
    finally:
        assert stranger.asked
        transport.close()


def response(data: bytes, password: str = OURS.password) -> bytes:
    check = ice.verify(data, OURS)
    assert check is not None
    return ice.respond(check, Credentials(OURS.ufrag, password), ("127.0.0.1", 9))


def unproven(data: bytes) -> bytes:
    message = stun.Message(
        stun.Method.BINDING, stun.Class.RESPONSE, stun.parse_message(data).transaction_id
    )
    return bytes(message)


async def test_only_an_answer_that_proves_the_password_is_believed() -> None:
    assert await is_believed(response, seconds=10)
    assert not await is_believed(lambda data: response(data, password="guess" * 6))
    assert not await is_believed(unproven)
    assert not await is_believed(lambda data: data)
    assert not await is_believed(lambda data: b"\x01\x01 not a message at all")
    assert not await is_believed(lambda data: response(data)[:40])
    assert not await is_believed(lambda data: response(data)[:8] + bytes(12) + response(data)[20:])


async def test_a_check_that_gets_lost_is_sent_again() -> None:
    seen: list[bytes] = []

    def late(data: bytes) -> bytes:
        seen.append(data)
        return response(data) if len(seen) == 2 else b""

    assert await is_believed(late, seconds=10)
    assert seen[0] == seen[1]
