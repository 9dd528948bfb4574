"""Turning photos: for everybody, from then on, whoever turns them."""

import pytest

from tests.files import Sender, pdf, photo
from tests.people import Person, Refused, Wire, visiting
from tests.serving import Server

pytestmark = pytest.mark.slow


async def turned(wire: Wire, line_id: str) -> int:
    """How the photo is turned, by everything that the page was sent."""
    await wire.send("ping")
    await wire.until("pong")
    found = 0
    for frame in wire.frames:
        if frame["type"] == "snapshot":
            lines = [line for line in frame["chat"] if line["id"] == line_id]
            found = lines[0]["attachment"].get("turned", 0) if lines else found
        elif frame["type"] == "photo_turned" and frame["line_id"] == line_id:
            found = frame["turned"]
    return found


async def test_a_turned_photo_is_turned_for_everybody_now_and_later(server: Server) -> None:
    async with visiting(server) as visit:
        amina, desk = visit.amina, visit.desk
        photo_id = await Sender(visit.phone, f"/seat/{visit.seat}").send(photo())
        await desk.command("turn_photo", id="turn-0001", line_id=photo_id, turned=1)
        assert await turned(amina, photo_id) == 1
        await amina.command("turn_photo", line_id=photo_id, turned=3)
        # an earlier command that comes again does not undo a later one
        await desk.command("turn_photo", id="turn-0001", line_id=photo_id, turned=1)
        assert await turned(desk, photo_id) == 3
        again = await visit.nurse.enter(
            consultation_id=visit.consultation_id, peer_id="nurse-page-2"
        )
        assert await turned(again, photo_id) == 3
        (line,) = [line for line in await again.chat_page(after=0) if line["kind"] == "photo"]
        assert line["attachment"]["turned"] == 3


async def test_only_photos_of_this_session_are_turned_and_only_while_it_is_open(
    server: Server,
) -> None:
    async with visiting(server) as visit, Person(server) as other:
        desk = visit.desk
        sender = Sender(visit.phone, f"/seat/{visit.seat}")
        photo_id = await sender.send(photo())
        paper_id = await sender.send(pdf(), name="a.pdf")
        stranger = await other.enter(invite_id=await other.join(await visit.nurse.invite("Sami")))
        for wire, line_id in ((stranger, photo_id), (desk, "nothing-1"), (desk, paper_id)):
            with pytest.raises(Refused) as refused:
                await wire.command("turn_photo", line_id=line_id, turned=1)
            assert refused.value.code == "not_found"
        await desk.command("start_consultation")
        await desk.command("terminate_consultation", choice="close")
        with pytest.raises(Refused) as refused:
            await desk.command("turn_photo", line_id=photo_id, turned=1)
        assert refused.value.code == "conflict"
