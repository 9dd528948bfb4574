"""The worker of a seat and the page that it keeps, as a browser asks for them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.people import Person
from tests.serving import Server, serving
from web.keys import STORE
from web.routes import path


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(tmp_path) as running:
        await running.account(name="Nurse Joy")
        yield running


async def test_the_worker_is_the_same_for_every_id_and_has_its_page_alone(server: Server) -> None:
    async with Person(server) as nurse, Person(server) as amina:
        await nurse.sign_in()
        seat = await amina.join(await nurse.invite("Amina"))
        own = await amina.get(path("seat_worker", invite_id=seat))
        other = await amina.get(path("seat_worker", invite_id="x" * len(seat)))
    assert own.status == other.status == 200
    assert own.body == other.body
    assert own.headers["Content-Type"] == "text/javascript"
    assert own.headers["Service-Worker-Allowed"] == path("seat", invite_id=seat)
    assert own.headers["Cache-Control"] == "no-cache", "an update is found at once"
    assert "default-src 'self'" in own.headers["Content-Security-Policy"], "so it may fetch"


async def test_the_page_to_be_kept_says_nothing_about_anybody(server: Server) -> None:
    async with Person(server) as nurse, Person(server) as amina:
        await nurse.sign_in()
        link = await nurse.invite("Amina", at="2031-05-06T14:30")
        seat = await amina.join(link)
        kept = await amina.get(path("seat_shell", invite_id=seat))
        page = await amina.get(path("seat", invite_id=seat))
    for told in ("Joy", "Amina", "Etc/", link.rpartition("/")[2]):
        assert told not in kept.text, told
    assert "Joy" in page.text
    assert "<title>TeleConnect</title>" in kept.text
    assert "No connection" in kept.text and "You are in the waiting room" not in kept.text


async def test_only_who_has_the_seat_gets_the_page_and_nobody_once_it_is_lost(
    server: Server,
) -> None:
    async with Person(server) as nurse, Person(server) as amina, Person(server) as other:
        await nurse.sign_in()
        link = await nurse.invite("Amina")
        seat = await amina.join(link)
        shell = path("seat_shell", invite_id=seat)
        assert (await amina.get(shell)).status == 200
        assert (await other.get(shell)).status == 404
        await other.join(link)
        assert (await amina.get(shell)).status == 404
        invite = await server.app[STORE].read.invites.get(seat)
        assert invite is not None
        await nurse.post(path("cancel_session", consultation_id=invite.consultation_id))
        assert (await other.get(shell)).status == 410
