"""Queries of a running server use an index, however much is stored."""

import re
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
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
LATER = NOW + timedelta(days=1)
WHOLE = re.compile(
    r"SCAN (consultation|invite|seat|notice|delivery_attempt|chat_message|web_session)\b"
    r"|SEARCH (\w+) USING INDEX \w+ \(id>\?\)"
)
"A scan of a whole table, or of all ids from one on."


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await open_store(tmp_path)

    async def work(records: Records) -> None:
        await records.accounts.add(
            Account("nurse", "n@example.org", "N", "scheduler", None, "en", "UTC", NOW)
        )
        for session in ("one", "other"):
            await records.consultations.add(Consultation(session, "nurse", "remote", "active", NOW))
            for name in ("amina", "boris"):
                person = Person(name, "", "email", f"{name}@example.org", "en")
                digest = f"{name} {session}".encode()
                await records.invites.add(
                    Invite(f"{name}-{session}", session, "service_user", person, digest, NOW)
                )
        notice = Notice("notice", "one", "amina-one", "invitation", "key", NOW)
        envelope = Envelope("n@example.org", "en", (Way("email"),), Content("Subject", "Text"))
        await records.notices.add(notice, envelope, NOW)
        for digest in (b"both", b"one"):
            await records.web_sessions.save(digest, None, "{}", NOW, LATER)
        await records.invites.take_seat("amina-one", b"both", NOW)
        await records.invites.take_seat("amina-other", b"both", NOW)
        await records.invites.take_seat("boris-one", b"one", NOW)

    await opened.write(work)
    yield opened
    await opened.close()


async def statements(store: Store, work: Callable[[Records], Awaitable[object]]) -> list[str]:
    """Every statement that `work` runs, with its parameters."""
    executor, said = store._database.write_executor, list[str]()
    await executor.visit(lambda connection: connection.set_trace_callback(said.append))
    try:
        await store.write(work)
    finally:
        await executor.visit(lambda connection: connection.set_trace_callback(None))
    return [each for each in said if re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE)\b", each)]


async def read_whole(store: Store, work: Callable[[Records], Awaitable[object]]) -> set[str]:
    """The tables that `work` scans."""

    def plans(connection: sqlite3.Connection) -> str:
        rows = [row for each in asked for row in connection.execute(f"EXPLAIN QUERY PLAN {each}")]
        return "\n".join(row["detail"] for row in rows)

    asked = await statements(store, work)
    assert asked, "nothing was asked"
    found = WHOLE.finditer(await store._database.write_executor.visit(plans))
    return {match[1] or match[2] for match in found}


ASKED: dict[str, Callable[[Records], Awaitable[object]]] = {
    "purging": lambda records: records.consultations.purge("one"),
    "counting what is purged": lambda records: records.purged.count("one", NOW),
    "sessions left alone": lambda records: records.consultations.left_alone(NOW, "", 9),
    "who holds a session": lambda records: records.consultations.holders(["one", "other"]),
    "who has a seat": lambda records: records.invites.holders(["amina-one", "boris-one"]),
    "who is signed in": lambda records: records.web_sessions.ends([b"both", b"one"]),
    "the next to be signed out": lambda records: records.web_sessions.next_expiry(NOW),
    "what one address was sent": lambda records: records.notices.sent_to(
        "n@example.org", NOW, LATER, beyond=9
    ),
    "what one scheduler has sent": lambda records: records.notices.sent_by(
        "nurse", NOW, LATER, beyond=9
    ),
    "what is due": lambda records: records.notices.due(NOW, {"email": 9, "sms": 9}),
    "what waits to be sent": lambda records: records.notices.waiting(NOW),
    "whose sessions are open": lambda records: records.consultations.ids_of("nurse", ["active"]),
    "what is worded anew": lambda records: records.notices.withdraw_waiting("one", ["reminder"]),
    "when somebody last signed in": lambda records: records.audit.last("nurse", "sign_in"),
    "when a warning was queued": lambda records: records.notices.queued_at("key"),
    "which notices exist": lambda records: records.notices.existing(["a", "b"]),
    "a line of the audit log": lambda records: records.audit.append(NOW, "nurse", "edit", "one"),
}


@pytest.mark.sqlite
@pytest.mark.parametrize("work", ASKED.values(), ids=list(ASKED))
async def test_no_table_of_sessions_is_scanned(
    store: Store, work: Callable[[Records], Awaitable[object]]
) -> None:
    assert await read_whole(store, work) == set()


async def test_purging_a_session_deletes_web_sessions_without_a_seat_elsewhere(
    store: Store,
) -> None:
    await store.write(lambda records: records.consultations.purge("one"))
    assert list(await store.read.web_sessions.ends([b"both", b"one"])) == [b"both"]
