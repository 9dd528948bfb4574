"""Photos and PDFs of the chat: named in a report, and carried where that is switched on.

Photos are given to fpdf2 as the server made them, for it puts a JPEG into the file byte for byte; the
bytes that a phone sent would bring its position with them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO

from signaling.report import ReportFile, ReportLine
from web.report.appendix import Appendix
from web.report.canvas import Color
from web.report.dates import Dates
from web.report.page_layout import BOTTOM, CONTENT, TOP, PageLayout, Style
from web.texts.directions import apart

_NAME = Style(10.5, (28, 37, 41))
_REMARK = Style(9.5, (88, 100, 108))
FRAME: Color = (206, 214, 219)
TALLEST = 0.8 * (BOTTOM - TOP)
DOTS_PER_INCH = 150
"A small picture is not made larger than this."

Translate = Callable[[str], str]


class Files:
    """Places the files of a report's lines. `contents` are those carried, by their numbers."""

    def __init__(
        self, contents: Mapping[int, bytes], appendix: Appendix, dates: Dates, _: Translate
    ) -> None:
        self._contents = contents
        self._appendix = appendix
        self._dates = dates
        self._translate = _

    def named(self, file: ReportFile) -> str:
        """Name, size and pages."""
        _ = self._translate
        facts = {"name": apart(file.name), "size": self._dates.size(file.size)}
        if file.kind == "photo":
            return _("Photo: %(name)s, %(size)s") % facts
        if not file.pages:
            return _("PDF: %(name)s, %(size)s") % facts
        return _("PDF: %(name)s, %(size)s, pages: %(pages)s") % {**facts, "pages": file.pages}

    def height(self, file: ReportFile) -> float:
        """What the picture takes, so that it can be kept with what stands above it."""
        content = self._contents.get(file.carried)
        return _shape(content, file)[1] + 6 if content and file.kind == "photo" else 0.0

    def place(self, layout: PageLayout, line: ReportLine) -> None:
        """Place what follows name and caption: the picture, or what became of a carried PDF."""
        file, _ = line.file, self._translate
        if file is None or not file.carried:
            return
        content = self._contents.get(file.carried)
        if content is not None and file.kind == "photo":
            width, height = _shape(content, file)
            layout.gap(4)
            layout.picture(content, width, height, file.turned, line.text or file.name)
            return
        if content is not None and self._appendix.take(file.name, content):
            said = _("This PDF follows at the end of this report.")
        else:
            said = _(
                "%(name)s could not be added to this report."
                " Download it from the chat before the session is deleted."
            ) % {"name": apart(file.name)}
        layout.body(layout.lay_out(said, _REMARK), _REMARK)


def _shape(content: bytes, file: ReportFile) -> tuple[float, float]:
    """Width and height of a picture on the page, in points, as it is turned."""
    from PIL import Image

    with Image.open(BytesIO(content)) as opened:
        width, height = opened.size
    if file.turned % 2:
        width, height = height, width
    scale = min(72 / DOTS_PER_INCH, CONTENT / width, TALLEST / height)
    return width * scale, height * scale
