"""A PDF stays as it is; it is judged, its pages are counted and drawn.

PDFium decides, which is the reader inside Chromium. pypdf is asked what PDFium does not say, and
where PDFium refuses; forms, scripts, signatures, owner passwords are no reason to refuse a file.
"""

import signal
from collections.abc import Callable
from io import BytesIO
from types import FrameType
from typing import Any, TypeVar

import pypdf
import pypdfium2
from pypdfium2 import raw

from web.attachments.job import PAGE, SMALL, Outcome, Refused
from web.attachments.pdf_ends import trimmed
from web.attachments.photos import Picture, encode
from web.attachments.truncation import is_cut, is_short_linearized

SCALE = 2.0
"Pixels per point of a page, at most: 144 dpi."
OPINION_SECONDS = 5.0
"For pypdf, which is slow where PDFium is not."
PAGES_ASKED = 200
"Pages on which attached files are looked for."
BYTES_OF_A_PAGE = 100
"Where a page takes fewer, the pages are counted."

Answer = TypeVar("Answer")


def examine(data: bytes) -> tuple[Outcome, list[Picture]]:
    """Pages, notes and the picture of the first page. Raises Refused."""
    if is_short_linearized(data):
        raise Refused("file_incomplete")
    document = _opened(data)
    if document is None:
        return Outcome(kind="pdf", pages=_pages_by_pypdf(data), notes=["no_preview"]), []
    with document:
        notes = []
        if document.count_attachments() > 0 or _contains_files(data):
            notes.append("contains_files")
        if document.get_formtype() == raw.FORMTYPE_XFA_FULL:
            notes.append("needs_acrobat")
        try:
            preview = _drawn(document, 1, "preview", SMALL)
        except pypdfium2.PdfiumError:
            if not _pages_by_pypdf(data):
                raise Refused("file_unreadable") from None
            preview = None
        if preview is None:
            notes.append("no_preview")
        outcome = Outcome(kind="pdf", pages=_pages(document, data), notes=notes)
        return outcome, [preview] if preview else []


def page(data: bytes, number: int) -> list[Picture]:
    """The picture of a page, counted from 1; none if it has no size. Raises Refused."""
    document = _opened(data)
    if document is None:
        return []
    with document:
        if not 1 <= number <= len(document):
            raise Refused("file_unreadable")
        drawn = _drawn(document, number, f"page-{number}", PAGE)
        return [drawn] if drawn else []


def _opened(data: bytes) -> pypdfium2.PdfDocument | None:
    """The document, ready to be drawn; None where it opens only elsewhere. Raises Refused."""
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        match error.err_code:
            case raw.FPDF_ERR_SUCCESS:
                raise Refused("pdf_no_pages") from None
            case raw.FPDF_ERR_PASSWORD:
                raise Refused("pdf_password") from None
            case raw.FPDF_ERR_SECURITY:
                return None  # encrypted for somebody's certificate
            case _ if b"obj" not in data:
                raise Refused("file_not_accepted") from None
            case _ if is_cut("pdf", data):
                raise Refused("file_incomplete") from None
            case _ if _pages_by_pypdf(data):
                return None
            case _:
                raise Refused("file_unreadable") from None
    # Before anything else is asked: the values of forms are not drawn otherwise.
    document.init_forms()
    return document


def _drawn(document: pypdfium2.PdfDocument, number: int, name: str, longest: int) -> Picture | None:
    """A page with its form values and annotations; None if it has no size.

    Raises PdfiumError if there is no such page, whatever the number of pages says.
    """
    drawing = document[number - 1]
    width, height = drawing.get_size()
    if min(width, height) <= 0:
        return None
    scale = min(SCALE, longest / max(width, height))
    picture = drawing.render(scale=scale, rev_byteorder=True).to_pil().convert("RGB")
    picture.thumbnail((longest, longest))  # sizes are rounded up
    return encode(name, picture, drawn=True)


def _pages(document: pypdfium2.PdfDocument, data: bytes) -> int:
    """How many pages there are. PDFium believes what the file says, unless that cannot be."""
    claimed = len(document)
    if claimed > len(data) / BYTES_OF_A_PAGE:
        return _pages_by_pypdf(data) or claimed
    return claimed


def _contains_files(data: bytes) -> bool:
    """Whether it is a portfolio, or has files attached to its pages, as far as pypdf reads it."""

    def look(reader: pypdf.PdfReader) -> bool:
        root: Any = reader.trailer["/Root"]
        return "/Collection" in root or any(
            annotation.get_object().get("/Subtype") == "/FileAttachment"
            for index in range(min(len(reader.pages), PAGES_ASKED))
            for annotation in reader.pages[index].get("/Annots") or ()
        )

    return _opinion(data, look) or False


def _pages_by_pypdf(data: bytes) -> int:
    """Pages that pypdf counts, 0 if it reads none."""
    return _opinion(data, lambda reader: len(reader.pages)) or 0


def _opinion(data: bytes, ask: Callable[[pypdf.PdfReader], Answer]) -> Answer | None:
    """What pypdf says within a few seconds; None if it fails in any way."""

    def late(number: int, frame: FrameType | None) -> None:
        raise TimeoutError

    signal.signal(signal.SIGVTALRM, late)
    signal.setitimer(signal.ITIMER_VIRTUAL, OPINION_SECONDS)
    try:
        return ask(pypdf.PdfReader(BytesIO(trimmed(data))))
    except Exception:  # RecursionError and MemoryError among them
        return None
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
