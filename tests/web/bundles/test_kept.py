"""Bundles of an earlier start are taken where nothing that they are made of has changed."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from web.bundles.kept import MOST, folder, kept
from web.static_files import kept_builds, read_sources


def counted(made: list[str], digest: str) -> Callable[[], bytes]:
    def make() -> bytes:
        made.append(digest)
        return digest.encode()

    return make


def test_what_was_made_is_made_once(tmp_path: Path) -> None:
    made: list[str] = []
    for digest in ("one", "one", "two", "one"):
        assert kept(tmp_path / "place", digest, counted(made, digest)) == digest.encode()
    assert made == ["one", "two"]
    assert kept(None, "one", counted(made, "one")) == b"one"
    assert made == ["one", "two", "one"], "without a place it is made each time"


def test_of_several_that_start_together_one_makes_it(tmp_path: Path) -> None:
    made: list[str] = []
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: kept(tmp_path, "one", counted(made, "one")), range(8)))
    assert (answers, made) == ([b"one"] * 8, ["one"])


def test_what_was_not_used_for_the_longest_time_goes(tmp_path: Path) -> None:
    made: list[str] = []
    for number in range(MOST):
        kept(tmp_path, str(number), counted(made, str(number)))
        os.utime(tmp_path / str(number), (number, number))
    kept(tmp_path, "0", counted(made, "0"))
    kept(tmp_path, "more", counted(made, "more"))
    names = {each.name for each in tmp_path.iterdir()} - {"lock"}
    assert names == {"0", "more", *map(str, range(2, MOST))}


def test_where_nothing_can_be_kept_it_is_made(tmp_path: Path) -> None:
    made: list[str] = []
    (tmp_path / "file").write_text("")
    for _ in range(2):
        assert kept(tmp_path / "file" / "place", "one", counted(made, "one")) == b"one"
    assert made == ["one", "one"]


def test_a_make_that_fails_keeps_nothing(tmp_path: Path) -> None:
    def fails() -> bytes:
        raise ValueError("refused")

    with pytest.raises(ValueError, match="refused"):
        kept(tmp_path, "one", fails)
    assert kept(tmp_path, "one", lambda: b"made") == b"made"


def test_it_is_kept_beside_the_compiler_of_this_checkout(tmp_path: Path) -> None:
    place = folder(tmp_path)
    assert place is not None
    assert "node_modules" in place.parts


def test_builds_are_the_same_whether_made_or_kept(tmp_path: Path) -> None:
    """And those of a file that is damaged or of other sources are made."""
    if folder() is None:
        pytest.fail("esbuild is not installed: scripts/setup --test")
    sources = {name: read_sources()[name] for name in ("css/base.css", "js/boot.js", "icon.svg")}
    both = [kept_builds(sources, tmp_path) for _ in range(2)]
    made, taken = both
    for before, after in zip(made, taken, strict=True):
        assert before.digest == after.digest
        assert before.files == after.files
        assert before.scripts(["js/boot.js"]) == after.scripts(["js/boot.js"])
    assert any(file.packed for file in taken[0].files.values())

    (file,) = (each for each in tmp_path.iterdir() if each.name != "lock")
    whole = file.read_bytes()
    for damaged in (b"", whole[: len(whole) // 2]):
        file.write_bytes(damaged)
        current, older = kept_builds(sources, tmp_path)
        assert (current.files, older.files) == (made[0].files, made[1].files)
        assert not file.exists(), "so that the next start keeps it again"
    changed = {**sources, "css/base.css": sources["css/base.css"] + b"\n.more { color: red }"}
    current, _older = kept_builds(changed, tmp_path)
    assert b".more{" in current.files["css/base.css"].plain
