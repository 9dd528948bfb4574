"""Prints `docs/reports.md`, what PDF readers extract from a report.

`python -m scripts.report_readers` draws a report for each direction and language, with the server's
own texts, and has its text extracted by PDFium (the reader in Chromium), poppler (in the readers of
Linux desktops) and pypdf. It needs what scripts/setup --test installs.
"""

import argparse
import re
import subprocess
import sys
import unicodedata
from datetime import UTC, datetime, timedelta
from functools import cache
from io import BytesIO

import pypdfium2
from pypdf import PdfReader

from signaling.report import Report, ReportLine
from web.report.pdf import draw
from web.texts.catalogs import translations_of

SENTENCES = {
    "Latin": ("en", "Température 38,5 °C, SpO₂ ≥ 94 % et un œdème léger."),
    "Latin, stacked marks": ("en", "Yorùbá: mo ní ẹ̀fọ́rí àti inú rírun, ọ̀rẹ́."),
    "Cyrillic": ("en", "Доброго дня, мене болить голова з учора."),
    "Greek": ("en", "Καλημέρα, έχω πυρετό και πονοκέφαλο."),
    "Armenian": ("en", "Բարեւ Ձեզ բժիշկ, ջերմություն ունեմ։"),
    "Georgian": ("en", "გამარჯობა ექიმო, სიცხე მაქვს."),
    "Ethiopic": ("en", "ሰላም ዶክተር፣ ሕመም ይሰማኛል።"),
    "Burmese": ("en", "မင်္ဂလာပါ ဆရာဝန်၊ ကျွန်တော် ဖျားနေပါတယ်။"),
    "Chinese": ("en", "医生您好，我发烧了，頭痛得很厲害。"),
    "Japanese": ("en", "こんにちは。カタカナ「括弧」がある"),
    "Korean": ("en", "안녕하세요 의사 선생님, 열이 나요."),
    "Tamil": ("en", "வணக்கம் டாக்டர், கொழும்பு காய்ச்சல் இருக்கிறது."),
    "Devanagari": ("en", "नमस्ते डॉक्टर, मुझे बुखार और सिरदर्द है।"),
    "Bengali": ("en", "নমস্কার ডাক্তার, আমার জ্বর ও মাথাব্যথা আছে।"),
    "Thai": ("en", "สวัสดีค่ะคุณหมอ ฉันมีไข้ น้ำตาไหล"),
    "Khmer": ("en", "ជំរាបសួរលោកវេជ្ជបណ្ឌិត ខ្ញុំមានគ្រុនក្តៅ"),
    "Lao": ("en", "ສະບາຍດີທ່ານໝໍ ຂ້ອຍເປັນໄຂ້"),
    "Gurmukhi": ("en", "ਸਤ ਸ੍ਰੀ ਅਕਾਲ ਡਾਕਟਰ ਜੀ, ਮੈਨੂੰ ਬੁਖਾਰ ਹੈ"),
    "Gujarati": ("en", "નમસ્તે ડૉક્ટર, મને તાવ છે"),
    "Telugu": ("en", "నమస్కారం డాక్టర్, నాకు జ్వరం వచ్చింది"),
    "Kannada": ("en", "ನಮಸ್ಕಾರ ವೈದ್ಯರೇ, ನನಗೆ ಜ್ವರ ಬಂದಿದೆ"),
    "Malayalam": ("en", "നമസ്കാരം ഡോക്ടർ, എനിക്ക് പനിയുണ്ട്"),
    "Sinhala": ("en", "ආයුබෝවන් වෛද්‍යතුමනි, මට උණ තිබේ"),
    "emoji": ("en", "😀 🙏 👍🏽 🩺"),
    "Arabic": ("ar", "مرحبا دكتور أشعر بألم في الصدر منذ الأمس ولا أستطيع النوم والحمد لله"),
    "Arabic, comma": ("ar", "أشعر بألم في الصدر، ولا أستطيع النوم."),
    "Arabic, vowels": ("ar", "هَذَا الدَّوَاءُ يُؤْخَذُ مَرَّةً كُلَّ يَوْمٍ"),
    "Arabic, number": ("ar", "الضغط 120/80 منذ 3 أيام والنبض 88 الآن"),
    "Arabic, measure": ("ar", "الحرارة 39.5 °C الآن"),
    "Arabic, Latin words": ("ar", "خذ Paracetamol 500 mg كل 6 ساعات"),
    "Persian": ("fa", "سلام دکتر من از دیروز تب دارم و نمی‌توانم بخوابم"),
    "Pashto": ("ps", "سلام ډاکټر زما سر درد کوي ښه ږغ ګډ"),
    "Urdu": ("ur", "ڈاکٹر صاحب مجھے کل سے بخار ہے"),
    "Sorani": ("ckb", "سڵاو دکتۆر سەرم دێشێت"),
    "Hebrew": ("he", "שלום דוקטור כואב לי הראש מאתמול ויש לי חום"),
    "Hebrew, comma": ("he", "שלום דוקטור, יש לי חום."),
    "Hebrew, points": ("he", "שָׁלוֹם דּוֹקְטוֹר כּוֹאֵב לִי הָרֹאשׁ וּבָרוּךְ"),
    "Hebrew, Latin words": ("he", "החולה נוטל Warfarin 5 mg, Aspirin 100 mg כל יום"),
}
"What is written -> the report's language, and a sentence."

