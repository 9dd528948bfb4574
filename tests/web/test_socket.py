"""`/socket` on a real server: what is refused, what is resumed, how it ends."""

import asyncio
import json
import re
import socket as sockets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from signaling.wire import messages as wire_messages
from tests.people import Person, Refused, Visit, Wire, consultation_of, outbox, visiting
from tests.serving import Server, serving
from web import socket as module
from web.connections import sockets as connection
from web.connections.sockets import BURST
from web.keys import ROOMS


@pytest.fixture
async def visit(server: Server) -> AsyncIterator[Visit]:
    """Nurse and Amina in one started session."""
    async with visiting(server) as visit:
        await visit.desk.command("start_consultation")
        yield visit


@pytest.fixture(scope="module")
async def standing(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Visit]:
    """The same for all tests of what is refused and changes nothing: each opens a socket of its own."""
    async with serving(tmp_path_factory.mktemp("standing")) as server:
        await server.account()
        async with visiting(server) as visit:
            await visit.desk.command("start_consultation")
            yield visit


def chat_of(wire: Wire) -> list[str]:
    """Ids of the chat messages that a page has received, in order."""
    known: list[str] = []
    for frame in wire.frames:
        if frame["type"] == "snapshot":
            known = [line["id"] for line in frame["chat"] if line["kind"] == "text"]
        elif frame["type"] == "chat_added" and frame["message"]["kind"] == "text":
            known.append(frame["message"]["id"])
    return known


@pytest.mark.parametrize(
    "frame",
    ["", "nonsense", "[]", '{"type":"nothing"}', '{"type":"chat_send","id":"x","text":"y"}',
     '{"type":"ping","extra":1}', '{"type":"hello","version":1}', "{" * 3000],
)  # fmt: skip
async def test_a_malformed_message_ends_the_conversation(standing: Visit, frame: str) -> None:
    wire = await standing.phone.enter(invite_id=standing.seat)
    await wire.ws.send_str(frame)
    assert (await wire.until("error"))["code"] == "invalid_message"
    assert await wire.end() == 4400


async def test_a_binary_message_ends_the_conversation(visit: Visit) -> None:
    await visit.amina.ws.send_bytes(b'{"type":"ping"}')
    assert await visit.amina.end() == 4400


async def test_an_oversized_message_ends_the_conversation(visit: Visit) -> None:
    await visit.amina.ws.send_str("x" * (wire_messages.MAX_FRAME_BYTES + 1))
    assert await visit.amina.end() == 1009


@pytest.mark.parametrize(
    "frame",
    ['{"type":"ping"}', '{"type":"chat_send","id":"command-1","text":"x"}',
     '{"type":"hello","version":1,"stream":"lobby","peer_id":"peer-0001"}',
     '{"type":"hello","version":2,"stream":"room","peer_id":"../../x"}'],
)  # fmt: skip
async def test_nobody_is_heard_before_a_right_hello(standing: Visit, frame: str) -> None:
    wire = await standing.nurse.connect()
    await wire.ws.send_str(frame)
    assert (await wire.frame())["code"] == "invalid_message"
    assert await wire.end() == 4400


@pytest.mark.parametrize(
    "hello",
    ["", "nonsense", '{"type":"ping"}', '{"type":"hello","version":1,"stream":"lobby","peer_id":"peer-0001"}',
     '{"type":"hello","version":3,"stream":"room","peer_id":"../../x"}', "\ud800", "{" * 1000],
)  # fmt: skip
async def test_a_hello_in_the_address_is_refused_as_one_in_a_message(
    standing: Visit, hello: str
) -> None:
    wire = await standing.nurse.connect(hello)
    assert (await wire.frame())["code"] == "invalid_message"
    assert await wire.end() == 4400


async def test_a_right_one_is_answered_at_once_and_is_the_only_one(visit: Visit) -> None:
    hello = {"type": "hello", "version": wire_messages.PROTOCOL_VERSION, "stream": "room",
             "peer_id": "peer-0001", "invite_id": visit.seat}  # fmt: skip
    wire = await visit.phone.connect(json.dumps(hello))
    assert (await wire.frame())["type"] == "welcome"
    assert (await wire.frame())["type"] == "snapshot"
    await wire.ws.send_str(json.dumps(hello))
    assert (await wire.until("error"))["code"] == "invalid_message"


