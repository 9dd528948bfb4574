"""Files of a session are served to its people, by ranges, and to nobody else."""

import io
from collections.abc import AsyncIterator
from email.message import Message
from urllib.parse import unquote

import pytest
from PIL import Image

from tests.files import Sender, pdf, photo
from tests.people import Person
from tests.web.pages.ward import Ward, opened

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
async def ward(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ward]:
    async with opened(tmp_path_factory.mktemp("data")) as ward:
        yield ward


@pytest.fixture(scope="module")
async def photo_id(ward: Ward) -> str:
    return await ward.amina.send(photo(3000, 2000, quality=50), name="Röntgen.heic")


PAPERS = pdf(12)


@pytest.fixture(scope="module")
async def pdf_id(ward: Ward) -> str:
    return await ward.nurse.send(PAPERS, name="Befund “März”.pdf")


async def test_renditions_are_pictures_to_be_shown(ward: Ward, photo_id: str) -> None:
    for name, longest in (("large", 2560), ("small", 640)):
        for sender in (ward.amina, ward.nurse):
            answer = await sender.get(photo_id, name)
            assert answer.status == 200
            assert answer.headers["Content-Type"] == "image/jpeg"
            assert answer.headers["Content-Disposition"].startswith("inline;")
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
            assert Image.open(io.BytesIO(answer.body)).size[0] == longest


async def test_a_pdf_comes_back_byte_for_byte_under_its_name(ward: Ward, pdf_id: str) -> None:
    answer = await ward.amina.get(pdf_id, "original")
    assert answer.body == PAPERS
    assert answer.headers["Content-Type"] == "application/pdf"
    said = answer.headers["Content-Disposition"]
    assert said.startswith('attachment; filename="Befund _M_rz_.pdf"; ')
    assert unquote(said.rpartition("''")[2]) == "Befund “März”.pdf"
    parsed = Message()
    parsed["Content-Disposition"] = said
    assert parsed.get_content_disposition() == "attachment"


@pytest.mark.parametrize(
    ("sent", "saved"),
    [
        ("Ergebnis", "Ergebnis.pdf"),
        ("result.exe", "result.exe.pdf"),
        ("فحص.HTML", "فحص.HTML.pdf"),
        ("SCAN.PDF", "SCAN.PDF"),
        ("..", "...pdf"),
    ],
)
async def test_a_pdf_is_saved_as_a_pdf(ward: Ward, sent: str, saved: str) -> None:
    """Windows runs a program by its ending, even if readers find a PDF behind its head."""
    content = b"MZ" + bytes(500) + pdf()
    file_id = await ward.amina.send(content, name=sent)
    answer = await ward.nurse.get(file_id, "original")
    assert answer.body == content
    assert unquote(answer.headers["Content-Disposition"].rpartition("''")[2]) == saved
    (line,) = [line for line in await ward.attachments() if line["id"] == file_id]
    assert line["attachment"]["name"] == sent


async def test_pages_are_drawn_when_somebody_looks_and_then_kept(ward: Ward, pdf_id: str) -> None:
    for name in ("preview", "page-1", "page-12", "page-12"):
        answer = await ward.amina.get(pdf_id, name)
        assert answer.status == 200, name
        assert answer.headers["Content-Type"] in ("image/png", "image/jpeg")
        assert max(Image.open(io.BytesIO(answer.body)).size) == (640 if name == "preview" else 1600)
    kept = [name for name in await ward.stored() if name.endswith("page-12")]
    assert len(kept) == 1


@pytest.mark.parametrize(
    "name",
    ["page-0", "page-13", "page-01", "page-", "page--1", "page-99999999", "upload",
     "large", "../original", "..%2foriginal", "nothing", "original.upload"],
)  # fmt: skip
async def test_a_pdf_has_no_other_parts(ward: Ward, pdf_id: str, name: str) -> None:
    assert (await ward.amina.get(pdf_id, name)).status == 404


@pytest.mark.parametrize("name", ["original", "preview", "page-1", "upload", "exif"])
async def test_a_photo_has_no_original_and_no_pages(ward: Ward, photo_id: str, name: str) -> None:
    assert (await ward.amina.get(photo_id, name)).status == 404


