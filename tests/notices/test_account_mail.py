"""Mail about accounts: each arrives once, at most once more when in doubt, and leaves no trace."""

import asyncio
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import pytest

from signaling.account import Account
from signaling.notices.account_mail import ACCOUNT_TEXTS, GIVEN_BY_CALLER, AccountOccasion
from tests.clock import MovableClock, RunningClock
from tests.delivery.smtp_server import BrokenServer, broken_server, mail_server
from tests.engines.databases import everything_stored, open_store
from tests.notices.desk import Desk
from tests.people import Person
from tests.serving import Server, serving
from tests.web.hosts.hosts import until_alone
from tests.web_process import web_process
from web.keys import (
    ACCOUNT_MAIL,
    ACCOUNT_MAIL_SENDING,
    CLOCK,
    CLOCKWORK,
    OUTBOX,
    PURGING,
    STORE,
)
from web.notices.outbox import read_outbox

LINK = "https://tele.example.org/password/once-only-Zq8vTn3"
SMTP = "TELECONNECT_SMTP_URL"


async def queue(
    server: Server, account: Account, occasion: AccountOccasion = "forgotten", **values: str
) -> None:
    app = server.app
    over = app[CLOCK].now() + timedelta(hours=1)
    await app[STORE].write(
        lambda records: app[ACCOUNT_MAIL].queue(
            records, account, occasion, link=LINK, expires_at=over, **values
        )
    )


async def deliver(server: Server) -> None:
    await server.app[CLOCKWORK].run_due()


async def waiting(server: Server) -> int:
    rows = await server.app[STORE]._database.read.rows("SELECT id FROM account_mail")
    return len(rows)


async def account_of(nurse: Desk) -> Account:
    found = await nurse.server.app[STORE].read.accounts.by_email("nurse@example.org")
    assert found is not None
    return found


async def test_a_mail_of_every_occasion_arrives_once_and_is_deleted(nurse: Desk) -> None:
    account, odd = await account_of(nurse), "Zoë <b>$link</b>"
    for occasion in get_args(AccountOccasion):
        values = dict.fromkeys(GIVEN_BY_CALLER.get(occasion, ()), odd)
        await queue(nurse.server, account, occasion, **values)
    await nurse.deliver()
    await nurse.deliver()
    mails = [each.message for each in nurse.outside.mail.received]
    assert sorted(mail["Subject"] for mail in mails) == sorted(
        text.subject.replace("$service", "localhost") for text in ACCOUNT_TEXTS.values()
    )
    for mail in mails:
        plain, page = (mail.get_body((kind,)) for kind in ("plain", "html"))
        assert plain is not None and page is not None
        assert f"\n{LINK}\n" in plain.get_content().replace("\r\n", "\n")
        assert page.get_content().count(f'href="{LINK}"') == 1
        assert "<b>" not in page.get_content()
        assert "Nurse Joy" in plain.get_content()
    assert await waiting(nurse.server) == 0


async def test_a_mail_is_in_the_language_and_the_zone_of_its_reader(nurse: Desk) -> None:
    await nurse.server.app[STORE]._database.write(
        lambda executor: executor.rows("UPDATE account SET language = 'ar', name = 'Joy'")
    )
    await queue(nurse.server, await account_of(nurse))
    await nurse.deliver()
    [mail] = nurse.outside.mail.received
    assert mail.message["Content-Language"] == "ar"
    page = mail.message.get_body(("html",))
    assert page is not None and 'dir="rtl"' in page.get_content()


async def test_a_busy_mail_server_is_asked_again_until_the_address_is_over(nurse: Desk) -> None:
    mail = nurse.outside.mail
    mail.on_recipient = lambda address: "451 later"
    await queue(nurse.server, await account_of(nurse))
    await nurse.deliver()
    assert await waiting(nurse.server) == 1
    nurse.move(minutes=1)
    await nurse.deliver()
    assert len(mail.asked) == 2
    mail.on_recipient = lambda address: None
    nurse.move(minutes=58, seconds=59)
    await nurse.deliver()
    assert len(mail.received) == 1

    mail.on_recipient = lambda address: "451 later"
    await queue(nurse.server, await account_of(nurse))
    await nurse.deliver()
    mail.on_recipient = lambda address: None
    nurse.move(hours=1)
    await nurse.deliver()
    assert len(mail.received) == 1
    assert await waiting(nurse.server) == 0


async def test_a_newer_address_replaces_a_mail_that_still_waits(nurse: Desk) -> None:
    nurse.outside.mail.on_recipient = lambda address: "451 later"
    account = await account_of(nurse)
    await queue(nurse.server, account)
    await nurse.deliver()
    await queue(nurse.server, account)
    assert await waiting(nurse.server) == 1


