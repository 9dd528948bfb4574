"""What is no photo and no PDF, what is cut, and what was made to hurt: each its own refusal."""

import os
from collections.abc import Callable
from functools import partial

import pytest
from PIL import Image

from scripts.traffic.processes import begin_peak, peak_bytes, resident_bytes
from signaling.errors import FileRefused
from tests.web.attachments import making_pdfs as pdfs
from tests.web.attachments import making_photos as photos
from tests.web.attachments.fetching import sample
from tests.web.attachments.intake import Intake, color_at, is_close
from tests.web.attachments.making_photos import RED, detailed, plain, saved
from tests.web.attachments.samples import dicom_frame
from web.attachments.sandbox import MEMORY_BYTES

pytestmark = pytest.mark.slow

SVG = (
    b'<?xml version="1.0"?>\n<!-- drawn --><svg xmlns="http://www.w3.org/2000/svg"><script/></svg>'
)
HTML = b"<!DOCTYPE html><html><script>alert(1)</script><svg></svg></html>"
ILLUSTRATOR = (
    b'<?xml version="1.0" encoding="utf-8"?>\r\n<!-- Generator: Illustrator -->\r\n'
    b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "svg11.dtd" [\r\n'
    b'<!ENTITY ns_svg "http://www.w3.org/2000/svg">\r\n]>\r\n<svg xmlns="&ns_svg;"/>'
)
TEXT = b"only text"


def cut(make: Callable[[], bytes], share: float) -> bytes:
    data = make()
    return data[: int(len(data) * share)]


def dicom(name: str) -> bytes:
    return sample("pydicom", name)


OTHER_KINDS = {
    "nothing": (bytes, "file_incomplete"),
    "text": (lambda: TEXT, "file_not_accepted"),
    "Windows program": (lambda: b"MZ\x90\0\3\0\0\0" + bytes(200), "file_not_accepted"),
    "Linux program": (lambda: b"\x7fELF\2\1\1" + bytes(200), "file_not_accepted"),
    "HTML": (lambda: HTML, "file_not_accepted"),
    "HTML that mentions a PDF": (lambda: b"<html>%PDF-1.4</html>", "file_not_accepted"),
    "zip": (lambda: b"PK\3\4" + bytes(200), "file_not_accepted"),
    "film": (lambda: b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(200), "file_not_accepted"),
    "SVG": (lambda: SVG, "file_needs_export"),
    "SVG of Illustrator": (lambda: ILLUSTRATOR, "file_needs_export"),
    "text behind spaces": (lambda: b" " * 4000 + TEXT, "file_not_accepted"),
    "only comments": (lambda: b"<!-- -->\n" * 400, "file_not_accepted"),
    "only declarations": (lambda: b"<?xml?><!DOCTYPE svg [<!ENTITY a '>'>]>" * 80, "file_not_accepted"),
    "raw photo of Fujifilm": (lambda: b"FUJIFILMCCD-RAW 0201FF383501" + bytes(90), "file_needs_export"),
    "raw photo of Panasonic": (lambda: b"IIU\0\x18\0\0\0" + bytes(90), "file_needs_export"),
    "raw photo of Olympus": (lambda: b"IIRO\x08\0\0\0" + bytes(90), "file_needs_export"),
    "TIFF": (lambda: saved(plain(), "TIFF"), "file_needs_export"),
    "bitmap": (lambda: saved(plain(), "BMP"), "file_needs_export"),
    "JPEG XL": (lambda: b"\xff\x0a" + bytes(50), "file_needs_export"),
    "JPEG XL in boxes": (lambda: b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(50), "file_needs_export"),
    "JPEG 2000": (lambda: saved(plain(), "JPEG2000"), "file_needs_export"),
    "raw photo of Canon": (lambda: b"\0\0\0\x18ftypcrx \0\0\0\1crx isom" + bytes(50), "file_needs_export"),
    "DICOM": (partial(dicom, "JPEG-lossy.dcm"), "file_needs_export"),
    "12-bit JPEG out of DICOM": (partial(dicom_frame, "JPGExtended.dcm"), "file_needs_export"),
    "JPEG-LS out of DICOM": (partial(dicom_frame, "JPEGLSNearLossless_08.dcm"), "file_needs_export"),
    "JPEG 2000 out of DICOM": (partial(dicom_frame, "JPEG2000.dcm"), "file_needs_export"),
}  # fmt: skip

CUT = {
    **{
        f"{kind} cut at {share:.0%}": (
            partial(cut, partial(saved, detailed(), kind), share), "file_incomplete"
        )
        for kind in ("JPEG", "PNG", "GIF", "WEBP", "AVIF", "HEIF")
        for share in (0.3, 0.9)
    },
    "progressive JPEG cut": (
        partial(cut, partial(saved, detailed(), "JPEG", progressive=True), 0.6), "file_incomplete"
    ),
    "JPEG without its last two bytes": (
        lambda: saved(detailed(), "JPEG")[:-2], "file_incomplete"
    ),
    "iPhone photo cut at 90%": (
        partial(cut, partial(sample, "pi_heif", "heif_other/arrow.heic"), 0.9), "file_incomplete"
    ),
    "Xiaomi photo cut at 50%": (
        partial(cut, partial(sample, "pi_heif", "heif_special/xiaomi.heic"), 0.5), "file_incomplete"
    ),
    "HEIC that ends between two boxes": (
        lambda: without_content(sample("pi_heif", "heif_other/arrow.heic")), "file_incomplete"
    ),
    "truncated HEIC of libheif": (
        partial(sample, "pi_heif", "heif_truncated/truncated.heic"), "file_incomplete"
    ),
    **{
        f"PDF cut at {share:.0%}": (partial(cut, partial(pdfs.scan, 40), share), "file_incomplete")
        for share in (0.3, 0.95, 0.99)
    },
    "linearized PDF cut": (
        partial(cut, lambda: pdfs.saved(pdfs.plain(60), linearize=True), 0.95), "file_incomplete"
    ),
}  # fmt: skip

TOO_MUCH = {
    "PNG of 200 megapixels": (partial(photos.header_only_png, 20_000, 10_000), "file_too_many_pixels"),
    "PNG of 101 megapixels": (partial(photos.header_only_png, 10_100, 10_000), "file_too_many_pixels"),
    "PNG of a billion pixels": (partial(photos.header_only_png, 32_000, 32_000), "file_too_many_pixels"),
    "Galaxy S24 photo of 200 megapixels": (
        partial(sample, "pi_heif", "heif_special/200MP.heic"), "file_too_many_pixels"
    ),
    "AVIF of 120 megapixels": (
        lambda: photos.with_size(saved(plain(), "AVIF"), 12_000, 10_000), "file_too_many_pixels"
    ),
    "progressive JPEG of 101 megapixels": (
        lambda: saved(Image.new("L", (10_100, 10_000)), "JPEG", progressive=True), "file_too_many_pixels"
    ),
    "HEIC in PQ": (lambda: photos.heic(plain(), 9, 16), "file_hdr"),
    "HEIC in HLG": (lambda: photos.heic(plain(), 9, 18), "file_hdr"),
    "AVIF in PQ": (
        lambda: photos.with_numbers(saved(plain(), "AVIF"), 9, 16), "file_hdr"
    ),
    "PNG in HLG": (
        lambda: photos.with_chunk(saved(plain(), "PNG"), b"cICP", bytes([9, 18, 0, 1])), "file_hdr"
    ),
    "JPEG with a profile for PQ": (
        lambda: saved(plain(), "JPEG", icc_profile=photos.profile_for_pq()), "file_hdr"
    ),
}  # fmt: skip

PAPERS = {
    "user's password": (partial(pdfs.encrypted, "é Привет"), "pdf_password"),
    "user's password of old": (partial(pdfs.encrypted, "user", 3), "pdf_password"),
    "no pages": (pdfs.without_pages, "pdf_no_pages"),
    "text that begins like a PDF": (lambda: b"%PDF-1.4\nhello\n%%EOF\n", "file_not_accepted"),
    "objects without a document": (lambda: b"%PDF-1.4\n1 0 obj\n5\nendobj\n%%EOF\n", "file_unreadable"),
    "page tree in a circle": (pdfs.tree_in_a_circle, "file_unreadable"),
    "page tree of 5,000 levels": (partial(pdfs.deep_tree, 5000), "file_unreadable"),
    "drawings that draw a trillion others": (partial(pdfs.forms_in_forms, 12, 10), "file_unreadable"),
    "more content than there may be memory": (partial(pdfs.inflating, 1300), "file_unreadable"),
    "content compressed three times": (partial(pdfs.inflating, 1300, 3), "file_unreadable"),
}  # fmt: skip

BAD = OTHER_KINDS | CUT | TOO_MUCH | PAPERS


def without_content(heic: bytes) -> bytes:
    """A HEIC file up to the box with the compressed data."""
    return heic[: heic.index(b"mdat") - 4]


@pytest.mark.parametrize("name", BAD)
async def test_a_bad_file_has_its_own_refusal(intake: Intake, name: str) -> None:
    make, code = BAD[name]
    taken = await intake.take(make())
    assert taken.refused == code
    assert not taken.files


async def test_fewer_bytes_than_announced_are_an_incomplete_file(intake: Intake) -> None:
    data = saved(plain(), "PNG")
    assert (await intake.take(data, len(data) + 1)).refused == "file_incomplete"


async def test_every_refusal_has_a_sentence_that_says_what_to_do() -> None:
    known = {error.code: error.sentence for error in FileRefused.__subclasses__()}
    for _, code in BAD.values():
        assert "lease" in known[code], known[code]


async def test_memory_stays_flat_whatever_comes(intake: Intake) -> None:
    await intake.take(saved(plain(), "PNG"))
    helper = intake.workers.process_id
    assert helper is not None
    before, ours = resident_bytes(helper), begin_peak(os.getpid())
    for make in (
        partial(pdfs.inflating, 1300),
        partial(pdfs.tree_in_a_circle),
        partial(photos.header_only_png, 9_999, 9_999),
        partial(photos.header_only_png, 32_000, 32_000),
    ):
        assert (await intake.take(make())).refused
    assert intake.workers.process_id == helper, "a bad file ended the helper"
    assert resident_bytes(helper) < before + 8 * 2**20
    assert peak_bytes(os.getpid()) < ours + 100 * 2**20 < ours + MEMORY_BYTES


@pytest.mark.parametrize(
    ("make", "pages"),
    [
        (partial(pdfs.many_claimed_pages, 1_000_000), 1),
        (partial(pdfs.many_claimed_pages, 2**31 - 1), 1),
        (pdfs.form_in_a_circle, 1),
        (partial(pdfs.inflating, 50), 1),
    ],
    ids=["a million pages claimed", "two billion claimed", "drawing in a circle", "50 MB of spaces"],
)  # fmt: skip
async def test_what_is_odd_but_harmless_is_taken(
    intake: Intake, make: Callable[[], bytes], pages: int
) -> None:
    taken = await intake.take(make())
    assert (taken.refused, taken.outcome.pages) == ("", pages)
    assert taken.picture("preview").size == (400, 600)


async def test_a_page_is_drawn_by_its_number(intake: Intake) -> None:
    data = pdfs.scan(3)
    taken = await intake.page(data, 3)
    assert list(taken.files) == ["page-3"]
    assert is_close(color_at(taken.picture("page-3"), 0.25, 0.5), RED)
    assert (await intake.page(data, 4)).refused == "file_unreadable"
    assert (await intake.page(data, 0)).refused == "file_unreadable"


async def test_a_page_has_at_most_1600_pixels_on_its_longer_side(intake: Intake) -> None:
    large = await intake.page(pdfs.saved(pdfs.plain(1, 14400, 7200)), 1)
    assert large.picture("page-1").size == (1600, 800)
    without_size = pdfs.plain(CropBox=pdfs.box(1000, 1000, 1100, 1100))
    assert (await intake.page(pdfs.saved(without_size), 1)).files == {}