EXACT = "exact"

_AT = datetime(2026, 11, 22, 17, 15, tzinfo=UTC)
_MARKS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")

_INTRODUCTION = """\
# What PDF readers extract from a report

Printed by `python -m scripts.report_readers`, which draws these lines in reports and reads them
back; do not edit by hand. "exact" means the sentence as it was written, in Unicode's composed form
(NFC) and without the direction marks that readers add; "words" means that all words are whole, in
another order or with different spaces between them; otherwise the table says how many of the words
can be found.

Photos and PDFs are listed by name, size and time; `docs/files.md` says when a report carries them.

Each cluster of letters and marks is one glyph of the file, and the file lists its letters, so that no
reader has to assemble them. The letters of right-to-left lines are stored in the order in which they
are drawn, because readers expect that and reverse them. In which order they put numbers, Latin words
and commas among them is up to each reader: none of the three follows the Unicode algorithm there.
"""


def report(language: str, *texts: str) -> bytes:
    """Draw a report in a language that holds these lines of chat."""
    lines = tuple(
        ReportLine("N. N.", _AT + timedelta(minutes=number), text)
        for number, text in enumerate(texts)
    )
    facts = Report(language, "Europe/Zurich", _AT, lines)
    return draw(facts, translations_of(language).gettext, brand="TeleConnect", made_at=_AT)


def read_by_pdfium(data: bytes) -> str:
    document = pypdfium2.PdfDocument(data)
    try:
        return "\n".join(page.get_textpage().get_text_bounded() for page in document)
    finally:
        document.close()


def read_by_poppler(data: bytes) -> str:
    command = ["pdftotext", "-enc", "UTF-8", "-", "-"]
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout.decode()


def read_by_pypdf(data: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(data)).pages)


READERS = {"PDFium": read_by_pdfium, "poppler": read_by_poppler, "pypdf": read_by_pypdf}


def plain(text: str) -> str:
    """Leave out what readers add: marks of direction, and how they write a space."""
    return unicodedata.normalize("NFC", " ".join(_MARKS.sub("", text).split()))


@cache
def outcomes() -> dict[str, dict[str, str]]:
    """What is written -> reader -> how much of its sentence it gives back."""
    found = {}
    for language in {language: None for language, _ in SENTENCES.values()}:
        data = report(language, *(text for of, text in SENTENCES.values() if of == language))
        found[language] = {name: plain(read(data)) for name, read in READERS.items()}
    return {
        kind: {name: _compare(plain(sentence), text) for name, text in found[language].items()}
        for kind, (language, sentence) in SENTENCES.items()
    }


def _compare(sentence: str, found: str) -> str:
    if sentence in found:
        return EXACT
    words = re.findall(r"[^\s.,،]+", sentence)
    whole = sum(word in found for word in words)
    return "words" if whole == len(words) else f"{whole} of {len(words)} words"


def document() -> str:
    rows = [
        ["Written", *READERS],
        ["---", *("---" for _ in READERS)],
        *([kind, *read.values()] for kind, read in outcomes().items()),
    ]
    return f"{_INTRODUCTION}\n" + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def main() -> int:
    argparse.ArgumentParser(
        prog="python -m scripts.report_readers",
        description="Prints docs/reports.md: what readers of PDF give back of a report's text.",
    ).parse_args()
    print(document(), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
