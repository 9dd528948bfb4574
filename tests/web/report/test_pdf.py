"""The report as a PDF: readable in every script, whatever people wrote."""

import random
import re
import time
import unicodedata
from datetime import UTC, datetime, timedelta
from functools import cache
from io import BytesIO

import pypdfium2
import pytest
from fontTools.ttLib import TTFont
from fpdf import FPDF
from fpdf.bidi import BidiParagraph
from fpdf.enums import TextDirection
from PIL import Image, ImageChops, ImageDraw, ImageFont
from pypdf import PdfReader
from pypdf.errors import FileNotDecryptedError

from signaling.report import Report, ReportLine
from web.report.bidi import resolve_levels
from web.report.canvas import Canvas
from web.report.fonts import FILES, FontChoice, Fonts, Glyph, Run, path_of
from web.report.line_breaking import Line, lay_out
from web.report.pdf import draw
from web.report.plain_text import clean

START = datetime(2026, 11, 22, 17, 15, tzinfo=UTC)

# Pixels per point where images are compared: shapes then weigh more than their edges.
FINE = 6

SAMPLES = {
    "Latin": "Température 38,5 °C, SpO₂ ≥ 94 %",
    "Cyrillic": "Доброго дня, мене болить голова",
    "Greek": "Καλημέρα, έχω πυρετό",
    "Arabic": "مرحبا دكتور، أشعر بألم",
    "Persian": "سلام، من از دیروز تب دارم",
    "Pashto": "سلام ډاکټر، ښه، ږغ، ګډ، ټول",
    "Hebrew": "שלום דוקטור",
    "Ethiopic": "ሰላም ዶክተር፣ ሕመም ይሰማኛል።",
    "Burmese": "မင်္ဂလာပါ ဆရာဝန်၊ ဖျားနေပါတယ်။",
    "Chinese, simplified": "医生您好，我发烧了。",
    "Chinese, traditional": "醫師您好，頭痛得很厲害。",
    "Japanese": "こんにちは。カタカナ「括弧」",
    "Korean": "안녕하세요 의사 선생님",
    "Tamil": "வணக்கம் டாக்டர், காய்ச்சல்",
    "Devanagari": "नमस्ते डॉक्टर, बुखार है।",
    "Bengali": "নমস্কার ডাক্তার, জ্বর।",
    "Thai": "สวัสดีค่ะคุณหมอ ฉันมีไข้",
    "emoji": "😀🙏👍🩺",
}


def make(
    *texts: str, language: str = "en", password: str | None = None, author: str = "Amal"
) -> bytes:
    lines = tuple(
        ReportLine(author, START + timedelta(minutes=number), text)
        for number, text in enumerate(texts)
    )
    report = Report(language, "Europe/Zurich", START, lines)
    return draw(report, str, brand="TeleConnect", made_at=START, password=password)


def read(data: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(data)).pages)


def picture(data: bytes, page: int = 0, scale: float = 2) -> Image.Image:
    document = pypdfium2.PdfDocument(data)
    try:
        drawn: Image.Image = document[page].render(scale=scale).to_pil()
        return drawn.convert("L")
    finally:
        document.close()


def ink_box(text: str, scale: float = 2) -> tuple[Image.Image, tuple[int, int, int, int]]:
    """Where a message is drawn: the difference to a report with an empty message."""
    full, bare = (picture(make(each), scale=scale) for each in (text, ""))
    box = ImageChops.difference(full, bare).getbbox()
    assert box, "nothing was drawn"
    return full.crop(box), box


def test_latin_cyrillic_and_amharic_can_be_read_back_with_author_date_and_time() -> None:
    text = read(
        make(SAMPLES["Latin"], SAMPLES["Cyrillic"], SAMPLES["Ethiopic"], author="Оксана Müller")
    )
    for expected in (
        SAMPLES["Latin"],
        SAMPLES["Cyrillic"],
        SAMPLES["Ethiopic"],
        "Оксана Müller",
        "Sunday, 22 November 2026",
        "18:15",
        "18:17",
        "Central European Time (Europe/Zurich)",
        "Page 1 of 1",
        "TeleConnect",
    ):
        assert expected in text


