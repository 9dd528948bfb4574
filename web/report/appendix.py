"""PDFs that people sent, appended to a report.

They come from strangers, so each is tried in a process of its own with a limit of its own: one that
takes too long or ends its process is only named in the report. Only their pages come over, without
what could act by itself; the signed original stays in the chat.
"""

from __future__ import annotations

import os
import resource
import time
from io import BytesIO
from typing import TYPE_CHECKING

from web.attachments.pdf_ends import trimmed
from web.processes.parent import end_with

if TYPE_CHECKING:
    from pypdf import PageObject, PdfWriter

CPU_SECONDS = 20
"For one PDF; a long one with many pictures takes about two."
ALL_SECONDS = 120.0
"For all PDFs of a file: less than a browser waits for it."
MOST_BYTES = 64 * 2**20
MOST_PAGES = 1000
_DROPPED = frozenset(
    ("/FileAttachment", "/Movie", "/RichMedia", "/Screen", "/Sound", "/3D", "/Popup")
)
"Annotations that hold or start something else."


class Appendix:
    """Collects the PDFs that can be appended."""

    def __init__(self) -> None:
        self._papers: list[tuple[str, bytes]] = []
        self._left = ALL_SECONDS

    def take(self, name: str, content: bytes) -> bool:
        """Take a PDF; False if it cannot be appended."""
        if self._left <= 0:
            return False
        begun = time.monotonic()
        paper = _tried(content)
        self._left -= time.monotonic() - begun
        if paper is not None:
            self._papers.append((name, paper))
        return paper is not None

    def appended_to(self, report: bytes) -> bytes:
        """The report, followed by all PDFs that were taken, each with an entry in its outline."""
        if not self._papers:
            return report
        from pypdf import PdfWriter

        writer = PdfWriter(clone_from=BytesIO(report))
        for name, paper in self._papers:
            writer.append(BytesIO(paper), outline_item=name, import_outline=False)
        return _written(writer)


def _tried(content: bytes) -> bytes | None:
    """The pages of a PDF as a new one; None if they cannot be taken."""
    reading, writing = os.pipe()
    ours = os.getpid()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            end_with(ours)
            os.close(reading)
            resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
            paper = _pages(content)
            with open(writing, "wb") as target:
                target.write(paper)
            status = 0
        finally:
            os._exit(status)  # whatever was raised says no more than that it cannot be taken
    os.close(writing)
    with open(reading, "rb") as source:
        paper = source.read(MOST_BYTES + 1)
    _, status = os.waitpid(child, 0)
    return paper if status == 0 and len(paper) <= MOST_BYTES else None


def _pages(content: bytes) -> bytes:
    """Raises whatever pypdf raises for what it cannot read."""
    from pypdf import PdfReader, PdfWriter

    reader = PdfReader(BytesIO(trimmed(content)))
    if not 0 < len(reader.pages) <= MOST_PAGES:
        raise ValueError("pages")
    writer = PdfWriter()
    writer.append(reader, import_outline=False)
    for page in writer.pages:
        _quiet(page)
    form = writer.root_object.get("/AcroForm")
    if form is not None:
        for name in ("/XFA", "/CO"):
            form.get_object().pop(name, None)
    return _written(writer)


def _quiet(page: PageObject) -> None:
    """Take away what acts by itself; what is seen stays."""
    from pypdf.generic import ArrayObject, NameObject

    page.pop("/AA", None)
    kept = ArrayObject()
    for each in page.get("/Annots", ArrayObject()).get_object():
        annotation = each.get_object()
        if annotation.get("/Subtype") in _DROPPED:
            continue
        for name in ("/A", "/AA", "/PA"):
            annotation.pop(name, None)
        kept.append(each)
    if "/Annots" in page:
        page[NameObject("/Annots")] = kept


def _written(writer: PdfWriter) -> bytes:
    output = BytesIO()
    writer.write(output)
    return output.getvalue()
