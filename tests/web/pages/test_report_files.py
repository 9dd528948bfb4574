"""Photos and PDFs in the report: named in it, and carried by it where that is switched on."""

import asyncio
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.annotations import FreeText, Link
from pypdf.generic import DictionaryObject, NameObject, TextStringObject

from signaling.report import FILES_SIZE, PHOTOS_IN_REPORT, Parts
from storage.store import Records
from tests.files import pdf, photo, pixel
from tests.people import PATIENCE, Person
from tests.serving import audit_lines
from tests.web.pages.ward import Ward, opened
from tests.web.report.drawing import children
from web.keys import STORE

pytestmark = pytest.mark.slow


@pytest.fixture
async def ward(tmp_path: Path) -> AsyncIterator[Ward]:
    async with opened(tmp_path) as ward:
        yield ward


async def switch_on(ward: Ward) -> None:
    await ward.server.app[STORE].write(lambda records: records.settings.put(PHOTOS_IN_REPORT, "on"))


async def exported(ward: Ward, query: str = "") -> PdfReader:
    answer = await ward.nurse.person.get(f"/sessions/{ward.consultation_id}/report.pdf{query}")
    assert answer.status == 200, answer.text[:300]
    return PdfReader(BytesIO(answer.body))


def text_of(report: PdfReader) -> str:
    """All text; words of sentences that were broken into lines stay words."""
    text = " ".join(page.extract_text() for page in report.pages)
    return " ".join(text.translate({0x2068: None, 0x2069: None}).split())


def halves(upper: str, lower: str) -> bytes:
    """A wide JPEG of two colors."""
    image = Image.new("RGB", (640, 320), upper)
    image.paste(lower, (0, 160, 640, 320))
    out = BytesIO()
    image.save(out, "JPEG", quality=95)
    return out.getvalue()


async def test_photos_and_pdfs_are_listed_in_the_order_of_the_chat(ward: Ward) -> None:
    await ward.seat.say("Good morning")
    await ward.amina.send(photo(), name="wound.jpg", caption="Since Monday")
    await ward.seat.say("And the letter")
    await ward.nurse.send(pdf(12), name="Röntgen-Befund.pdf")
    report = await exported(ward)
    text = text_of(report)
    expected = ["Good morning", "Photo: wound.jpg, ", "Since Monday", "And the letter",
                "PDF: Röntgen-Befund.pdf, ", "pages: 12"]  # fmt: skip
    assert sorted(expected, key=text.index) == expected
    assert "kB" in text
    assert len(report.pages) == 1
    assert not list(report.pages[0].images)


async def test_photos_are_carried_as_the_server_made_them_with_their_captions(
    ward: Ward,
) -> None:
    await switch_on(ward)
    file_id = await ward.amina.send(photo(800, 600), name="wound.jpg", caption="Since Monday")
    shown = (await ward.nurse.get(file_id, "large")).body
    report = await exported(ward)
    (image,) = report.pages[0].images
    assert image.indirect_reference is not None
    assert image.indirect_reference.get_object()._data == shown, "byte for byte"
    root = report.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    alternatives = [
        each.get_object().get("/Alt") for each in root["/StructTreeRoot"]["/K"][0]["/K"]
    ]
    assert alternatives == ["Since Monday"]


@pytest.mark.parametrize(
    ("turned", "wide", "first", "last"),
    [(0, True, "red", "blue"), (1, False, "blue", "red"), (2, True, "blue", "red"),
     (3, False, "red", "blue")],
)  # fmt: skip
async def test_a_photo_is_shown_as_it_was_turned(
    ward: Ward, turned: int, wide: bool, first: str, last: str
) -> None:
    await switch_on(ward)
    file_id = await ward.amina.send(halves("red", "blue"))

    async def turn(records: Records) -> None:
        await records.attachments.turn(ward.consultation_id, file_id, turned)

    await ward.server.app[STORE].write(turn)
    answer = await ward.nurse.person.get(f"/sessions/{ward.consultation_id}/report.pdf")
    page = pypdfium2.PdfDocument(answer.body)[0].render(scale=2).to_pil().convert("RGB")
    found: dict[str, list[tuple[int, int]]] = {"red": [], "blue": []}
    for x in range(0, page.width, 4):
        for y in range(0, page.height, 4):
            r, g, b = pixel(page, x, y)
            if max(r, b) > 200 and g < 60 and min(r, b) < 60:
                found["red" if r > b else "blue"].append((x, y))
    places = found["red"] + found["blue"]
    width = max(x for x, _ in places) - min(x for x, _ in places)
    height = max(y for _, y in places) - min(y for _, y in places)
    assert (width > height) is wide
    axis = 1 if wide else 0
    assert (
        max(place[axis] for place in found[first]) <= min(place[axis] for place in found[last]) + 8
    )


