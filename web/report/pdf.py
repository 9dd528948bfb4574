"""The consultation report as a PDF.

This file decides what is on the pages and in which order. What belongs in a report at all is decided in
`signaling/report.py`; `line_breaking.py` breaks text of any script into lines, and `page_layout.py`
fills pages with them. fpdf2, HarfBuzz and pypdf are imported when a report is drawn, to keep them out of
the server, which only orders reports.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from types import MappingProxyType
from typing import TYPE_CHECKING

from signaling.report import Report, ReportLine
from web.report.appendix import Appendix
from web.report.canvas import Canvas, Color
from web.report.dates import Dates, dates_for
from web.report.files import Files
from web.report.fonts import Fonts
from web.report.page_layout import BOTTOM, CONTENT, MARGIN, TOP, PageLayout, Style
from web.texts.directions import apart

if TYPE_CHECKING:
    from fpdf import FPDF

_INK: Color = (28, 37, 41)
_GRAY: Color = (88, 100, 108)
_ACCENT: Color = (23, 92, 110)
_HAIRLINE: Color = (206, 214, 219)

_TITLE = Style(19, _INK, bold=True)
_LABEL = Style(9.5, _GRAY)
_FACT = Style(10.5, _INK)
_AUTHOR = Style(9.5, _ACCENT, bold=True)
_TIME = Style(9, _GRAY)
_TEXT = Style(10.5, _INK)
_ASIDE = Style(9.5, _GRAY)
_HEADING = Style(11, _INK, bold=True)
_EDGE = Style(8.5, _GRAY)

_LABEL_WIDTH = 120.0
_TIME_WIDTH = 80.0
_LOGO_WIDTH, _LOGO_HEIGHT = 140.0, 32.0


@dataclass(frozen=True)
class ReportLogo:
    """The organization's logo, as PNG or JPEG."""

    data: bytes
    width: int
    height: int
    "Pixels."
    text: str


def draw(
    report: Report,
    _: Callable[[str], str],
    *,
    brand: str,
    made_at: datetime,
    password: str | None = None,
    contents: Mapping[int, bytes] = MappingProxyType({}),
    logo: ReportLogo | None = None,
) -> bytes:
    """The PDF of `report`; encrypted if there is a `password`, with a `logo` on its first page.

    `contents` are the files that it carries, by `ReportFile.carried`. `_` translates English
    sentences into the report's language. A long chat takes seconds of CPU time, so
    `web/report/process.py` calls this. Equal arguments give equal bytes, except for encryption.
    """
    dates = dates_for(report.language, report.time_zone)
    pdf = _empty(report, _, made_at=made_at)
    layout = PageLayout(Fonts(), Canvas(pdf), rtl=dates.rtl)
    _place_facts(layout, report, dates, _)
    appendix = Appendix()
    _place_chat(layout, report, dates, _, Files(contents, appendix, dates, _))
    _place_edges(layout, report, dates, _, brand=brand, made_at=made_at)
    if logo is not None:
        _place_logo(layout, logo)
    data = appendix.appended_to(bytes(pdf.output()))
    return data if password is None else _encrypt(data, password)


def _place_facts(layout: PageLayout, report: Report, dates: Dates, _: Callable[[str], str]) -> None:
    layout.heading(_("Consultation report"), _TITLE)
    if report.parts > 1:
        layout.heading(_part(report, _), _LABEL)
    layout.gap(8)
    facts: list[tuple[str, str]] = []
    if report.started_at is None:
        facts.append((_("Start time"), _("The consultation was not started.")))
    else:
        facts.append((_("Date"), dates.date(report.started_at)))
        facts.append((_("Start time"), dates.time(report.started_at)))
    if report.ended_at is not None:
        same_day = report.started_at and dates.date(report.started_at) == dates.date(
            report.ended_at
        )
        end = dates.time(report.ended_at) if same_day else dates.moment(report.ended_at)
        facts.append((_("End"), end))
    if report.duration is not None:
        facts.append((_("Duration"), dates.duration(report.duration)))
    moment = report.started_at or (report.lines[0].sent_at if report.lines else None)
    if moment is not None:
        facts.append((_("Time zone"), dates.zone_name(moment)))
    if report.names:
        facts.append((_("Participants"), "\n".join(report.names)))
    for label, fact in facts:
        layout.row(
            layout.lay_out(label, _LABEL, _LABEL_WIDTH - 8),
            _LABEL,
            layout.lay_out(fact, _FACT, CONTENT - _LABEL_WIDTH),
            _FACT,
            indent=_LABEL_WIDTH,
        )
        layout.gap(1)
    layout.gap(12)
    layout.rule(_HAIRLINE)
    layout.gap(12)


