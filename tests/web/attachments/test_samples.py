"""Valid files of phones, scanners and hospital systems are taken, and come out right."""

import asyncio
import json
import subprocess
from pathlib import Path

import pytest

from tests.web.attachments.intake import Intake, Taken, color_at, is_close
from tests.web.attachments.samples import PAPERS, PHOTOS, VALID
from web.attachments.job import SMALL

pytestmark = pytest.mark.slow

FACTS = {
    *("SourceFile", "ExifToolVersion", "FileName", "Directory", "FileSize", "FileModifyDate"),
    *("FileAccessDate", "FileInodeChangeDate", "FilePermissions", "FileType", "MIMEType"),
    *("FileTypeExtension", "ImageWidth", "ImageHeight", "ImageSize", "Megapixels", "BitDepth"),
    *("ColorType", "Compression", "Filter", "Interlace", "EncodingProcess", "BitsPerSample"),
    *("ColorComponents", "YCbCrSubSampling", "JFIFVersion", "ResolutionUnit"),
    *("XResolution", "YResolution"),
}
"What exiftool says of any picture: the file and its compression."


class Folder:
    """What came out of each sample, which is examined once."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._taken: dict[str, Taken] = {}

    async def taken(self, name: str) -> Taken:
        if name not in self._taken:
            self._taken[name] = await self._intake.take(VALID[name].data())
        return self._taken[name]


@pytest.fixture(scope="module")
def folder(intake: Intake) -> Folder:
    return Folder(intake)


def test_there_are_many() -> None:
    assert len(VALID) == len(PHOTOS) + len(PAPERS)
    assert len(VALID) >= 40


@pytest.mark.parametrize("name", PHOTOS)
async def test_a_photo_comes_out_upright_in_its_colors(folder: Folder, name: str) -> None:
    expected = PHOTOS[name]
    taken = await folder.taken(name)
    assert taken.refused == ""
    assert taken.outcome.kind == "photo"
    large, small = taken.picture("large"), taken.picture("small")
    assert large.size == expected.size
    assert small.size == shrunk(large.size)
    for spot, color in expected.spots.items():
        for picture in (large, small):
            found = color_at(picture, *spot)
            assert is_close(found, color), f"{found} at {spot}, not {color}"


@pytest.mark.parametrize("name", PAPERS)
async def test_a_pdf_is_counted_and_drawn(folder: Folder, name: str) -> None:
    expected = PAPERS[name]
    taken = await folder.taken(name)
    assert taken.refused == ""
    assert taken.outcome.kind == "pdf"
    assert taken.outcome.pages == expected.pages
    assert taken.outcome.notes == list(expected.notes)
    if expected.size == (0, 0):
        assert not taken.files
        return
    preview = taken.picture("preview")
    assert preview.size == expected.size
    assert preview.convert("L").getextrema() != (255, 255) or expected.spots, "an empty page"
    for spot, color in expected.spots.items():
        found = color_at(preview, *spot)
        assert is_close(found, color), f"{found} at {spot}, not {color}"


async def test_exiftool_finds_no_metadata(folder: Folder, tmp_path: Path) -> None:
    count = 0
    for number, name in enumerate(VALID):
        taken = await folder.taken(name)
        for rendition, data in taken.files.items():
            ending = taken.renditions[rendition].media_type.removeprefix("image/")
            (tmp_path / f"{number}-{rendition}.{ending}").write_bytes(data)
            count += 1
    described = await asyncio.to_thread(exiftool, tmp_path)
    assert len(described) == count > len(PHOTOS) * 2
    names = list(VALID)
    for tags in described:
        name = names[int(str(tags["FileName"]).partition("-")[0])]
        assert tags.keys() <= FACTS, (name, tags.keys() - FACTS)


async def test_nothing_behind_the_picture_is_kept(folder: Folder) -> None:
    for name in (
        "motion photo",
        "HEIC with a trailer",
        "JPEG with a comment",
        "GIF with a comment",
    ):
        for data in (await folder.taken(name)).files.values():
            assert b"SECRET" not in data
            assert b"Jane Roe" not in data


def exiftool(folder: Path) -> list[dict[str, object]]:
    """What exiftool says of the pictures in a folder."""
    command = ["exiftool", "-json", "-unknown", str(folder)]
    found: list[dict[str, object]] = json.loads(
        subprocess.run(command, capture_output=True, check=True).stdout
    )
    return found


def shrunk(size: tuple[int, int]) -> tuple[int, int]:
    """The size of the small rendition."""
    longest = max(*size, SMALL)
    return round(size[0] * SMALL / longest), round(size[1] * SMALL / longest)
