"""The store wakes the sender of notices after a commit that made one due, and only then."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from signaling.account import Account
from signaling.consultation import Consultation
from signaling.invite import Invite, Person
from signaling.notices.notice import Content, Envelope, Notice, Way
from storage.store import Records, Store
from tests.engines.databases import open_store

NOW = datetime(2026, 12, 7, 14, 30, tzinfo=UTC)
ENVELOPE = Envelope("a@example.org", "en", (Way("email"),), Content("Subject", "Text"))


class Sender:
    """Counts how often it is woken."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.woken = 0
        store.hooks.notice_due = self.wake

    def wake(self) -> None:
        self.woken += 1


@pytest.fixture
async def sender(tmp_path: Path) -> AsyncIterator[Sender]:
    store = await open_store(tmp_path)
    sender = Sender(store)

    async def work(records: Records) -> None:
        await records.accounts.add(
            Account("nurse", "n@example.org", "N", "scheduler", None, "en", "UTC", NOW)
        )
        await records.consultations.add(Consultation("one", "nurse", "remote", "planned", NOW))
        person = Person("Amina", "", "email", "a@example.org", "en")
        await records.invites.add(Invite("amina", "one", "service_user", person, b"digest", NOW))

    await store.write(work)
    yield sender
    await store.close()


async def queue(records: Records, *names: str) -> None:
    for name in names:
        notice = Notice(name, "one", "amina", "invitation", f"key of {name}", NOW)
        await records.notices.add(notice, ENVELOPE, NOW)


async def settled() -> None:
    """Hooks run in the iteration of the loop after the commit."""
    await asyncio.sleep(0)
    await asyncio.sleep(0)


async def test_notices_of_one_commit_wake_the_sender_once(sender: Sender) -> None:
    await sender.store.write(lambda records: queue(records, "a", "b", "c"))
    await settled()
    assert sender.woken == 1


async def test_a_commit_without_a_notice_wakes_nobody(sender: Sender) -> None:
    await sender.store.write(lambda records: queue(records, "a"))
    await settled()
    await sender.store.write(lambda records: records.settings.put("name", "value"))
    await sender.store.write(lambda records: queue(records, "a"))  # queued before
    await settled()
    assert sender.woken == 1


async def test_what_is_undone_wakes_nobody(sender: Sender) -> None:
    async def undone(records: Records) -> None:
        await queue(records, "a")
        raise ValueError

    with pytest.raises(ValueError):
        await sender.store.write(undone)
    await asyncio.gather(
        sender.store.write(undone),
        sender.store.write(lambda records: records.settings.put("name", "value")),
        sender.store.write(undone),
        return_exceptions=True,
    )
    await settled()
    assert sender.woken == 0


async def test_a_failing_writer_takes_no_wake_from_others_of_its_commit(
    sender: Sender,
) -> None:
    async def undone(records: Records) -> None:
        await queue(records, "a")
        raise ValueError

    await asyncio.gather(
        sender.store.write(undone),
        sender.store.write(lambda records: queue(records, "b")),
        sender.store.write(undone),
        return_exceptions=True,
    )
    await settled()
    assert sender.woken == 1


async def test_hastening_a_waiting_notice_wakes_the_sender(sender: Sender) -> None:
    await sender.store.write(lambda records: queue(records, "a"))
    await settled()
    later = NOW + timedelta(minutes=1)
    assert await sender.store.write(
        lambda records: records.notices.hasten("amina", "invitation", later)
    )
    await settled()
    assert sender.woken == 2


async def test_a_notice_that_goes_the_next_way_wakes_the_sender(sender: Sender) -> None:
    await sender.store.write(lambda records: queue(records, "a"))
    await settled()
    await sender.store.write(lambda records: records.notices.switch_channels([("a", "sms")]))
    await sender.store.write(lambda records: records.notices.switch_channels([]))
    await settled()
    assert sender.woken == 2


async def test_a_notice_is_due_from_its_time_on_however_late_the_clock_looks(
    sender: Sender,
) -> None:
    await sender.store.write(lambda records: queue(records, "a"))

    async def due(now: datetime) -> list[str]:
        found = await sender.store.read.notices.due(now, {"email": 1})
        return [each.notice.id for each in found]

    assert await due(NOW - timedelta(milliseconds=1)) == []
    assert await due(NOW) == ["a"]
    assert await due(NOW + timedelta(days=3)) == ["a"]
    await sender.store.write(lambda records: records.notices.drop_pending_of("amina"))
    assert await due(NOW) == []