@pytest.mark.parametrize("script", SAMPLES)
def test_every_character_is_drawn_by_a_font_that_knows_it(script: str) -> None:
    text = SAMPLES[script]
    for character, choice in zip(text, Fonts().choose(text), strict=True):
        assert ord(character) in characters_of(choice.file), (character, choice.file)


@cache
def characters_of(file: str) -> frozenset[int]:
    with TTFont(path_of(file), lazy=True) as font:
        return frozenset(font.getBestCmap())


@pytest.mark.parametrize("script", SAMPLES)
def test_no_glyph_is_the_box_for_missing_ones(script: str) -> None:
    lines = lay_out(SAMPLES[script], Fonts(), size=10, width=1000, rtl=False)
    glyphs = [glyph for line in lines for run in line.runs for glyph in run.glyphs]
    assert glyphs and all(glyph.id for glyph in glyphs)


@pytest.mark.parametrize(
    ("script", "file"),
    [
        ("Cyrillic", "NotoSans-Regular"),
        ("Ethiopic", "NotoSansEthiopic-Regular"),
        ("Chinese, simplified", "DroidSansFallback"),
        ("Chinese, traditional", "DroidSansFallback"),
        ("Korean", "DroidSansFallback"),
    ],
)
def test_simple_scripts_look_as_another_engine_draws_them(script: str, file: str) -> None:
    # Two letters: the other engine rounds every step to whole dots and cannot kern.
    text = "".join(character for character in SAMPLES[script] if character.isalpha())[:2]
    drawn, _ = ink_box(text, FINE)
    assert difference(drawn, expected_picture(text, file)) < 0.1


def test_arabic_letters_join_and_run_from_right_to_left() -> None:
    # FreeType without shaping needs the joined forms explicitly, in visual order.
    joined = "\ufeb3\ufefc\ufee1"  # seen, lam-alef, meem: "سلام"
    drawn, _ = ink_box("سلام", FINE)
    expected = expected_picture(joined[::-1], "NotoNaskhArabic-Regular")
    backwards = expected_picture(joined, "NotoNaskhArabic-Regular")
    assert difference(drawn, expected) < 0.1
    assert difference(drawn, backwards) > difference(drawn, expected) * 1.5


@pytest.mark.parametrize(
    ("text", "swapped", "file"),
    [
        # The vowel sign e is encoded after its consonant and drawn before it.
        ("ကေ", "\u1031\u1000", "NotoSansMyanmar-Regular"),
        ("கெ", "\u0bc6\u0b95", "NotoSansTamil-Regular"),
    ],
)
def test_vowels_stand_where_readers_expect_them(text: str, swapped: str, file: str) -> None:
    drawn, _ = ink_box(text, FINE)
    assert difference(drawn, expected_picture(swapped, file)) < 0.1
    assert difference(drawn, expected_picture(swapped[::-1], file)) > 0.2


def expected_picture(text: str, file: str) -> Image.Image:
    """Characters drawn one after the other by FreeType, without shaping."""
    font = ImageFont.truetype(path_of(file), 10.5 * FINE, layout_engine=ImageFont.Layout.BASIC)
    canvas = Image.new("L", (3000, 300), 255)
    ImageDraw.Draw(canvas).text((60, 60), text, font=font, fill=32)
    box = ImageChops.invert(canvas).getbbox()
    assert box
    return canvas.crop(box)


