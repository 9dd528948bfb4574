"""Chat in the database: what a line is bound to, and how many are read at once."""

import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from signaling.account import Account
from signaling.chat import (
    EVENT_LINES,
    PAGE_BYTES,
    PAGE_LINES,
    ChatMessage,
    LineKind,
    line_bytes,
    stored_bytes,
)
from signaling.consultation import Consultation
from signaling.invite import Invite, Person
from signaling.text import UNREADABLE
from storage.engine.master_key import DATABASE_NAME
from storage.engine.sqlite.connection import Connection
from storage.engine.sqlite.database import SqliteExecutor
from storage.engine.vault import ONE_KEY, ConsultationKey
from storage.store import Records, Store
from tests.engines.databases import open_store, run

NOW = datetime(2026, 12, 7, 14, 30, tzinfo=UTC)
ACCOUNT = Account("nurse", "n@example.org", "N", "scheduler", None, "en", "UTC", NOW)
CONSULTATION = Consultation("consultation", "nurse", "remote", "active", NOW)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await open_store(tmp_path)

    async def work(records: Records) -> None:
        await records.accounts.add(ACCOUNT)
        await records.consultations.add(CONSULTATION)

    await opened.write(work)
    yield opened
    await opened.close()


async def invited(store: Store, *names: str) -> None:
    async def work(records: Records) -> None:
        for name in names:
            digest = name.encode()
            person = Person(name, "", "email", f"{name}@example.org", "en")
            await records.invites.add(
                Invite(name, "consultation", "service_user", person, digest, NOW)
            )

    await store.write(work)


async def add(store: Store, *texts: str, author: str = "amina", kind: LineKind = "text") -> int:
    """Add lines; returns how many were stored."""

    async def work(records: Records) -> int:
        last = (await records.chat.page("consultation"))[-1:]
        start = last[0].position if last else 0
        return sum(
            [
                await records.chat.append(
                    "consultation", f"line-{start}-{number}", author, kind, text, NOW
                )
                is not None
                for number, text in enumerate(texts)
            ]
        )

    return await store.write(work)


def positions(lines: list[ChatMessage]) -> list[int]:
    return [line.position for line in lines]


@pytest.mark.parametrize(
    "change",
    ["participant_id = 'brother'", "position = 7", "kind = 'left'", "sent_at = sent_at + 1",
     "id = 'another'", "binding = 0"],
)  # fmt: skip
async def test_a_line_cannot_be_moved_to_another_author_position_or_time(
    store: Store, change: str
) -> None:
    await add(store, "I take five of them")
    await run(store, f"UPDATE chat_message SET {change}")
    (line,) = await store.read.chat.of_consultation("consultation")
    assert line.text == UNREADABLE


@pytest.mark.sqlite
async def test_lines_of_the_previous_version_can_still_be_read(tmp_path: Path) -> None:
    key = bytes(range(32))
    (tmp_path / "master.key").write_text("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
    path = tmp_path / DATABASE_NAME
    async with Connection(lambda: sqlite3.connect(path, isolation_level=None), 64) as connection:
        connection.row_factory = sqlite3.Row
        first = files("storage") / "migrations" / "0001.sql"
        await connection.executescript(first.read_text("utf-8") + "PRAGMA user_version = 1;")
        executor = SqliteExecutor(connection)
        await executor.rows(
            "INSERT INTO account (id, email, name, role, language, time_zone, created_at)"
            " VALUES ('nurse', 'n@example.org', 'N', 'scheduler', 'en', 'UTC', 0)"
        )
        await executor.rows(
            "INSERT INTO consultation (id, scheduler_id, kind, state, created_at, time_zone,"
            " interpreting, interpreting_language)"
            " VALUES ('consultation', 'nurse', 'remote', 'active', 0, 'UTC', '', '')"
        )
        own = bytes(range(1, 33))
        wrapped = bytes(12) + AESGCM(key).encrypt(bytes(12), own, b"consultation")
        await executor.rows("INSERT INTO vault_key VALUES ('consultation', ?)", (wrapped,))
        sealing = ConsultationKey("consultation", own, ONE_KEY)
        sealed = sealing.seal("chat_message.text.old-line", b"from before")
        await executor.rows(
            "INSERT INTO chat_message (consultation_id, position, id, participant_id, kind, text,"
            " sent_at) VALUES ('consultation', 1, 'old-line', 'amina', 'text', ?, 0)",
            (sealed,),
        )
    store = await open_store(tmp_path)
    await add(store, "from now")
    lines = await store.read.chat.of_consultation("consultation")
    written = await store.read.chat.written("consultation")
    await store.close()
    assert written == {"amina": stored_bytes("from before") + stored_bytes("from now")}
    assert [line.text for line in lines] == ["from before", "from now"]


async def test_a_page_is_bounded_and_nothing_is_left_out_between_pages(store: Store) -> None:
    texts = ["x" * 4000] * 40 + ["\U0001f9d1" * 4000] * 20 + ["short"] * 250
    await add(store, *texts)
    pages = [page async for page in store.read.chat.pages("consultation")]
    assert [line.text for page in pages for line in page] == texts
    assert max(map(len, pages)) == PAGE_LINES
    assert max(sum(line_bytes(line.text) for line in page) for page in pages) <= PAGE_BYTES
    assert len(await store.read.chat.of_consultation("consultation")) == len(texts)


async def test_lines_are_read_from_both_sides_of_a_position(store: Store) -> None:
    await add(store, *map(str, range(250)))
    page = store.read.chat.page
    assert positions(await page("consultation")) == list(range(151, 251))
    assert positions(await page("consultation", before=151)) == list(range(51, 151))
    assert positions(await page("consultation", before=51)) == list(range(1, 51))
    assert positions(await page("consultation", after=200)) == list(range(201, 251))
    assert positions(await page("consultation", after=0)) == list(range(1, 101))
    assert positions(await page("consultation", before=9, after=5)) == [6, 7, 8]
    assert positions(await page("consultation", before=1)) == []
    assert positions(await page("consultation", after=250)) == []


async def test_arrivals_and_departures_cannot_fill_the_chat(store: Store) -> None:
    assert await add(store, *[""] * (EVENT_LINES + 50), kind="left") == EVENT_LINES
    assert await add(store, "", kind="joined") == 0
    assert await add(store, "", kind="joined", author="nurse") == 1
    assert await add(store, "still here") == 1


async def test_a_wish_to_be_called_by_phone_is_open_until_staff_answer(store: Store) -> None:
    wishes = store.read.chat.phone_wishes
    await invited(store, "amina", "dawit")
    await add(store, "", kind="asked_for_phone_call")
    await add(store, "and a word")
    await add(store, "", kind="joined", author="nurse")
    await add(store, "", kind="left", author="nurse")
    assert await wishes("consultation") == {"amina"}
    await add(store, "I am calling", author="nurse")
    assert await wishes("consultation") == set()
    await add(store, "", kind="asked_for_phone_call", author="dawit")
    assert await wishes("consultation") == {"dawit"}


async def test_totals_tell_how_much_everybody_wrote_and_who_is_there(store: Store) -> None:
    await add(store, "é", "ab")
    await add(store, "", kind="joined")
    await add(store, "", kind="left")
    await add(store, "", kind="joined", author="nurse")
    await add(store, "", kind="call_started", author="nurse")
    assert await store.read.chat.written("consultation") == {
        "amina": stored_bytes("é") + stored_bytes("ab")
    }
    assert await store.read.chat.announced("consultation") == {"amina": "left", "nurse": "joined"}
