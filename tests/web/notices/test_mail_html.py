"""HTML mails from operators' Markdown."""

import time
from contextlib import suppress
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.errors import InvalidInput
from signaling.text import literal
from web.notices.mail_html import MAX_LENGTH, plain, render
from web.settings.palette import OWN_PALETTE, palette_of
from web.texts.safe_markdown import MAX_BRACKETS


class Reader(HTMLParser):
    """Tags, attributes and text of a document."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.text = ""
        self.feed(document.partition("<main>")[2].partition("</main>")[0])
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_language_and_direction_are_said() -> None:
    document = render("مرحبا", "ar", "rtl")
    assert document.startswith('<!doctype html>\n<html lang="ar" dir="rtl">')
    assert '<body lang="ar" dir="rtl">' in document
    assert "<p>مرحبا</p>" in document


def test_light_and_dark_are_both_declared() -> None:
    document = render("Hello", "en", "ltr")
    assert '<meta name="color-scheme" content="light dark">' in document
    assert "prefers-color-scheme: dark" in document


def test_markdown_becomes_html() -> None:
    read = Reader(render("# Hello\n\n**You** are invited\nsoon\n\n- one\n- two", "en", "ltr"))
    assert read.tags == ["h1", "p", "strong", "br", "ul", "li", "li"]


def test_a_paragraph_that_is_one_link_is_a_button() -> None:
    document = render("[Join the session](https://tele.example/i/a?b=1&c=2)", "en", "ltr")
    assert 'href="https://tele.example/i/a?b=1&amp;c=2" style="display:inline-block' in document
    assert "style=" not in render("See [this](https://tele.example).", "en", "ltr")


def test_a_mail_has_one_button_and_other_links_are_quiet() -> None:
    two = "[Join](https://tele.example/i/a)\n\n[Test my device](https://tele.example/i/a/test)"
    document = render(two, "en", "ltr")
    assert document.count("style=") == 1
    assert document.index("style=") < document.index("/test")


def test_a_mail_has_the_colors_of_the_product_or_of_the_organization() -> None:
    base = Path("web/static/css/base.css").read_text(encoding="utf-8")
    assert f"--accent: {OWN_PALETTE.light.accent};" in base
    assert f"--accent: {OWN_PALETTE.dark.accent};" in base
    link = "[Join](https://tele.example/i/a)"
    assert f"background:{OWN_PALETTE.light.accent}" in render(link, "en", "ltr")
    red = palette_of("#aa1122")
    document = render(link, "en", "ltr", red)
    assert f"background:{red.light.accent};color:{red.light.on_accent}" in document
    assert f"a {{ color: {red.dark.accent}; }}" in document
    assert OWN_PALETTE.light.accent not in document


@pytest.mark.parametrize(
    "evil",
    [
        "<script>alert(1)</script>",
        '<img src=x onerror="alert(1)">',
        "![pixel](https://tracker.example/p.gif)",
        "[click](javascript:alert(1))",
        "[click](JaVaScRiPt:alert(1))",
        "[click](data:text/html,x)",
        '<a href="https://x.example" onclick="x()" style="position:fixed">x</a>',
        "<style>body{display:none}</style>",
        "<form action=https://x.example><input></form>",
        "<iframe src=https://x.example></iframe>",
        '<svg onload="x()">',
        '<p style="background:url(https://x.example)">x</p>',
        "</main></body></html><script>x</script>",
        "{body} {language} {0}",
    ],
)
def test_nothing_active_survives(evil: str) -> None:
    read = Reader(render(evil, "en", "ltr"))
    assert not {"script", "img", "style", "form", "input", "iframe", "svg"} & set(read.tags)
    for tag, name, value in read.attributes:
        assert (tag, name) in {("a", "href"), ("a", "rel")} or name == "style"
        if name == "href":
            assert value and value.startswith(("https:", "http:", "mailto:", "tel:"))
        if name == "style":
            assert tag == "a" and value and value.startswith("display:inline-block")


TYPED = [
    "2*3*4 = 24",
    "1*2*5mg",
    "# not a heading",
    "1. not a list",
    "- not a list",
    "> not a quote",
    "<b>not bold</b> & co",
    "[not a link](https://x.example)",
    "`code` _under_ **stars** ~~x~~ | a | b |",
    "    not code",
    "\tnot code",
    "&lt; stays &amp; so",
    "https://x.example",
    "![x](y)",
    "\\* {: dir=rtl }",
    "Amina 🙂 موعد",
    "===",
    "---",
    "$name ${note} %(name)s {0}",
]


@pytest.mark.parametrize("typed", TYPED)
@pytest.mark.parametrize("around", ["%s", "Note: %s.", "**%s**"])
def test_what_people_type_comes_out_as_typed(typed: str, around: str) -> None:
    read = Reader(render(around % literal(typed), "en", "ltr"))
    assert set(read.tags) <= {"p", "strong"}
    expected = around.replace("*", "") % " ".join(typed.split())
    assert read.text.strip() == expected


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=80))
def test_no_typed_text_becomes_markup(typed: str) -> None:
    read = Reader(render("Note: " + literal(typed), "en", "ltr"))
    assert set(read.tags) <= {"p", "br"}
    assert "".join(read.text.split()) == "".join(("Note: " + typed).split())


def test_the_text_part_shows_what_people_typed() -> None:
    assert plain("Hello " + literal("Dr. <b> & [x]")) == "Hello Dr. <b> & [x]"


@pytest.mark.parametrize(
    "shape",
    ["[" * 5000, "x" * 8001, ">" * 5000, "> " * 500, "    " * 300 + "- x", "\t" * 100 + "x"],
)
def test_what_would_hold_up_the_server_is_refused(shape: str) -> None:
    with pytest.raises(InvalidInput):
        render(shape, "en", "ltr")


@pytest.mark.parametrize(
    "unit",
    [
        *("[", "![", "*", "**a", "_", "`", "``a", "<", "<a", "&", "&#", "\\", "|", "a|b\n"),
        *("- \n", "> a\n", "1. a\n", "# ", "(", "[a](", "[a]: b\n", "<!--", "\n", " ", "<div>"),
    ],
)
def test_whatever_is_accepted_takes_a_short_time(unit: str) -> None:
    began = time.process_time()
    with suppress(InvalidInput):
        render(
            (unit * 8000)[: MAX_BRACKETS * len(unit) if "[" in unit else MAX_LENGTH], "en", "ltr"
        )
    assert time.process_time() - began < 1


@pytest.mark.parametrize("language", ["", 'en"><script>', "e", "en_US"])
def test_a_language_that_is_none_is_refused(language: str) -> None:
    with pytest.raises(ValueError):
        render("Hello", language, "ltr")


@given(st.text(st.sampled_from("*_`[]()<>!#-+.\\&|:\n \tab1~{}\"'="), max_size=200))
def test_any_markdown_is_rendered_or_refused(text: str) -> None:
    try:
        read = Reader(render(text, "en", "ltr"))
    except InvalidInput:
        return
    assert not {"script", "img", "style"} & set(read.tags)
