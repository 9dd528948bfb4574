"""Hands files to the real workers, and looks at what comes back."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from io import BytesIO

from PIL import Image

from signaling.errors import FileRefused
from tests.files import pixel
from web.attachments.job import Outcome, Rendition
from web.attachments.workers import BLOCK_BYTES, FileWorkers


@dataclass(frozen=True)
class Taken:
    """What became of a file."""

    outcome: Outcome
    renditions: dict[str, Rendition] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)

    @property
    def refused(self) -> str:
        """The code of the refusal, empty if the file was taken."""
        return self.outcome.refused

    def picture(self, name: str) -> Image.Image:
        """A rendition, which has the size and the type that its description says."""
        described, data = self.renditions[name], self.files[name]
        opened = Image.open(BytesIO(data), formats=["JPEG", "PNG"])
        opened.load()
        assert len(data) == described.size
        assert opened.size == (described.width, described.height)
        assert f"image/{(opened.format or '').lower()}" == described.media_type
        return opened


class Intake:
    """Workers that take files."""

    def __init__(self, workers: FileWorkers) -> None:
        self.workers = workers

    async def take(self, data: bytes, size: int | None = None) -> Taken:
        """Have a file examined. `size` is what was announced, if that is something else."""
        files = Files()
        try:
            outcome = await self.workers.examine(size or len(data), blocks(data), files.keep)
        except FileRefused as refusal:
            assert not files.data, "something was kept of a file that is refused"
            return Taken(Outcome(refused=refusal.code))
        return Taken(outcome, files.descriptions, files.data)

    async def page(self, data: bytes, number: int) -> Taken:
        """Have a page of a PDF drawn."""
        files = Files()
        try:
            outcome = await self.workers.page(len(data), number, blocks(data), files.keep)
        except FileRefused as refusal:
            return Taken(Outcome(refused=refusal.code))
        return Taken(outcome, files.descriptions, files.data)


class Files:
    """What the workers hand over."""

    def __init__(self) -> None:
        self.descriptions: dict[str, Rendition] = {}
        self.data: dict[str, bytes] = {}

    async def keep(self, rendition: Rendition, content: AsyncIterator[bytes]) -> None:
        parts = [block async for block in content]
        assert all(len(part) <= BLOCK_BYTES for part in parts)
        self.descriptions[rendition.name] = rendition
        self.data[rendition.name] = b"".join(parts)


async def blocks(data: bytes) -> AsyncIterator[bytes]:
    """A file as it comes from the disk."""
    for start in range(0, len(data), BLOCK_BYTES):
        yield data[start : start + BLOCK_BYTES]


def color_at(picture: Image.Image, x: float, y: float) -> tuple[int, int, int]:
    """The mean color around a place, which is given in parts of width and height."""
    rgb = picture.convert("RGB")
    side = max(1, int(min(rgb.size) * 0.06))
    left, top = int(rgb.width * x - side / 2), int(rgb.height * y - side / 2)
    spot = rgb.crop((left, top, left + side, top + side)).resize((1, 1), Image.Resampling.BOX)
    red, green, blue = pixel(spot, 0, 0)
    return red, green, blue


def is_close(found: tuple[int, int, int], expected: tuple[int, int, int]) -> bool:
    """Whether no part of a color is off by more than 3 of 255."""
    return all(abs(a - b) <= 3 for a, b in zip(found, expected, strict=True))