def difference(one: Image.Image, other: Image.Image) -> float:
    """The difference of two images, slightly blurred: 0 is equal, 1 is black against white."""
    assert abs(one.width - other.width) <= 4 + one.width * 0.03, (one.size, other.size)
    size = (one.width // 3, one.height // 3)
    left, right = one.resize(size, Image.Resampling.BOX), other.resize(size, Image.Resampling.BOX)
    values = ImageChops.difference(left, right).histogram()
    return sum(value * count for value, count in enumerate(values)) / (255 * size[0] * size[1])


def test_right_to_left_messages_begin_at_the_right_margin() -> None:
    _, (arabic_left, _, arabic_right, _) = ink_box("مرحبا")
    _, (latin_left, _, latin_right, _) = ink_box("Hello")
    assert arabic_right > 1060 and arabic_left > 900
    assert latin_left < 130 and latin_right < 250


@pytest.mark.parametrize("language", ["ar", "fa", "prs", "ps", "he", "ur", "fa-AF"])
def test_a_right_to_left_language_mirrors_the_page(language: str) -> None:
    title = ImageChops.invert(picture(make(language=language)).crop((0, 140, 1191, 212)))
    left, right = title.crop((0, 0, 590, 72)), title.crop((600, 0, 1191, 72))
    assert sum(left.histogram()[100:]) == 0
    assert sum(right.histogram()[100:]) > 500


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("abc مرحبا 39 دكتور def", "abc روتكد 39 ابحرم def"),
        ("الحرارة 39.5 °C الآن", "نآلا 39.5 °C ةرارحلا"),
        ("رقمي +49 170 1234567", "+49 170 1234567 يمقر"),
        ("الضغط (120/80) جيد", "ديج (120/80) طغضلا"),
        ("שלום abc (עולם)", "(םלוע) abc םולש"),
        ("-5 °C شتاء", "ءاتش -5 °C"),
    ],
)
def test_mixed_directions_are_seen_in_the_right_order(text: str, seen: str) -> None:
    (line,) = lay_out(text, Fonts(), size=10, width=1000, rtl=False)
    mirror = str.maketrans("()", ")(")
    order = "".join(run.text[::-1].translate(mirror) if run.rtl else run.text for run in line.runs)
    assert order == seen


def test_levels_agree_with_an_independent_implementation() -> None:
    chance = random.Random(9)
    alphabet = "aZ 1٣.,-+%$(){}אבسل\u0300\u2066\u2067\u2068\u2069\u200f/:"
    for _ in range(3000):
        text = "".join(chance.choices(alphabet, k=chance.randint(1, 14)))
        base = chance.randint(0, 1)
        direction = TextDirection.RTL if base else TextDirection.LTR
        characters = BidiParagraph(text, direction, preserve_bn_chars=True).characters
        expected = [character.embedding_level for character in characters]
        assert resolve_levels(text, base) == expected, ascii(text)


def test_a_long_message_goes_on_over_pages_with_head_and_page_numbers() -> None:
    words = " ".join(f"word{number}" for number in range(3000))
    reader = PdfReader(BytesIO(make(words)))
    pages = [page.extract_text() for page in reader.pages]
    assert len(pages) > 3
    for number, page in enumerate(pages, 1):
        assert f"Page {number} of {len(pages)}" in page
        assert "TeleConnect" in page and "Consultation report" in page
    assert [word for page in pages for word in page.split() if word.startswith("word")] == (
        words.split()
    )


def test_a_word_of_a_hundred_thousand_letters_is_cut_and_kept() -> None:
    text = read(make("x" * 100_000))
    assert text.count("x") == 100_000


@pytest.mark.parametrize("blank", ["\n\n", "\n\n\n \n", "\r\n\r\n", "\n\u200b\n", "\n\u00ad\n"])
@pytest.mark.parametrize(("first", "second"), [("Findings", "Plan"), ("النتائج", "الخطة")])
def test_blank_lines_stand_between_the_paragraphs_of_a_message(
    first: str, second: str, blank: str
) -> None:
    lines = lay_out(f"{first}{blank}{second}", Fonts(), size=10, width=200, rtl=False)
    assert ["".join(run.text for run in line.runs).strip("\u200b") for line in lines] == [
        first,
        "",
        second,
    ]
    assert lines[1].width == 0 < lines[1].leading
    assert "Findings\nPlan" in read(make(f"Findings{blank}Plan"))