def with_actions() -> bytes:
    """A PDF of two pages with scripts, links that start something, and a note that is seen."""
    writer = PdfWriter(clone_from=BytesIO(pdf(2)))
    script = DictionaryObject(
        {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("evil()")}
    )
    for page in writer.pages:
        page[NameObject("/AA")] = DictionaryObject({NameObject("/O"): script})
    note = FreeText(text="Seen", rect=(50, 550, 200, 650), font_size="20pt")
    writer.add_annotation(0, note)
    link = writer.add_annotation(0, Link(rect=(0, 0, 50, 50), url="https://example.org/evil"))
    link[NameObject("/A")] = script
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


async def test_pdfs_follow_at_the_end_without_what_acts_by_itself(ward: Ward) -> None:
    await switch_on(ward)
    await ward.amina.send(with_actions(), name="letter.pdf")
    await ward.amina.send(pdf(3), name="second.pdf")
    report = await exported(ward)
    assert len(report.pages) == 1 + 2 + 3
    assert text_of(report).count("This PDF follows at the end of this report.") == 2
    assert "Page 2" in report.pages[2].extract_text()
    assert [entry["/Title"] for entry in report.outline] == ["letter.pdf", "second.pdf"]
    out = BytesIO()
    PdfWriter(clone_from=report).write(out)
    assert b"evil" not in out.getvalue()
    subtypes = [each.get_object()["/Subtype"] for each in report.pages[1]["/Annots"]]
    assert "/FreeText" in subtypes


async def test_what_cannot_be_appended_is_named_and_the_report_is_made(
    ward: Ward, caplog: pytest.LogCaptureFixture
) -> None:
    await switch_on(ward)
    first = await ward.amina.send(pdf(), name="damaged.pdf")
    lost = await ward.amina.send(photo(), name="lost.jpg")
    await ward.amina.send(pdf(), name="good.pdf")
    for file_id, part in ((first, "original"), (lost, "large")):
        await ward.damage(f"{file_id}.{part}")
    report = await exported(ward)
    text = text_of(report)
    said = "could not be added to this report. Download it from the chat"
    assert f"damaged.pdf {said}" in text
    assert f"lost.jpg {said}" in text
    assert f"good.pdf {said}" not in text
    assert len(report.pages) == 2
    caplog.clear()  # the damage was logged, as it should be


async def test_the_switch_is_under_administration_and_logged(ward: Ward) -> None:
    await ward.server.account("boss@example.org", "Boss", role="administrator")
    await ward.amina.send(photo())
    async with Person(ward.server) as boss:
        await boss.sign_in("boss@example.org")
        assert "Photos in the report" in (await boss.get("/admin/settings")).text
        await boss.post("/admin/sessions", {PHOTOS_IN_REPORT: "on"})
        assert list((await exported(ward)).pages[0].images)
        await boss.post("/admin/sessions", {})
        assert not list((await exported(ward)).pages[0].images)
        lines = await audit_lines(ward.server.app[STORE])
        rules = [line.thing for line in lines if line.action == "change_rules"]
        assert rules == ["photos_in_report:on", "photos_in_report:off"]
        exports = [line.action for line in lines if line.action.startswith("export")]
        assert exports == ["export_with_files", "export"]
        assert "Session exported with photos and PDFs" in (await boss.get("/admin/audit")).text


def test_many_files_are_split() -> None:
    parts = Parts()
    assert [parts.part_of("", FILES_SIZE // 2) for _ in range(5)] == [1, 1, 2, 2, 3]


async def test_a_reader_that_goes_away_ends_the_process(ward: Ward) -> None:
    await switch_on(ward)
    for seed in range(4):  # more than what fits between the process and the browser
        await ward.amina.send(photo(1600, 1200, seed=seed))
    person = ward.nurse.person
    address = f"/sessions/{ward.consultation_id}/report.pdf"
    answer = await person.http.get(address)
    assert (await answer.content.read(5)) == b"%PDF-"
    answer.close()
    async with asyncio.timeout(PATIENCE):
        while children():
            await person.get("/healthz")