async def test_the_address_of_somebodys_socket_opens_nothing_for_another_browser(
    server: Server, visit: Visit
) -> None:
    hello = {"type": "hello", "version": wire_messages.PROTOCOL_VERSION, "stream": "room",
             "peer_id": "peer-0001", "invite_id": visit.seat}  # fmt: skip
    async with Person(server) as stranger:
        wire = await stranger.connect(json.dumps(hello))
        assert (await wire.frame())["code"] == "not_found"
        assert await wire.end() == 4404
        foreign = await stranger.connect(json.dumps(hello | {"consultation_id": "another-room"}))
        assert (await foreign.frame())["code"] == "not_found"
    assert (await visit.amina.command("chat_send", text="still here"))["type"] == "ack"


async def test_without_signing_in_there_is_no_lobby_and_no_room(
    server: Server, visit: Visit
) -> None:
    async with Person(server) as stranger:
        for room in ({"stream": "lobby"},
                     {"stream": "room", "consultation_id": visit.consultation_id}):  # fmt: skip
            wire = await stranger.connect()
            await wire.send(
                "hello", version=wire_messages.PROTOCOL_VERSION, peer_id="peer-0001", **room
            )
            assert (await wire.frame())["code"] == "sign_in_required"
            assert await wire.end() == 4401
        wire = await stranger.connect()
        await wire.send(
            "hello",
            version=wire_messages.PROTOCOL_VERSION,
            stream="room",
            peer_id="peer-0001",
            invite_id=visit.seat,
        )
        assert (await wire.frame())["code"] == "not_found"


async def test_a_seat_opens_its_own_room_only(visit: Visit) -> None:
    wire = await visit.phone.connect()
    await wire.send("hello", version=wire_messages.PROTOCOL_VERSION, stream="room", peer_id="peer-0001",
                    invite_id=visit.seat, consultation_id="another-room")  # fmt: skip
    assert (await wire.frame())["code"] == "not_found"


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"},
     {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"}],
)  # fmt: skip
async def test_another_sites_page_cannot_open_a_socket(
    standing: Visit, headers: dict[str, str]
) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await standing.nurse.connect(**headers)
    assert refused.value.status == 403


async def test_what_only_the_scheduler_may_do_is_refused_to_others(visit: Visit) -> None:
    for kind, members in (
        ("terminate_consultation", {"choice": "close"}),
        ("start_consultation", {}),
        ("resume_consultation", {}),
    ):
        with pytest.raises(Refused, match="not_allowed"):
            await visit.amina.command(kind, **members)


async def test_nobody_starts_a_session_alone(server: Server) -> None:
    async with Person(server) as nurse, Person(server) as phone:
        await nurse.sign_in()
        seat = await phone.join(await nurse.invite())
        amina = await phone.enter(invite_id=seat)
        desk = await nurse.enter(consultation_id=await consultation_of(amina))
        await amina.ws.close()
        while True:
            frame = await desk.until("participant_changed")
            if not frame["participant"]["online"]:
                break
        with pytest.raises(Refused, match="nobody_there"):
            await desk.command("start_consultation")


async def test_a_command_sent_again_is_done_once_and_acknowledged_again(
    visit: Visit,
) -> None:
    first = await visit.amina.say("Good morning", "message-0001")
    assert await visit.amina.say("Good morning", "message-0001") == first
    await visit.desk.say("last", "message-0002")
    while "message-0002" not in chat_of(visit.amina):
        await visit.amina.frame()
    assert chat_of(visit.amina) == ["message-0001", "message-0002"]


async def test_an_identifier_cannot_be_taken_over_by_somebody_else(visit: Visit) -> None:
    await visit.amina.say("Good morning", "message-0001")
    with pytest.raises(Refused, match="conflict"):
        await visit.desk.say("Good evening", "message-0001")


async def test_a_message_whose_acknowledgement_was_lost_is_acknowledged_after_the_end(
    visit: Visit,
) -> None:
    first = await visit.desk.say("Goodbye", "message-0001")
    await visit.desk.command("terminate_consultation", choice="close", id="command-close")
    assert await visit.desk.say("Goodbye", "message-0001") == first
    assert await visit.desk.command("terminate_consultation", choice="close", id="command-close")
    with pytest.raises(Refused, match="conflict"):
        await visit.desk.say("One more thing")


@pytest.mark.parametrize("text", ["", "   ", "\u200b", "x" * 4001])
async def test_empty_or_overlong_chat_is_refused_and_the_conversation_goes_on(
    standing: Visit, text: str
) -> None:
    wire = await standing.phone.enter(invite_id=standing.seat)
    with pytest.raises(Refused, match="invalid_input"):
        await wire.say(text)
    assert await wire.say("still here")


