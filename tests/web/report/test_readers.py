"""The text of a report can be searched and copied in PDF readers."""

import re
from pathlib import Path

from scripts.report_readers import (
    EXACT,
    READERS,
    SENTENCES,
    outcomes,
    plain,
    read_by_pdfium,
    report,
)

TABLE = Path(__file__).parents[3] / "docs/reports.md"
RIGHT_TO_LEFT = ("Arabic", "Persian", "Pashto", "Urdu", "Sorani", "Hebrew")


def test_every_reader_gives_back_each_sentence_of_the_scripts_that_run_left_to_right() -> None:
    for kind, read in outcomes().items():
        if not kind.startswith(RIGHT_TO_LEFT):
            assert set(read.values()) == {EXACT}, (kind, read)


def test_what_the_table_of_readers_calls_exact_is_exact() -> None:
    rows = dict(re.findall(r"^\| ([^|]+) \| (.+) \|$", TABLE.read_text("utf-8"), re.MULTILINE)[2:])
    assert list(rows) == list(SENTENCES)
    for kind, cells in rows.items():
        for reader, said in zip(READERS, cells.split(" | "), strict=True):
            found = outcomes()[kind][reader]
            # Other versions of poppler may order the rest differently.
            assert found == said or (reader == "poppler" and said != EXACT), (kind, reader)


def test_words_stay_whole_over_the_ends_of_lines() -> None:
    kinds = ("Burmese", "Khmer", "Thai", "Bengali", "Tamil", "Arabic, vowels", "Persian", "Hebrew")
    texts = {kind: " ".join([SENTENCES[kind][1]] * 6) for kind in kinds}
    found = "".join(plain(read_by_pdfium(report("en", *texts.values()))).split())
    for kind, text in texts.items():
        assert "".join(text.split()) in found, kind


def test_no_reader_finds_a_sign_that_nobody_wrote() -> None:
    data = report("en", *(SENTENCES[kind][1] for kind in ("Tamil", "Burmese", "Hebrew, points")))
    for read in READERS.values():
        assert not re.findall("[\x00-\x08\x0e-\x1f]", read(data))
    text = SENTENCES["Arabic, vowels"][1]
    assert "".join(text.split()) in "".join(plain(read_by_pdfium(report("ar", text))).split())
