"""Attacks by WebSocket: malformed, odd, too many or unread messages, and rooms of others."""

import asyncio
import contextlib
import json
import logging
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from signaling.errors import InvalidMessage
from signaling.wire import client_messages as client
from tests.people import PATIENCE, Person, Refused, Wire, an_id, consultation_of
from tests.system.attacking import Target, nothing_is_told, target
from tests.web.calling import Page, started_session
from web.connections.http_server import CONNECTIONS, claim_descriptors
from web.connections.sockets import BURST

SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"


@pytest.fixture
async def prey(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Target]:
    caplog.set_level(logging.INFO)
    async with target(tmp_path) as made:
        yield made
        nothing_is_told(caplog, made.secrets)


def well_formed(chance: random.Random, peers: list[str], calls: list[str]) -> dict[str, Any]:
    """A random well-formed message, perhaps at the wrong moment or about the wrong object."""
    someone = chance.choice([*peers, "nobody-01"])
    call = chance.choice([*calls[-2:], "no-such-call"])
    command = chance.choice(["command-x1", "command-x2", an_id("odd")])
    return chance.choice(
        [
            {"type": "ping"},
            {"type": "chat_send", "id": command, "text": chance.choice(["a", "\u202e", "x" * 400])},
            {"type": "seen", "position": chance.choice([1, 2, 10**9])},
            {"type": "start_consultation", "id": command},
            {"type": "terminate_consultation", "id": command, "choice": "keep_open"},
            {"type": "resume_consultation", "id": command},
            {"type": "call_start", "id": command, "media": chance.choice(["audio", "video"])},
            {"type": "call_accept", "id": command, "call_id": call},
            {"type": "call_decline", "id": command, "call_id": call},
            {"type": "call_leave", "id": command, "call_id": call},
            {
                "type": "send_description",
                "to": someone,
                "description": {"kind": chance.choice(["offer", "answer"]), "sdp": SDP},
            },
            {
                "type": "send_candidate",
                "to": someone,
                "candidate": {"candidate": chance.choice(["", "candidate:x"]), "sdp_mid": "0"},
            },
            {"type": "relay_answer", "revision": chance.choice([0, 1, 10**6]), "sdp": SDP},
            {
                "type": "path_ready",
                "topology": chance.choice(["mesh", "forwarded"]),
                "peers": [someone] * chance.randrange(3),
            },
            {"type": "path_failed", "to": someone},
            {"type": "path_failed"},
            {"type": "tile_shown", "peer_id": someone, "kind": "video", "height": 180},
            {"type": "set_quality", "quality": chance.choice(["good", "poor"])},
        ]
    )


def understood(frame: str) -> bool:
    try:
        client.decode(frame)
    except InvalidMessage:
        return False
    return True


def malformed(chance: random.Random) -> str:
    """A well-formed message, damaged at random."""
    while True:
        message = well_formed(chance, [], [])
        text = json.dumps(message)
        name = chance.choice(sorted(message))
        damaged = [
            text[: chance.randrange(len(text))],
            text.replace(chance.choice(text), chance.choice('{}[]",:\\\0\u202e')),
            json.dumps(
                {**message, name: chance.choice([None, -1, [], {}, 1e300, True, "x" * 9000])}
            ),
            json.dumps({**message, "extra": 1}),
            json.dumps([message]),
            json.dumps({key: value for key, value in message.items() if key != name}),
            text * 2,
            "[" * chance.randrange(1, 3000),
        ]
        frame = chance.choice(damaged)
        if not understood(frame):
            return frame


@pytest.mark.parametrize("count", [60, pytest.param(3_000, marks=pytest.mark.soak)])
async def test_malformed_messages_end_the_conversation_and_nothing_else(
    prey: Target, count: int
) -> None:
    chance = random.Random(count)
    for _ in range(count):
        wire = await prey.zubaida.enter(invite_id=prey.seat, peer_id="zubaida-page")
        frame = malformed(chance)
        await wire.ws.send_str(frame)
        assert (await wire.until("error"))["code"] == "invalid_message", frame
        assert await wire.end() == 4400
    assert await (await prey.zubaida.enter(invite_id=prey.seat)).say("still here")


class Attacker:
    """Somebody in the call who sends random messages and rejoins all the time."""

    def __init__(self, number: int, page: Page) -> None:
        self.chance = random.Random(number)
        self.page = page
        self.said = 0

    async def speak(self, count: int, calls: list[str], peers: list[str]) -> None:
        while self.said < count:
            wire = await self.page.person.enter(peer_id=self.page.peer_id, **self.page.seat)
            reading = asyncio.create_task(self._read(wire, calls))
            with contextlib.suppress(ConnectionError):
                for _ in range(min(BURST - 10, count - self.said)):
                    await wire.ws.send_str(json.dumps(well_formed(self.chance, peers, calls)))
                    self.said += 1
                    if self.chance.random() < 0.05:
                        await asyncio.sleep(0)
            await wire.ws.close()
            await reading

    async def _read(self, wire: Wire, calls: list[str]) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                frame = await wire.frame()
                wire.frames.clear()
                if frame["type"] == "call_changed":
                    calls.append(frame["call"]["call_id"])
                assert frame.get("code") not in ("error", "invalid_message"), frame