def test_no_line_is_wider_than_its_column() -> None:
    fonts = Fonts()
    for text in ("https://example.org/" + "a-b/" * 200, *(s * 20 for s in SAMPLES.values())):
        for line in lay_out(text, fonts, size=10, width=200, rtl=False):
            assert line.width <= 201, text[:20]


def test_control_characters_vanish_and_broken_ones_are_marked() -> None:
    assert clean("a\x00b\x1b[0m\x07\u00adc\r\nd\u2028e\ud83d!") == "ab[0mc\nd\ne\ufffd!"
    assert clean("\ud83d\ude00") == "😀"
    assert "left bell" in read(make("left\x07 bell\x00"))


def test_what_no_font_shows_is_named() -> None:
    assert "[U+12000 CUNEIFORM SIGN A] and [U+E000]" in read(make("\U00012000 and \ue000"))


def test_much_that_no_font_shows_is_numbered_and_nothing_of_it_is_lost() -> None:
    signs = "".join(chr(0x12000 + number) for number in range(300))
    text = "".join(read(make(f"{signs} and {signs[0] * 500}")).split())
    assert f"[U+{''.join(f'{ord(sign):04X}' for sign in signs)}]and[U+12000x500]" in text


HOSTILE = {
    "no font": "".join(chr(0x12000 + place % 900) for place in range(4000)),
    "no font, one sign": "\U00012000" * 4000,
    "no font, between letters": "a\ue000" * 2000,
    "no font, between spaces": "\ue000 " * 2000,
    "Tibetan": "".join(chr(0x0F40 + place % 40) for place in range(4000)),
    "marks": "".join(
        chr(97 + place % 26)
        + "".join(chr(0x300 + (place * 7 + mark * 5) % 70) for mark in range(6))
        for place in range(570)
    ),
    "turning directions": "a\u05d0" * 2000,
}


