"""Messages that a worker sends for a page that may be closed."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.people import Answer, Person, Visit, Wire, an_id, visiting
from tests.serving import Server, serving
from web.access.rate_limits import LIMITS
from web.keys import STORE
from web.routes import path


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(tmp_path) as running:
        await running.account()
        yield running


async def post(person: Person, seat: str, text: str, message_id: str, **headers: str) -> Answer:
    address = path("seat_messages", invite_id=seat)
    message = {"type": "chat_send", "id": message_id, "text": text}
    return await person.ask("POST", address, json=message, headers={"Accept": "*/*", **headers})


async def line(wire: Wire, message_id: str) -> dict[str, Any]:
    """The line of a message, as soon as it is told."""
    while True:
        found: dict[str, Any] = (await wire.until("chat_added"))["message"]
        if found["id"] == message_id:
            return found


async def texts(server: Server, visit: Visit) -> list[str]:
    chat = await server.app[STORE].read.chat.of_consultation(visit.consultation_id)
    return [line.text for line in chat if line.kind == "text"]


async def test_a_message_stands_there_once_whichever_way_it_came_first(server: Server) -> None:
    async with visiting(server) as visit:
        one, other = an_id("message"), an_id("message")
        first = await post(visit.phone, visit.seat, "By the worker", one)
        assert first.status == 200, first.text
        assert (await line(visit.desk, one))["participant_id"] == visit.seat
        again = await visit.amina.say("By the worker", one)
        acknowledged = await visit.amina.say("By the socket", other)
        late = await post(visit.phone, visit.seat, "By the socket", other)
        assert late.status == 200
        assert f'"position": {acknowledged["position"]}' in late.text
        assert f'"position": {again["position"]}' in first.text
        assert await texts(server, visit) == ["By the worker", "By the socket"]


async def test_who_writes_so_is_not_there_for_that(server: Server) -> None:
    async with visiting(server) as visit:
        await visit.amina.ws.close()
        while (await visit.desk.until("participant_changed"))["participant"]["online"]:
            pass
        gone = len(visit.desk.frames)
        message_id = an_id("message")
        await post(visit.phone, visit.seat, "I had to go", message_id)
        await line(visit.desk, message_id)
        await visit.desk.say("Get well")
        later = {frame["type"] for frame in visit.desk.frames[gone:]}
        assert "participant_changed" not in later


async def test_only_who_has_the_seat_writes_and_nobody_once_the_session_is_over(
    server: Server,
) -> None:
    async with visiting(server) as visit, Person(server) as other:
        assert (await post(other, visit.seat, "x", an_id("message"))).status == 401
        strange = await post(visit.nurse, visit.seat, "x", an_id("message"))
        assert strange.status == 404
        forged = {"Sec-Fetch-Site": "cross-site"}
        assert (await post(visit.phone, visit.seat, "x", an_id("m"), **forged)).status == 403
        taken = an_id("message")
        await visit.desk.say("Mine", taken)
        assert (await post(visit.phone, visit.seat, "x", taken)).status == 409
        await visit.desk.command("start_consultation")
        await visit.desk.command("terminate_consultation", choice="close")
        assert (await post(visit.phone, visit.seat, "x", an_id("message"))).status == 410
        assert await texts(server, visit) == ["Mine"]


@pytest.mark.parametrize(
    "body",
    [
        "", "[]", '{"type": "chat_send"}', '{"type": "seen", "position": 1}',
        '{"type": "chat_send", "id": "a b", "text": "x"}',
        '{"type": "chat_send", "id": "12345678", "text": "x", "more": 1}',
        '{"type": "chat_send", "id": "12345678", "text": ""}',
    ],
)  # fmt: skip
async def test_what_is_no_message_is_refused_with_a_sentence(server: Server, body: str) -> None:
    async with visiting(server) as visit:
        answer = await visit.phone.ask(
            "POST",
            path("seat_messages", invite_id=visit.seat),
            data=body,
            headers={"Content-Type": "application/json", "Accept": "*/*"},
        )
        assert answer.status == 400, answer.text
        assert '"text": "' in answer.text
        assert await texts(server, visit) == []


async def test_somebody_who_writes_too_much_has_to_wait(server: Server) -> None:
    async with visiting(server) as visit:
        message_id = an_id("message")
        for _ in range(LIMITS["kept_message"].amount):
            assert (await post(visit.phone, visit.seat, "x", message_id)).status == 200
        late = await post(visit.phone, visit.seat, "x", message_id)
        assert late.status == 429 and "Retry-After" in late.headers
        assert await texts(server, visit) == ["x"]
