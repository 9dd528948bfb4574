"""A mail server that refuses, hangs or greylists, seen through the whole application."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.clock import MovableClock
from tests.delivery.smtp_server import broken_server, mail_server
from tests.people import Person
from tests.serving import Server, moment, serving
from web.keys import CLOCKWORK, STORE

START = "2026-12-07 14:30"


async def delivery(server: Server) -> tuple[str, str]:
    """(state, reason) of the only attempt."""
    (row,) = await server.app[STORE]._database.read.rows("SELECT * FROM delivery_attempt")
    return row["state"], row["reason"]


async def test_mail_arrives_after_greylisting_and_the_list_tells_the_truth(tmp_path: Path) -> None:
    clock = MovableClock(moment(START))
    async with (
        mail_server() as mail,
        serving(tmp_path, clock, TELECONNECT_SMTP_URL=mail.url) as server,
        Person(server) as nurse,
    ):
        await server.account()
        await nurse.sign_in()
        mail.on_recipient = lambda address: "451 4.7.1 Greylisted, please come back later"
        link = await nurse.invite()
        await server.app[CLOCKWORK].run_due()
        assert (await delivery(server))[0] == "failed"
        assert mail.received == []
        assert (await nurse.get("/invites")).status == 200

        mail.on_recipient = lambda address: None
        await server.app[CLOCKWORK].run_due()
        assert mail.received == []  # not before its time
        clock.move(timedelta(minutes=30))
        await server.app[CLOCKWORK].run_due()
        (received,) = mail.received
        assert received.recipients == ["amina@example.org"]
        plain = received.message.get_body(("plain",))
        assert plain is not None
        assert link in plain.get_content()
        assert (await delivery(server))[0] == "sent"
        clock.move(timedelta(hours=3))
        await server.app[CLOCKWORK].run_due()
        assert len(mail.received) == 1


async def test_a_refused_address_is_told_and_not_tried_again(tmp_path: Path) -> None:
    clock = MovableClock(moment(START))
    async with (
        mail_server() as mail,
        serving(tmp_path, clock, TELECONNECT_SMTP_URL=mail.url) as server,
        Person(server) as nurse,
    ):
        await server.account()
        await nurse.sign_in()
        mail.on_recipient = lambda address: "550 5.1.1 No such user here"
        await nurse.invite()
        await server.app[CLOCKWORK].run_due()
        state, reason = await delivery(server)
        assert state == "undeliverable"
        assert reason
        mail.on_recipient = lambda address: None
        clock.move(timedelta(hours=6))
        await server.app[CLOCKWORK].run_due()
        assert mail.received == []


@pytest.mark.parametrize(("at", "how"), [("greeting", "close"), ("data", "reset"),
                                         ("ehlo", "garbage"), ("greeting", "421 Too busy")])  # fmt: skip
async def test_a_broken_mail_server_loses_nothing(tmp_path: Path, at: str, how: str) -> None:
    clock = MovableClock(moment(START))
    async with (
        broken_server(at, how, times=1) as mail,  # type: ignore[arg-type]
        serving(tmp_path, clock, TELECONNECT_SMTP_URL=mail.url) as server,
        Person(server) as nurse,
    ):
        await server.account()
        await nurse.sign_in()
        await nurse.invite()
        await server.app[CLOCKWORK].run_due()
        assert (await delivery(server))[0] == "failed"
        clock.move(timedelta(minutes=30))
        await server.app[CLOCKWORK].run_due()
        assert (await delivery(server))[0] == "sent"
        assert len(mail.texts) == 1


async def test_a_mail_server_that_hangs_holds_up_nobody(tmp_path: Path) -> None:
    async with (
        broken_server("greeting", "hang") as mail,
        serving(tmp_path, TELECONNECT_SMTP_URL=mail.url) as server,
        Person(server) as nurse,
        Person(server) as phone,
    ):
        await server.account()
        await nurse.sign_in()
        link = await nurse.invite()
        seat = await phone.join(link)
        amina = await phone.enter(invite_id=seat)
        assert await amina.say("here already")
        # all of it while the mail still waits for its server
        assert (await delivery(server))[0] in ("sending", "queued")
