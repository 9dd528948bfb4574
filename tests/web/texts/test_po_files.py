"""Catalogs are read as babel, which writes them, reads them."""

from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from web.texts.po_files import Message, PoFile, read

LOCALES = Path(__file__).parents[3] / "signaling/locales"


def by_babel(text: str, language: str) -> PoFile:
    catalog = read_po(BytesIO(text.encode()), locale=language)
    messages = []
    for each in catalog:
        if not each.id:
            continue
        one, many = (each.id, "") if isinstance(each.id, str) else each.id
        forms = (each.string,) if isinstance(each.string, str) else tuple(each.string or ())
        files = tuple(name for name, _ in each.locations)
        messages.append(Message(one, many, forms, each.fuzzy, files))
    return PoFile(catalog.plural_expr, tuple(messages))


@pytest.mark.parametrize("file", sorted(LOCALES.glob("*.po")), ids=lambda file: file.stem)
def test_a_catalog_is_what_babel_finds_in_it(file: Path) -> None:
    text = file.read_text("utf-8")
    found = read(text)
    assert len(found.messages) > 1000
    assert found == by_babel(text, file.stem)


SAMPLE = r"""# Words.
msgid ""
msgstr ""
"Language: fr\n"
"Content-Type: text/plain; charset=utf-8\n"
"Plural-Forms: nplurals=2; plural=(n > 1);\n"

#: web/a.py web/static/js/b.js
#, fuzzy, python-format
msgid "One \"word\""
msgstr "Un \\ \t\n"

#: web/c.py
msgid ""
"Over "
"lines"
msgstr ""
"Sur des "
"lignes"

#, python-format
msgid "%(count)s day"
msgid_plural "%(count)s days"
msgstr[0] "%(count)s jour"
msgstr[1] ""

#~ msgid "Gone"
#~ msgstr "Parti"

msgid "Last"
msgstr ""
"""


def test_strings_marks_and_forms_are_read() -> None:
    assert read(SAMPLE) == PoFile(
        "(n > 1)",
        (
            Message('One "word"', "", ("Un \\ \t\n",), True, ("web/a.py", "web/static/js/b.js")),
            Message("Over lines", "", ("Sur des lignes",), False, ("web/c.py",)),
            Message("%(count)s day", "%(count)s days", ("%(count)s jour", ""), False, ()),
            Message("Last", "", ("",), False, ()),
        ),
    )


def test_babel_reads_the_same() -> None:
    assert read(SAMPLE) == by_babel(SAMPLE, "fr")


def test_without_its_last_line_end_a_file_is_whole() -> None:
    assert read(SAMPLE.rstrip("\n")) == read(SAMPLE)