@pytest.mark.parametrize("occasion", ["forgotten", "invitation"])
async def test_a_refused_address_is_given_up(nurse: Desk, occasion: AccountOccasion) -> None:
    nurse.outside.mail.on_recipient = lambda address: "550 5.1.1 unknown"
    account = await account_of(nurse)
    await queue(nurse.server, account, occasion, person="Dr. Ada")
    await nurse.deliver()
    nurse.move(minutes=30)
    await nurse.deliver()
    assert len(nurse.outside.mail.asked) == 1
    problems = await nurse.server.app[STORE].read.account_mails.problems("invitation")
    # whoever invited sees why, until the invitation is over
    assert problems == ({account.id: "address_refused"} if occasion == "invitation" else {})
    nurse.move(minutes=30)
    await nurse.deliver()
    assert await waiting(nurse.server) == 0


async def test_somebody_suspended_gets_no_mail(nurse: Desk) -> None:
    nurse.outside.mail.on_recipient = lambda address: "451 later"
    other = await nurse.server.account("other@example.org", "Other")
    await queue(nurse.server, other)
    await nurse.deliver()
    nurse.outside.mail.on_recipient = lambda address: None
    await nurse.person.post(f"/admin/people/{other.id}/suspend")
    nurse.move(minutes=5)
    await nurse.deliver()
    assert nurse.outside.mail.received == []
    assert await waiting(nurse.server) == 0


def identifiers(broken: BrokenServer) -> list[bytes]:
    return [line for text in broken.texts for line in text.splitlines() if b"Message-ID" in line]


async def test_a_lost_answer_sends_at_most_once_more_with_the_same_id(tmp_path: Path) -> None:
    clock = MovableClock(datetime(2026, 3, 1, tzinfo=UTC))
    async with (
        broken_server("answer", "close") as broken,
        serving(tmp_path / "data", clock, **{SMTP: broken.url + "?starttls=never"}) as server,
    ):
        await queue(server, await server.account())
        for _ in range(4):
            await deliver(server)
            clock.move(timedelta(minutes=5))
        assert len(identifiers(broken)) == 2
        assert len(set(identifiers(broken))) == 1
        assert await waiting(server) == 0


@pytest.mark.slow
async def test_a_killed_server_sends_what_was_leaving_once_more(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    async with mail_server() as mail, broken_server("answer", "close") as broken:
        settings = {SMTP: mail.url + "?starttls=never", "TELECONNECT_RELAY_WORKERS": "0"}
        async with serving(data_dir, **settings) as server:
            account = await server.account()
            server.app[ACCOUNT_MAIL_SENDING].close()  # nothing leaves from here
            await queue(server, account)
        mail.released = asyncio.Event()
        async with web_process(data_dir, **settings) as (running, _):
            await mail.arrived.wait()
            running.send_signal(signal.SIGKILL)
            await running.wait()
        mail.released.set()
        clock = RunningClock()
        async with serving(data_dir, clock, **{SMTP: broken.url + "?starttls=never"}) as server:
            await until_alone(server)
            await deliver(server)
            clock.move(timedelta(minutes=1))
            await deliver(server)
            assert await waiting(server) == 0  # in doubt twice
        [first] = mail.received
        [second] = identifiers(broken)
        assert second.decode().split()[1] == first.message["Message-ID"]


async def test_a_sent_address_is_stored_nowhere(nurse: Desk, tmp_path: Path) -> None:
    nurse.outside.mail.on_recipient = lambda address: "451 later"
    await queue(nurse.server, await account_of(nurse))
    await nurse.deliver()
    folder, secret = tmp_path / "data", LINK.rpartition("/")[2].encode()

    async def holds(what: bytes) -> bool:
        files = [each.read_bytes() for each in folder.rglob("*") if each.is_file()]
        return any(what in each for each in (*files, await everything_stored(folder)))

    row = await nurse.server.app[STORE]._database.read.row("SELECT content FROM account_mail")
    assert row is not None
    assert not await holds(secret)
    assert await holds(row["content"][:40])
    nurse.outside.mail.on_recipient = lambda address: None
    nurse.move(minutes=5)
    await nurse.deliver()
    assert len(nurse.outside.mail.received) == 1
    assert not await holds(row["content"][:40])


async def test_without_a_mail_server_administrators_find_it_until_it_is_over(
    tmp_path: Path,
) -> None:
    clock = MovableClock(datetime(2026, 3, 1, tzinfo=UTC))
    async with serving(tmp_path / "data", clock) as server, Person(server) as nurse:
        account = await server.account(role="administrator")
        await nurse.sign_in()
        await queue(server, account)
        await deliver(server)
        await server.app[PURGING].purge_due()
        assert [LINK in each.text for each in await read_outbox(server.app[OUTBOX])] == [True]
        assert LINK in (await nurse.get("/admin/outbox")).text
        clock.move(timedelta(hours=1))
        await deliver(server)
        assert await read_outbox(server.app[OUTBOX]) == []
        assert await waiting(server) == 0


async def test_a_restored_server_sends_no_mail_of_its_past(tmp_path: Path) -> None:
    async with serving(tmp_path / "data") as server:
        account = await server.account()
        server.app[ACCOUNT_MAIL_SENDING].close()
        await queue(server, account)
    store = await open_store(tmp_path / "data")
    try:
        await store.sign_everybody_out()
        assert await store.read.account_mails.next_due() is None
    finally:
        await store.close()