def work(data: bytes) -> tuple[int, int]:
    """The cost of drawing: numbers of rows of glyphs and of glyphs in the file."""
    streams = [page.get_contents() for page in PdfReader(BytesIO(data)).pages]
    drawn = b"".join(stream.get_data() for stream in streams if stream is not None)
    return drawn.count(b" BT "), sum(len(codes) // 4 for codes in re.findall(rb"<(\w+)>", drawn))


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_message_takes_little_more_work_than_any_other(text: str) -> None:
    _, usual = work(make("All is well, " * 308))
    rows, glyphs = work(make(text))
    assert glyphs < 7 * usual
    assert rows < len(text) * 1.1


def test_any_character_at_all_is_drawn_without_a_crash_or_a_box() -> None:
    chance = random.Random(4)
    fonts = Fonts()
    for _ in range(60):
        text = "".join(chr(chance.randrange(0x110000)) for _ in range(60))
        for line in lay_out(text, fonts, size=10, width=300, rtl=False):
            for run in line.runs:
                for glyph in run.glyphs:
                    assert glyph.id or unicodedata.category(run.text[glyph.cluster]) == "Zs", run
    make("".join(chr(chance.randrange(0x110000)) for _ in range(300)))


@pytest.mark.parametrize(
    "text", ["$" * 3000, "\u2067" * 3000 + "a", "a" + "\u0301" * 3000, "(" * 900]
)
def test_hostile_repetition_is_drawn(text: str) -> None:
    assert make(text + "\nא")


def test_markup_and_placeholders_are_plain_text() -> None:
    assert "{nb} **b** <b>x</b> %(page)s" in read(make("{nb} **b** <b>x</b> %(page)s"))


def test_a_password_is_needed_and_suffices() -> None:
    data = make("Secret words", password="ሰላም-correct")
    reader = PdfReader(BytesIO(data))
    assert reader.is_encrypted
    assert not reader.decrypt("wrong") and not reader.decrypt("")
    with pytest.raises(FileNotDecryptedError):
        reader.pages[0].extract_text()
    assert b"AESV3" in data and b"Secret words" not in data
    assert reader.decrypt("ሰላም-correct")
    assert "Secret words" in reader.pages[0].extract_text()


def test_the_same_report_gives_the_same_bytes() -> None:
    texts = tuple(SAMPLES.values())
    assert make(*texts) == make(*texts)


def test_files_are_small() -> None:
    assert len(make("Hello", "Bonjour")) < 30_000
    assert len(make(*SAMPLES.values())) < 150_000


def test_a_small_report_is_drawn_quickly() -> None:
    began = time.process_time()  # a busy machine is no fault of the report
    make("Hello")
    assert time.process_time() - began < 5


def test_an_empty_chat_is_said_to_be_empty() -> None:
    assert "Nothing was written in the chat." in read(make())


def test_a_consultation_that_never_started_says_so() -> None:
    report = Report("en", "UTC", None)
    text = read(draw(report, str, brand="TeleConnect", made_at=START))
    assert "The consultation was not started." in text


def test_facts_that_are_switched_on_are_drawn() -> None:
    end = START + timedelta(minutes=65)
    lines = (ReportLine("", START + timedelta(days=1), "Amal came in", "event"),)
    report = Report("fr", "Europe/Zurich", START, lines, names=("Amal", "Оксана"), ended_at=end)
    text = read(draw(report, str, brand="TeleConnect", made_at=START))
    for expected in (
        "Amal\nОксана",
        "19:20",
        "1\u00a0heure 5 minutes",
        "dimanche 22 novembre 2026",
    ):
        assert expected in text
    assert "lundi 23 novembre 2026" in text and "Amal came in" in text


def test_texts_come_from_the_catalog() -> None:
    catalog = {
        "Consultation report": "Compte rendu",
        "Page %(page)s of %(pages)s": "%(page)s/%(pages)s",
    }
    report = Report("fr", "Europe/Zurich", START)
    data = draw(report, lambda text: catalog.get(text, text), brand="Clinic", made_at=START)
    assert "Compte rendu" in read(data) and "1/1" in read(data)
    reader = PdfReader(BytesIO(data))
    assert reader.metadata and reader.metadata.title == "Compte rendu"
    assert str(reader.root_object["/Lang"]) == "fr"


@pytest.mark.parametrize("language", ["so", "ti", "am", "sw", "ps", "xx", "not a language", ""])
def test_any_language_tag_gets_a_report_in_the_gregorian_calendar(language: str) -> None:
    text = read(make("Hello", language=language))
    assert "2026" in text or "۲۰۲۶" in text


@pytest.mark.parametrize("file", FILES)
def test_two_glyphs_of_a_cluster_are_drawn_as_one_in_every_font(file: str) -> None:
    two = Run(
        "ab", FontChoice(file, ""), False, (Glyph(1, 0, 0.5, 0, 0), Glyph(2, 0, 0.5, 0, 0)), 1.0
    )
    pdf = FPDF(unit="pt", format="A4")
    canvas = Canvas(pdf)
    canvas.add_page()
    canvas.draw(Line((two,), False, 1.4, 10), 50, 50, 10, (0, 0, 0), False)
    assert read(bytes(pdf.output())).strip() == "ab"


@pytest.mark.parametrize(
    "text", ["\u2764\ufe0f", "\U0001f9d1\u200d\u2695\ufe0f", "\u304b\u309a", "\u1112\u119e"]
)
def test_characters_of_several_code_points_are_drawn_and_read_back(text: str) -> None:
    data = make(f"before {text} after")
    assert f"before {text} after" in read(data)


def test_all_shipped_fonts_are_listed() -> None:
    shipped = {path.stem for path in path_of("x").parent.glob("*.ttf")}
    assert shipped == {*FILES, "NotoSans-Bold"}
