"""A host that is ended while it sends, and goes on: nobody is written to twice for that."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from signaling.flows.invites.inviting import Plan
from signaling.flows.notices.sending import DOMAIN_AT_ONCE
from signaling.flows.people.accounts import new_account
from signaling.invite import Person
from tests.clock import RunningClock
from tests.delivery.smtp_server import MailServer, mail_server
from tests.serving import Server
from tests.web.hosts.hosts import member, shared, soon
from web.keys import ACCOUNT_INVITATIONS, ACCOUNT_MAIL_SENDING, INVITING, SENDING, STORE

pytestmark = [pytest.mark.postgresql, pytest.mark.slow]
NOTICES = 8


@dataclass
class Pair:
    """Two hosts; the mail server answers nothing before it is released."""

    mail: MailServer
    clock: RunningClock
    one: Server
    other: Server

    def recipients(self) -> Counter[str]:
        """How many copies each has, answered or not."""
        return Counter(mail.recipients[0] for mail in self.mail.received)

    async def wait_for_mails(self, count: int) -> None:
        await soon(lambda: len(self.mail.received) >= count)

    async def end_one(self) -> None:
        """As when its process hangs until the other has ended it, and taken over what it sent."""
        keeping = member(self.one)._task
        assert keeping is not None
        keeping.cancel()
        await soon(lambda: member(self.one).host_id not in member(self.other).hosts)
        for sending in (SENDING, ACCOUNT_MAIL_SENDING):
            await self.other.app[sending].take_over()

    async def go_on(self) -> None:
        """It finds that it has been ended, and is another host from then on."""
        membership, before = member(self.one), member(self.one).host_id
        membership._task = asyncio.create_task(membership._keep())
        await soon(lambda: membership.acts and membership.host_id != before)

    async def deliver_all(self) -> None:
        """What waits for another try, too."""
        self.clock.move(timedelta(minutes=1))
        servers = self.one.app, self.other.app
        sending = [app[which] for app in servers for which in (SENDING, ACCOUNT_MAIL_SENDING)]
        await asyncio.gather(*(each.deliver_due() for each in sending))
        await soon(lambda: not any(each._busy.locked() for each in sending))


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[Pair]:
    common, clock = await shared(tmp_path), RunningClock()
    async with mail_server() as mail:
        mail.released = asyncio.Event()
        smtp = {"TELECONNECT_SMTP_URL": f"{mail.url}?starttls=never"}
        async with (
            common.host("one", clock, **smtp) as one,
            common.host("other", clock, **smtp) as other,
        ):
            await one.account()
            yield Pair(mail, clock, one, other)
            mail.released.set()


async def test_notices_of_a_host_that_was_ended_and_goes_on_arrive_once(pair: Pair) -> None:
    nurse = await pair.one.app[STORE].read.accounts.by_email("nurse@example.org")
    assert nurse is not None and pair.mail.released is not None
    async with pair.other.app[SENDING]._busy:
        for number in range(NOTICES):
            person = Person(f"P{number}", "", "email", f"p{number}@a.example", "en")
            await pair.one.app[INVITING].invite(nurse, Plan("remote", (("service_user", person),)))
        await pair.wait_for_mails(DOMAIN_AT_ONCE)
        sending = pair.one.app[SENDING]
        await soon(lambda: len(sending._in_hand) == NOTICES)
        await pair.end_one()
        pair.mail.released.set()
        # nobody has told it yet, but it does not know whether it may go on
        await soon(lambda: len(sending._in_hand) == NOTICES == len(sending._handing_over) + 3)
        assert len(pair.mail.received) == DOMAIN_AT_ONCE
        await pair.go_on()
        await sending.deliver_due()
        await soon(lambda: not sending._in_hand)
        assert len(pair.mail.received) == DOMAIN_AT_ONCE
    await pair.deliver_all()
    assert set(pair.recipients().values()) == {1}
    assert len(pair.recipients()) == NOTICES


async def test_a_mail_about_an_account_arrives_once_likewise(pair: Pair) -> None:
    nurse = await pair.one.app[STORE].read.accounts.by_email("nurse@example.org")
    assert nurse is not None and pair.mail.released is not None
    colleague = new_account(
        email="colleague@example.org", name="Colleague", role="scheduler", password_hash=None,
        language="en", time_zone="UTC", now=pair.clock.now(),
    )  # fmt: skip
    async with pair.other.app[ACCOUNT_MAIL_SENDING]._busy:
        await pair.one.app[STORE].write(
            lambda records: pair.one.app[ACCOUNT_INVITATIONS].invite(
                records, colleague, actor=nurse
            )
        )
        await pair.wait_for_mails(1)
        await pair.end_one()
        await pair.go_on()
        sending = pair.one.app[ACCOUNT_MAIL_SENDING]
        pair.mail.released.set()
        await soon(lambda: not sending._handing_over)
    await pair.deliver_all()
    assert pair.recipients() == {"colleague@example.org": 1}
