"""The list of what was purged: durable, tolerant of torn lines, bounded."""

import asyncio
import resource
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from signaling.errors import Unavailable
from storage.errors import StorageError
from storage.folder.purged_list import KEPT, PurgedList, digest
from tests.engines.databases import open_store


@pytest.fixture
def purged(tmp_path: Path) -> PurgedList:
    return PurgedList(tmp_path / "purged.log")


async def test_what_was_added_is_listed_with_its_day(purged: PurgedList) -> None:
    await purged.add(["consultation-1", "consultation-2"])
    await purged.add(["consultation-3"])
    today = datetime.now(UTC).date()
    listed = await asyncio.to_thread(purged.read)
    assert list(listed) == [digest(f"consultation-{number}") for number in (1, 2, 3)]
    assert all(today - day <= timedelta(days=1) for day in listed.values())


async def test_the_list_does_not_hold_the_ids_themselves(
    purged: PurgedList, tmp_path: Path
) -> None:
    await purged.add(["consultation-1"])
    assert b"consultation-1" not in (tmp_path / "purged.log").read_bytes()


async def test_an_absent_list_is_empty(purged: PurgedList) -> None:
    assert await asyncio.to_thread(purged.read) == {}


async def test_a_torn_line_spoils_no_other(purged: PurgedList, tmp_path: Path) -> None:
    await purged.add(["consultation-1"])
    with (tmp_path / "purged.log").open("ab") as file:
        file.write(b"2026-12-0\xff")
    await purged.add(["consultation-2"])
    assert list(await asyncio.to_thread(purged.read)) == [
        digest("consultation-1"),
        digest("consultation-2"),
    ]


async def test_what_is_older_than_any_backup_is_dropped(purged: PurgedList, tmp_path: Path) -> None:
    today = datetime.now(UTC).date()
    old, young = today - KEPT - timedelta(days=1), today - KEPT + timedelta(days=1)
    lines = f"{old} {digest('old')}\n{young} {digest('young')}\n{today} {digest('new')}\n"
    (tmp_path / "purged.log").write_text(lines)
    await asyncio.to_thread(purged.prune)
    assert set(await asyncio.to_thread(purged.read)) == {digest("young"), digest("new")}


async def test_a_clock_that_is_years_ahead_drops_nothing(
    purged: PurgedList, monkeypatch: pytest.MonkeyPatch
) -> None:
    await purged.add(["consultation-1"])
    day = datetime.now(UTC).date()
    monkeypatch.setattr("storage.folder.purged_list._today", lambda: day.replace(year=2099))
    await asyncio.to_thread(purged.prune)
    entries = await asyncio.to_thread(purged.read)
    await asyncio.to_thread(purged.replace, entries)
    assert list(await asyncio.to_thread(purged.read)) == [digest("consultation-1")]


async def test_the_latest_day_of_a_repeated_id_counts(purged: PurgedList, tmp_path: Path) -> None:
    today = datetime.now(UTC).date()
    lines = f"{today} {digest('one')}\n1970-01-01 {digest('one')}\n"
    (tmp_path / "purged.log").write_text(lines)
    await asyncio.to_thread(purged.prune)
    assert await asyncio.to_thread(purged.read) == {digest("one"): today}


async def test_a_torn_line_does_not_count(purged: PurgedList, tmp_path: Path) -> None:
    """A nearly full disk writes a part, and reports it by the count alone."""
    await purged.add(["consultation-1"])
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(
        resource.RLIMIT_FSIZE, ((tmp_path / "purged.log").stat().st_size + 20, limit[1])
    )
    try:
        with pytest.raises(Unavailable):
            await purged.add(["consultation-2"])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    await purged.add(["consultation-2"])
    assert list(await asyncio.to_thread(purged.read)) == [
        digest("consultation-1"),
        digest("consultation-2"),
    ]


async def test_a_list_that_cannot_be_read_is_reported_in_a_sentence(tmp_path: Path) -> None:
    await (await open_store(tmp_path)).close()
    (tmp_path / "purged.log").mkdir()
    with pytest.raises(
        StorageError,
        match=r"The list of what was deleted .*/purged.log cannot be read: Is a direct",
    ):
        await open_store(tmp_path)


async def test_a_list_that_cannot_be_written_stops_the_purge(tmp_path: Path) -> None:
    (tmp_path / "purged.log").mkdir()
    with pytest.raises(Unavailable):
        await PurgedList(tmp_path / "purged.log").add(["consultation-1"])