@pytest.mark.parametrize("count", [300, pytest.param(8_150, marks=pytest.mark.soak)])
async def test_odd_messages_of_three_people_in_a_call_are_no_error(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, count: int
) -> None:
    """Three times `count` of them."""
    caplog.set_level(logging.INFO)
    async with started_session(tmp_path, "paul") as made:
        await made.pair()
        await made.come("paul")
        pages = list(made.pages.values())
        calls = [made.pages["nurse"].of("call_changed")[0]["call"]["call_id"]]
        for page in pages:
            await page.close()
        peers = [page.peer_id for page in pages]
        people = [Attacker(number, page) for number, page in enumerate(pages)]
        await asyncio.gather(*(person.speak(count, calls, peers) for person in people))
        assert len(calls) > 1
        assert (await pages[0].person.get("/readyz")).status == 200
    nothing_is_told(caplog, ["amina@example.org", "paul@example.org", "127.0.0.1"])


@pytest.mark.parametrize("count", [1_000, pytest.param(10_000, marks=pytest.mark.soak)])
async def test_a_flood_without_reading_is_cut_off(prey: Target, count: int) -> None:
    wire = await prey.zubaida.enter(invite_id=prey.seat)
    with contextlib.suppress(ConnectionError):
        for number in range(count):
            await wire.send("chat_send", id=f"message-{number:05}", text="flood")
    assert await wire.end() in (4429, 1006)
    assert sum(frame["type"] == "ack" for frame in wire.frames) < count


@pytest.mark.parametrize("count", [20, pytest.param(175, marks=pytest.mark.soak)])
async def test_nobody_waits_for_a_reader_that_does_not_read(prey: Target, count: int) -> None:
    """Twice `count` messages of 3,900 characters."""
    room = {"consultation_id": prey.consultation_id}
    asleep = await prey.nurse.enter(**room)
    assert asleep.ws._response.connection is not None
    transport = asleep.ws._response.connection.transport
    assert transport is not None
    transport.pause_reading()  # type: ignore[attr-defined]
    desk = await prey.nurse.enter(**room)
    amina = await prey.zubaida.enter(invite_id=prey.seat)
    async with asyncio.timeout(PATIENCE * 2):
        for number in range(count):
            await asyncio.gather(amina.say(f"{number}" + "x" * 3890), desk.say("y" * 3900))


@pytest.mark.parametrize("count", [200, pytest.param(1_500, marks=pytest.mark.soak)])
async def test_sockets_of_strangers_keep_nobody_of_their_network_out(
    prey: Target, count: int
) -> None:
    """They send nothing; the one who enters after them shares their address."""
    claim_descriptors()
    network = {"X-Forwarded-For": "192.0.2.66"}
    many = aiohttp.TCPConnector(limit=0)
    async with (
        aiohttp.ClientSession(prey.nurse.url, headers=network, connector=many) as strangers,
        Person(prey.server, **network) as phone,
    ):
        seat = await phone.join(prey.link)
        for _ in range(count // 50):
            await asyncio.gather(*(strangers.ws_connect("/socket") for _ in range(50)))
        connections = prey.server.app[CONNECTIONS].connections
        here = sum(connection.network == "192.0.2.66" for connection in connections)
        assert 0 < here <= connections.network_capacity_for_waiting
        amina = await phone.enter(invite_id=seat)
        assert await amina.say("I am in")


async def test_no_socket_opens_a_room_of_others(prey: Target) -> None:
    """Everybody tries every room: only its own people get in."""
    await prey.server.account("other@example.org", "Nurse Other")
    async with Person(prey.server) as other, Person(prey.server) as guest:
        await other.sign_in("other@example.org")
        seat = await guest.join(await other.invite("Somebody"))
        wire = await guest.enter(invite_id=seat)
        room = await consultation_of(wire)
        doors = [
            {"consultation_id": prey.consultation_id},
            {"consultation_id": room},
            {"invite_id": prey.seat},
            {"invite_id": seat},
            {"invite_id": prey.seat, "consultation_id": room},
            {"invite_id": seat, "consultation_id": prey.consultation_id},
        ]
        rightful = {
            (id(prey.nurse), 0), (id(other), 1), (id(prey.zubaida), 2), (id(guest), 3),
        }  # fmt: skip
        tries = 0
        for person in [prey.nurse, other, prey.zubaida, guest, prey.stranger, prey.boss]:
            for number, door in enumerate(doors):
                if (id(person), number) in rightful:
                    continue
                tries += 1
                with pytest.raises(Refused, match=r"not_found|sign_in_required"):
                    await person.enter(**door)
        assert tries >= 24