def _place_chat(
    layout: PageLayout, report: Report, dates: Dates, _: Callable[[str], str], files: Files
) -> None:
    layout.heading(_("Chat"), _HEADING)
    layout.gap(6)
    if not report.lines:
        layout.heading(_("Nothing was written in the chat."), _ASIDE)
        return
    day = dates.day(report.started_at) if report.started_at else None
    for line in report.lines:
        if dates.day(line.sent_at) != day:
            day = dates.day(line.sent_at)
            layout.keep(70)
            layout.gap(4)
            layout.heading(dates.date(line.sent_at), _ASIDE)
            layout.gap(4)
        _place_line(layout, line, dates.time(line.sent_at), files)


def _place_line(layout: PageLayout, line: ReportLine, time: str, files: Files) -> None:
    """Place author and time above the text, never alone at the end of a page."""
    author_style, text_style = (_AUTHOR, _TEXT) if line.kind == "chat" else (_ASIDE, _ASIDE)
    author = layout.lay_out(line.author, author_style, CONTENT - _TIME_WIDTH)
    text = layout.lay_out(line.text, text_style)
    if line.file is not None:
        named = layout.lay_out(files.named(line.file), text_style)
        text = named + text if line.text else named
    head = sum(each.leading * author_style.size for each in author[:3]) or 14
    kept = text[:2]
    if line.file is not None and (below := files.height(line.file)):
        kept, head = text, head + below
    layout.keep(head + sum(each.leading * text_style.size for each in kept))
    layout.row(author, author_style, layout.lay_out(time, _TIME, _TIME_WIDTH), _TIME)
    layout.body(text, text_style)
    files.place(layout, line)
    layout.gap(9)


def _place_edges(
    layout: PageLayout,
    report: Report,
    dates: Dates,
    _: Callable[[str], str],
    *,
    brand: str,
    made_at: datetime,
) -> None:
    """Give every page its header (brand, title) and footer (date of making, page number)."""
    count = layout.canvas.pages
    title = _("Consultation report")
    if report.started_at is not None:
        title = f"{title} \u00b7 {apart(dates.moment(report.started_at))}"
    if report.parts > 1:
        title = f"{title} \u00b7 {_part(report, _)}"
    made = _("Made on %(date)s") % {"date": apart(dates.moment(made_at))}

    def draw_edges(page: PageLayout, number: int) -> None:
        head = "" if number == 1 else title
        style = Style(11, _ACCENT, bold=True) if number == 1 else _EDGE
        page.across(TOP - 30, brand, head, style, rule=_HAIRLINE)
        place = _("Page %(page)s of %(pages)s") % {"page": number, "pages": count}
        page.across(BOTTOM + 30, made, place, _EDGE, rule=_HAIRLINE)

    layout.repeat(draw_edges)


def _place_logo(layout: PageLayout, logo: ReportLogo) -> None:
    """Above the first page's rule, at its trailing edge, opposite to the brand."""
    scale = min(_LOGO_WIDTH / logo.width, _LOGO_HEIGHT / logo.height)
    width, height = logo.width * scale, logo.height * scale
    x = MARGIN if layout.rtl else MARGIN + CONTENT - width
    layout.canvas.turn_to(1)
    layout.canvas.picture(logo.data, x, TOP - 26 - height, width, height, 0, logo.text)


def _part(report: Report, _: Callable[[str], str]) -> str:
    return _("Part %(part)s of %(parts)s") % {"part": report.part, "parts": report.parts}


def _empty(report: Report, _: Callable[[str], str], *, made_at: datetime) -> FPDF:
    from fpdf import FPDF

    pdf = FPDF(unit="pt", format="A4")
    # Otherwise fpdf2 would replace "{nb}" in a chat by the number of pages.
    pdf.alias_nb_pages("")
    pdf.set_auto_page_break(False)
    pdf.set_title(_("Consultation report"))
    pdf.set_lang(report.language)
    pdf.set_creation_date(made_at)
    return pdf


def _encrypt(data: bytes, password: str) -> bytes:
    """Encrypt with AES-256. The owner's password is random and not kept: nobody needs it."""
    from pypdf import PdfWriter

    writer = PdfWriter(clone_from=BytesIO(data))
    writer.encrypt(password, secrets.token_urlsafe(32), algorithm="AES-256")
    output = BytesIO()
    writer.write(output)
    return output.getvalue()
