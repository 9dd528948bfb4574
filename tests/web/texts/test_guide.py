"""The guide for schedulers: on the page of help, in its document, with its pictures."""

import re
from pathlib import Path

import pytest
from PIL import Image

from scripts.guide import document
from scripts.texts import COMPLETE
from tests.people import Person
from tests.serving import serving
from web.markup.desk.guide import HEIGHT, WIDTH
from web.texts.catalogs import OWN_NAMES, Catalogs
from web.texts.guide import (
    CHAPTERS,
    LABELS,
    PICTURED,
    PICTURES,
    guide_language,
    pictures_of,
    written,
)

ROOT = Path(__file__).parents[3]
SHOWN = sorted(
    path for folder in ("web/markup", "web/static/js") for path in (ROOT / folder).rglob("*.*")
)


async def test_schedulers_read_it_below_the_help_and_guests_do_not(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        await server.account()
        async with Person(server) as nurse, Person(server) as guest:
            await nurse.sign_in()
            page = (await nurse.get("/help?language=fr")).text
            assert re.search(r'<section[^>]* class="prose guide"[^>]* lang="fr"', page)
            [address, *others] = re.findall(r'<img[^>]*src="([^"]*/guide/fr/[^"]*)"', page)
            assert len(others) == len(PICTURES) - 1
            assert (await nurse.get(address)).status == 200
            assert "guide" not in (await guest.get("/help?language=fr")).text


@pytest.mark.parametrize("code", COMPLETE)
def test_complete_languages_have_it(code: str) -> None:
    assert guide_language(Catalogs.load(), code).code == code


def test_a_language_that_lacks_a_sentence_has_it_in_english() -> None:
    assert guide_language(Catalogs.load(), "xx").code == "en"


@pytest.mark.parametrize("code", OWN_NAMES)
def test_every_step_can_be_written(code: str) -> None:
    language = guide_language(Catalogs.load(), code)
    for chapter in CHAPTERS:
        for step in chapter.steps:
            text = written(step, language)
            assert "%(" not in text
            assert text.count("**") % 2 == 0


def test_it_names_only_labels_that_pages_have() -> None:
    sources = [path.read_text("utf-8") for path in SHOWN if path.suffix in (".py", ".js")]
    unknown = [label for label in LABELS.values() if not any(f'"{label}"' in s for s in sources)]
    assert not unknown


def test_every_label_is_used() -> None:
    used = set(re.findall(r"%\((\w+)\)s", " ".join(s.text for c in CHAPTERS for s in c.steps)))
    assert used == set(LABELS)


def test_every_picture_is_there_and_small() -> None:
    assert [s.picture for c in CHAPTERS for s in c.steps if s.picture] == list(PICTURES)
    for code in PICTURED:
        folder = ROOT / "web/static" / pictures_of(code)
        assert {path.stem for path in folder.iterdir()} == set(PICTURES)
        for path in folder.iterdir():
            with Image.open(path) as picture:
                assert picture.size == (WIDTH, HEIGHT), path
            assert path.stat().st_size <= 40_000, path


def test_the_document_is_the_guide() -> None:
    assert (ROOT / "docs/guide.md").read_text("utf-8") == document()