SIZE = len(PAPERS)
RANGES: dict[str, tuple[int, slice | None]] = {
    "bytes=0-": (206, slice(0, None)),
    "bytes=0-0": (206, slice(0, 1)),
    "bytes=100-299": (206, slice(100, 300)),
    f"bytes={SIZE - 1}-": (206, slice(SIZE - 1, None)),
    "bytes=-10": (206, slice(-10, None)),
    f"bytes=-{SIZE * 2}": (206, slice(0, None)),
    f"bytes=5-{SIZE * 2}": (206, slice(5, None)),
    f"bytes={SIZE}-": (416, None),
    "bytes=-0": (416, None),
    f"bytes={SIZE}-{SIZE + 5}": (416, None),
    "bytes=0-1,5-6": (200, slice(None)),
    "bytes=5-2": (200, slice(None)),
    "bytes=-": (200, slice(None)),
    "lines=1-2": (200, slice(None)),
    "nonsense": (200, slice(None)),
}


@pytest.mark.parametrize("asked", RANGES)
async def test_ranges_of_bytes(ward: Ward, pdf_id: str, asked: str) -> None:
    status, span = RANGES[asked]
    answer = await ward.amina.get(pdf_id, "original", Range=asked)
    assert answer.status == status
    if span is None:
        assert answer.headers["Content-Range"] == f"bytes */{SIZE}"
        return
    start, end, _ = span.indices(SIZE)
    assert answer.body == PAPERS[start:end]
    assert answer.headers["Content-Length"] == str(end - start)
    if status == 206:
        assert answer.headers["Content-Range"] == f"bytes {start}-{end - 1}/{SIZE}"
    assert answer.headers["Accept-Ranges"] == "bytes"


async def test_a_range_of_other_bytes_than_there_are_gets_all(ward: Ward, pdf_id: str) -> None:
    tag = (await ward.amina.get(pdf_id, "original")).headers["ETag"]
    for condition, status in ((tag, 206), ('"another"', 200)):
        head = {"Range": "bytes=0-9", "If-Range": condition}
        assert (await ward.amina.get(pdf_id, "original", **head)).status == status


async def test_head_says_how_large_a_file_is(ward: Ward, pdf_id: str) -> None:
    path = f"{ward.amina.place}/files/{pdf_id}/original"
    answer = await ward.amina.person.ask("HEAD", path)
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["Content-Length"] == str(SIZE)


async def test_head_knows_no_ranges(ward: Ward, pdf_id: str) -> None:
    path = f"{ward.amina.place}/files/{pdf_id}/original"
    answer = await ward.amina.person.ask("HEAD", path, headers={"Range": "bytes=0-9"})
    assert (answer.status, answer.headers["Content-Length"]) == (200, str(SIZE))


async def test_a_file_that_is_gone_from_the_disk_does_not_exist(ward: Ward) -> None:
    file_id = await ward.amina.send(photo())
    await ward.lose(file_id)
    assert (await ward.amina.get(file_id, "large")).status == 404
    assert (await ward.amina.get(file_id, "large", Range="bytes=0-9")).status == 404
    path = f"{ward.amina.place}/files/{file_id}/large"
    assert (await ward.amina.person.ask("HEAD", path)).status == 404


async def test_for_strangers_and_other_sessions_a_file_does_not_exist(
    ward: Ward, photo_id: str
) -> None:
    await ward.server.account("other@example.org", "Other Nurse")
    await ward.server.account("boss@example.org", "The Boss", "administrator")
    async with (
        Person(ward.server) as other,
        Person(ward.server) as boss,
        Person(ward.server) as omar,
        Person(ward.server) as anybody,
    ):
        await other.sign_in("other@example.org")
        await boss.sign_in("boss@example.org")
        seat = await omar.join(await ward.nurse.person.invite("Omar"))
        for person in (other, boss, omar, anybody):
            for place in (ward.amina.place, ward.nurse.place):
                assert (await Sender(person, place).get(photo_id, "large")).status == 404
        assert (await Sender(omar, f"/seat/{seat}").get(photo_id, "large")).status == 404
    assert (await ward.amina.get(photo_id, "large")).status == 200


async def test_nothing_of_a_file_is_readable_on_the_disk(ward: Ward, pdf_id: str) -> None:
    for content in await ward.sealed():
        assert b"%PDF" not in content
        assert b"\xff\xd8\xff" not in content[:1000]
