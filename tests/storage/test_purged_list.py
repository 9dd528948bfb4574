"""The list of what was purged: durable, tolerant of what a power cut leaves, not endless."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from signaling.errors import Unavailable
from storage.purged_list import KEPT, PurgedList, digest


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


async def test_the_ids_themselves_are_not_in_it(purged: PurgedList, tmp_path: Path) -> None:
    await purged.add(["consultation-1"])
    assert b"consultation-1" not in (tmp_path / "purged.log").read_bytes()


async def test_an_absent_list_is_empty(purged: PurgedList) -> None:
    assert await asyncio.to_thread(purged.read) == {}


async def test_half_a_line_spoils_no_other(purged: PurgedList, tmp_path: Path) -> None:
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
    lines = f"{old} {digest('old')}\n{young} {digest('young')}\n"
    (tmp_path / "purged.log").write_text(lines)
    await asyncio.to_thread(purged.prune)
    assert await asyncio.to_thread(purged.read) == {digest("young"): young}


async def test_a_list_that_cannot_be_written_holds_the_purge_up(tmp_path: Path) -> None:
    (tmp_path / "purged.log").mkdir()
    with pytest.raises(Unavailable):
        await PurgedList(tmp_path / "purged.log").add(["consultation-1"])
