"""A notice leaves as soon as it is stored, whichever flow queued it; nobody wakes the sender."""

import pytest

from signaling.flows.notices.composing import Recipient
from storage.store import Records
from tests.notices.desk import Desk
from web.keys import CLOCKWORK, COMPOSING, STORE

INVITATION = {
    "kind": "remote", "first_name": "Amina", "language": "en", "address": "a@example.org",
}  # fmt: skip


async def run_due(nurse: Desk) -> None:
    """Run due timers; the tests set none for notices."""
    await nurse.server.app[CLOCKWORK].run_due()


def mailed(nurse: Desk) -> list[str]:
    return [address for mail in nurse.outside.mail.received for address in mail.recipients]


async def write_about_the_session(nurse: Desk, *, fails: bool = False) -> None:
    """Queue a mail as any flow does, in a transaction that may fail after it."""
    app = nurse.server.app
    account = await app[STORE].read.accounts.by_email("nurse@example.org")
    assert account is not None

    async def work(records: Records) -> None:
        [session] = await records.consultations.visible_to(account.id, ("planned",))
        recipient = Recipient("anybody", "Anybody", "anybody@example.org", "en")
        values = {"moment": "tomorrow", "link": "https://tele.example"}
        await app[COMPOSING].queue_to(records, "left_open", session, recipient, values)
        if fails:
            raise ValueError

    await app[STORE].write(work)


async def test_what_any_flow_queues_leaves_by_itself(nurse: Desk) -> None:
    await nurse.person.post("/invites/new", INVITATION)
    await run_due(nurse)
    assert mailed(nurse) == ["a@example.org"]
    await write_about_the_session(nurse)
    await run_due(nurse)
    assert mailed(nurse) == ["a@example.org", "anybody@example.org"]


async def test_what_was_undone_neither_leaves_nor_wakes_anybody(nurse: Desk) -> None:
    await nurse.person.post("/invites/new", INVITATION)
    await run_due(nurse)
    with pytest.raises(ValueError):
        await write_about_the_session(nurse, fails=True)
    assert "notices" not in nurse.server.app[CLOCKWORK]._timers
    await run_due(nurse)
    assert mailed(nurse) == ["a@example.org"]