async def test_negotiation_with_somebody_outside_of_the_call_is_refused(
    visit: Visit,
) -> None:
    await visit.amina.send(
        "send_description", to="nurse-page", description={"kind": "offer", "sdp": "v=0"}
    )
    assert (await visit.amina.until("error"))["code"] == "not_found"


@pytest.mark.parametrize(
    "description",
    [
        {"kind": "offer", "sdp": "v=0", "revision": 7},
        {"kind": "answer", "sdp": "v=0", "revision": 7},
        {"kind": "needed", "sdp": ""},
        {"kind": "restart", "sdp": ""},
    ],
)
async def test_a_description_reaches_the_other_peer_of_the_call(
    visit: Visit, description: dict[str, Any]
) -> None:
    await visit.desk.command("call_start", id="call-000001", media="audio")
    await visit.amina.command("call_accept", call_id="call-000001")
    await visit.amina.send("send_description", to="nurse-page", description=description)
    passed = await visit.desk.until("description")
    # What is empty is left out.
    assert (passed["sender"], {"sdp": "", **passed["description"]}) == ("amina-page", description)


async def test_a_description_of_another_kind_is_no_message(visit: Visit) -> None:
    await visit.amina.send(
        "send_description", to="nurse-page", description={"kind": "wanted", "sdp": ""}
    )
    assert (await visit.amina.until("error"))["code"] == "invalid_message"


async def test_a_browser_that_cannot_take_calls_is_not_rung(visit: Visit) -> None:
    old = await visit.phone.enter(invite_id=visit.seat, peer_id="old-browser", calls=False)
    await visit.desk.command("call_start", id="call-000001", media="audio")
    call = (await old.until("call_changed"))["call"]
    assert [member["state"] for member in call["members"]] == ["joined"]


async def test_a_returning_page_gets_exactly_what_it_missed(visit: Visit) -> None:
    await visit.amina.say("one")
    welcome = visit.amina.frames[0]
    seq = max(frame.get("seq", 0) for frame in visit.amina.frames)
    await visit.amina.ws.close()
    await visit.desk.say("two", "message-missed")
    point = {"epoch": welcome["epoch"], "seq": seq}
    again = await visit.phone.enter(invite_id=visit.seat, peer_id="amina-page", resume=point)
    assert again.frames[0]["resumed"] is True
    await again.say("three")
    numbers = [frame["seq"] for frame in again.frames if "seq" in frame]
    assert numbers == list(range(seq + 1, seq + 1 + len(numbers)))
    assert "message-missed" in chat_of(again)
    assert not any(frame["type"] == "snapshot" for frame in again.frames)


async def test_another_life_of_the_room_begins_with_a_snapshot(visit: Visit) -> None:
    await visit.amina.say("one", "message-0001")
    point = {"epoch": "another-epoch", "seq": 1}
    again = await visit.phone.enter(invite_id=visit.seat, peer_id="amina-page", resume=point)
    assert again.frames[0]["resumed"] is False
    assert chat_of(again) == ["message-0001"]


async def test_whoever_sits_in_a_closed_session_is_in_again_once_it_is_reopened(
    visit: Visit,
) -> None:
    await visit.desk.command("terminate_consultation", choice="close")
    assert await visit.amina.end() == 4410
    with pytest.raises(Refused, match="session_closed"):
        await visit.phone.enter(invite_id=visit.seat)
    reopened = await visit.nurse.post(f"/sessions/{visit.consultation_id}/reopen")
    assert reopened.location == f"/sessions/{visit.consultation_id}"
    again = await visit.phone.enter(invite_id=visit.seat)
    await again.say("Here I am again")


async def test_nobody_is_told_by_itself_of_a_reopening_and_the_link_is_at_hand(
    visit: Visit,
) -> None:
    await visit.desk.command("terminate_consultation", choice="close")
    await visit.nurse.post(f"/sessions/{visit.consultation_id}/reopen")
    before = len(await outbox(visit.nurse.server))
    page = await visit.nurse.get(f"/sessions/{visit.consultation_id}")
    (again,) = re.findall(r'action="(/invites/[^"]+back=session)"', page.text)
    sent = await visit.nurse.post(again)
    assert sent.location == f"/sessions/{visit.consultation_id}"
    assert len(await outbox(visit.nurse.server)) == before + 1


