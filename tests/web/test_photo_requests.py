"""Asking somebody for a photo: who may, who is told, and how a request ends."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.files import Sender, digest, metadata, photo
from tests.people import Person, Refused, Visit, Wire, visiting
from tests.serving import Server
from web.keys import ARRIVING, STORE


@pytest.fixture
async def visit(server: Server) -> AsyncIterator[Visit]:
    async with visiting(server) as visit:
        yield visit


async def ask(visit: Visit) -> str:
    """Ask Amina; the id of the request."""
    acknowledged = await visit.desk.command("ask_photo", participant_id=visit.seat)
    return str(acknowledged["id"])


async def known(wire: Wire) -> Any:
    """The request as the page knows it, after everything that was published before."""
    await wire.send("ping")
    await wire.until("pong")
    found = None
    for frame in wire.frames:
        if frame["type"] in ("snapshot", "photo_request_changed"):
            found = frame.get("photo_request")
    return found


async def lines(wire: Wire) -> list[str]:
    """Kinds of the lines about photos that a page was told of, in order."""
    await known(wire)
    kinds = [frame["message"]["kind"] for frame in wire.frames if frame["type"] == "chat_added"]
    return [kind for kind in kinds if kind.startswith("photo_")]


async def test_who_is_asked_is_told_by_whom_now_and_after_a_reload(visit: Visit) -> None:
    request_id = await ask(visit)
    request = await known(visit.amina)
    assert request["participant_id"] == visit.seat
    assert request["asked_by"] == visit.desk.frames[0]["participant_id"]
    assert request["request_id"] == request_id
    again = await visit.phone.enter(invite_id=visit.seat, peer_id="amina-page-2")
    assert await known(again) == request


@pytest.mark.parametrize(
    ("answer", "line"), [("declined", "photo_declined"), ("failed", "photo_failed")]
)
async def test_an_answer_ends_the_request_and_is_told(visit: Visit, answer: str, line: str) -> None:
    request_id = await ask(visit)
    await visit.amina.command("answer_photo", request_id=request_id, answer=answer)
    assert await known(visit.desk) is None
    assert await lines(visit.desk) == ["photo_asked", line]


async def test_a_repeated_command_is_done_once(visit: Visit) -> None:
    request_id = await ask(visit)
    await visit.desk.command("ask_photo", id=request_id, participant_id=visit.seat)
    answer = {"request_id": request_id, "answer": "declined"}
    await visit.amina.command("answer_photo", id="answer-1", **answer)
    await visit.amina.command("answer_photo", id="answer-1", **answer)
    await visit.desk.command("ask_photo", id=request_id, participant_id=visit.seat)
    assert await known(visit.desk) is None
    assert await lines(visit.desk) == ["photo_asked", "photo_declined"]


async def test_an_answer_to_an_earlier_request_changes_nothing(visit: Visit) -> None:
    first = await ask(visit)
    second = await ask(visit)
    await visit.amina.command("answer_photo", request_id=first, answer="declined")
    assert (await known(visit.amina))["request_id"] == second
    assert "photo_declined" not in await lines(visit.amina)


async def test_only_the_scheduler_asks_and_only_who_was_asked_answers(visit: Visit) -> None:
    nurse_id = visit.desk.frames[0]["participant_id"]
    for wire, target, code in (
        (visit.amina, nurse_id, "not_allowed"),
        (visit.desk, nurse_id, "not_allowed"),
        (visit.desk, "somebody-else", "not_found"),
    ):
        with pytest.raises(Refused) as refused:
            await wire.command("ask_photo", participant_id=target)
        assert refused.value.code == code
    request_id = await ask(visit)
    with pytest.raises(Refused) as refused:
        await visit.desk.command("answer_photo", request_id=request_id, answer="declined")
    assert refused.value.code == "not_allowed"
    assert (await known(visit.amina))["request_id"] == request_id


@pytest.mark.slow
async def test_the_photo_ends_its_request_and_no_other(visit: Visit) -> None:
    first = await ask(visit)
    second = await ask(visit)
    sender = Sender(visit.phone, f"/seat/{visit.seat}")
    for photo_id, request_id in (("photo-01", first), ("photo-02", second)):
        content = photo(seed=int(photo_id[-1]))
        assert (await known(visit.amina))["request_id"] == second
        assert (await sender.create(content, photo_id, request=request_id)).status == 201
        assert (await sender.piece(photo_id, 0, content)).status == 204
    assert await known(visit.amina) is None


@pytest.mark.slow
async def test_a_photo_that_is_refused_is_told_once_and_its_sender_still_asked(
    visit: Visit,
) -> None:
    request_id = await ask(visit)
    sender = Sender(visit.phone, f"/seat/{visit.seat}")
    no_photo = b"GIF89a, and nothing of a picture"
    assert (await sender.create(no_photo, "photo-01", request=request_id)).status == 201
    assert (await sender.piece("photo-01", 0, no_photo)).status >= 400
    assert (await lines(visit.desk))[1:] == ["photo_refused"]
    assert (await lines(visit.amina))[1:] == ["photo_refused"]
    assert (await known(visit.amina))["request_id"] == request_id

    # too large: refused before its first byte, and asked for again by a browser that heard nothing
    head = {
        "Upload-Length": str(2**30),
        "Upload-Metadata": metadata(id="photo-02", sha256=digest(b""), request=request_id),
    }
    for _ in range(2):
        assert (await sender.ask("POST", **head)).status == 413
    assert (await lines(visit.desk))[1:] == ["photo_refused", "photo_refused"]

    content = photo()
    assert (await sender.create(content, "photo-03", request=request_id)).status == 201
    assert (await sender.piece("photo-03", 0, content)).status == 204
    assert await known(visit.amina) is None
    assert (await sender.create(no_photo, "photo-04", request=request_id)).status == 201
    assert (await sender.piece("photo-04", 0, no_photo)).status >= 400
    assert (await lines(visit.desk))[1:] == ["photo_refused", "photo_refused"]


@pytest.mark.slow
async def test_a_photo_of_somebody_else_ends_no_request(visit: Visit) -> None:
    request_id = await ask(visit)
    content = photo()
    sender = Sender(visit.nurse, f"/sessions/{visit.consultation_id}")
    assert (await sender.create(content, "photo-01", request=request_id)).status == 201
    assert (await sender.piece("photo-01", 0, content)).status == 204
    assert (await known(visit.amina))["request_id"] == request_id


async def test_a_request_ends_with_the_session(visit: Visit) -> None:
    await visit.desk.command("start_consultation")
    await ask(visit)
    await visit.desk.command("terminate_consultation", choice="keep_open")
    assert await known(visit.amina) is None
    await ask(visit)
    await visit.desk.command("resume_consultation")
    await visit.desk.command("terminate_consultation", choice="close")
    assert await known(visit.desk) is None
    with pytest.raises(Refused) as refused:
        await visit.desk.command("ask_photo", participant_id=visit.seat)
    assert refused.value.code == "conflict"


async def test_a_request_ends_when_the_seat_goes(server: Server) -> None:
    async with Person(server) as nurse:
        await nurse.sign_in()
        link = await nurse.invite(companion="on", companion_address="son@example.org")
        arrival = await server.app[ARRIVING].look(link.removeprefix("/i/"))
        consultation_id = arrival.consultation.id
        invites = await server.app[STORE].read.invites.of_consultation(consultation_id)
        (companion,) = [one.id for one in invites if one.role == "companion"]
        desk = await nurse.enter(consultation_id=consultation_id)
        await desk.command("ask_photo", participant_id=companion)
        assert (await known(desk))["participant_id"] == companion
        answer = await nurse.post(f"/invites/{companion}/remove")
        assert answer.status == 303
        assert await known(desk) is None