async def test_a_button_pressed_twice_does_a_thing_once(visit: Visit) -> None:
    for kind, members in (
        ("start_consultation", {}),
        ("terminate_consultation", {"choice": "keep_open"}),
        ("resume_consultation", {}),
    ):
        for _ in range(2):
            await visit.desk.command(kind, **members)
    await visit.desk.command("call_start", id="call-0001", media="audio")
    for _ in range(2):
        await visit.amina.command("call_decline", call_id="call-0001")
    for _ in range(2):
        await visit.desk.command("terminate_consultation", choice="close")
    for _ in range(2):
        assert (await visit.nurse.post(f"/sessions/{visit.consultation_id}/reopen")).status == 303
    lines = await visit.desk.chat_page()
    kinds = [line["kind"] for line in lines]
    assert [kind for kind in kinds if kind not in ("joined", "left")] == [
        "started", "kept_open", "resumed", "call_started", "call_declined", "closed", "reopened",
    ]  # fmt: skip
    declined = next(line for line in lines if line["kind"] == "call_declined")
    assert declined["participant_id"] == visit.seat


async def test_a_flood_ends_the_conversation(visit: Visit) -> None:
    for _ in range(BURST * 3):
        await visit.amina.ws.send_str('{"type":"ping"}')
    assert await visit.amina.end() == 4429
    assert await visit.desk.say("not disturbed")


async def test_a_reader_that_does_not_read_is_cut_off_and_the_others_do_not_wait(
    server: Server, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "MAX_QUEUED_BYTES", 50_000)
    tcp = sockets.socket()
    tcp.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 2048)
    tcp.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(tcp, ("127.0.0.1", server.config.port))
    reader, writer = await asyncio.open_connection(sock=tcp, limit=65536)
    handshake = (
        "GET /socket HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        f"Cookie: teleconnect={visit.phone.cookie}\r\n\r\n"
    )
    hello = (
        f'{{"type":"hello","version":{wire_messages.PROTOCOL_VERSION},"stream":"room",'
        f'"peer_id":"slow-page","invite_id":"{visit.seat}"}}'
    ).encode()
    masked = bytes([0x81, 0x80 | 126, *len(hello).to_bytes(2, "big"), 0, 0, 0, 0]) + hello
    writer.write(handshake.encode() + masked)
    transport = writer.transport
    assert isinstance(transport, asyncio.ReadTransport)
    await reader.readuntil(b'"type":"snapshot"')
    transport.pause_reading()
    cut_off = asyncio.create_task(_went_offline(visit.desk, visit.seat))
    async with asyncio.timeout(60):
        room = server.app[ROOMS].hub.room(visit.consultation_id)
        assert room is not None
        while not cut_off.done():
            room.publish_consultation()
            await asyncio.sleep(0)
    writer.transport.abort()


async def _went_offline(desk: Wire, participant_id: str) -> None:
    while True:
        frame = await desk.until("participant_changed")
        person = frame["participant"]
        if person["participant_id"] == participant_id and not person["online"]:
            return


async def test_a_line_that_is_dead_is_noticed_by_the_server(
    server: Server, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "HEARTBEAT", 0.1)
    async with visit.phone.http.ws_connect("/socket", autoping=False) as mute:
        wire = Wire(mute)
        await wire.send(
            "hello",
            version=wire_messages.PROTOCOL_VERSION,
            stream="room",
            peer_id="mute-page",
            invite_id=visit.seat,
        )
        async with asyncio.timeout(60):
            await _went_offline(visit.desk, visit.seat)


async def test_a_stopping_server_says_goodbye_and_everything_is_there_after_the_restart(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path) as server:
        await server.account()
        nurse, phone = Person(server), Person(server)
        await nurse.sign_in()
        seat = await phone.join(await nurse.invite())
        amina = await phone.enter(invite_id=seat)
        lobby = await nurse.connect()
        await lobby.send(
            "hello", version=wire_messages.PROTOCOL_VERSION, stream="lobby", peer_id="peer-0001"
        )
        await lobby.until("lobby")
        await amina.say("before", "message-0001")
        ends = [asyncio.create_task(wire.end()) for wire in (amina, lobby)]
    assert await asyncio.gather(*ends) == [1012, 1012]
    for wire in (amina, lobby):
        assert wire.frames[-1] == {"type": "goodbye", "reason": "restart"}
    cookie = phone.cookie
    await nurse.close()
    await phone.close()
    async with serving(tmp_path) as server, Person(server) as phone:
        phone.plant(cookie)
        again = await phone.enter(invite_id=seat)
        assert chat_of(again) == ["message-0001"]
