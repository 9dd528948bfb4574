"""Photos and PDFs for tests, and how a browser sends them.

sender = Sender(amina, f"/seat/{seat}")
file_id = await sender.send(photo(), name="wound.jpg", caption="Since Monday")
"""

import base64
import hashlib
import io
import random
from dataclasses import dataclass
from typing import Any

from fpdf import FPDF
from PIL import Image

from tests.people import Answer, Person, an_id

TUS = {"Tus-Resumable": "1.0.0"}
PIECE = "application/offset+octet-stream"
BLOCK = 64 * 1024
"Whole blocks of an upload that was cut are kept."


def photo(width: int = 320, height: int = 240, *, seed: int = 1, quality: int = 90) -> bytes:
    """A JPEG of noise, which no encoder makes small."""
    noise = random.Random(seed).randbytes(width * height * 3)
    out = io.BytesIO()
    Image.frombytes("RGB", (width, height), noise).save(out, "JPEG", quality=quality)
    return out.getvalue()


def pixel(picture: Image.Image, x: int, y: int) -> tuple[int, ...]:
    """One pixel of a picture in colors, part by part."""
    parts = picture.getpixel((x, y))
    assert isinstance(parts, tuple)
    return parts


def pdf(pages: int = 1) -> bytes:
    document = FPDF()
    document.set_font("helvetica", size=40)
    for number in range(pages):
        document.add_page()
        document.cell(text=f"Page {number + 1}")
    return bytes(document.output())


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def metadata(**values: str) -> str:
    """The value of Upload-Metadata."""
    return ",".join(
        f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items()
    )


@dataclass
class Sender:
    """A browser with a place in a session: `place` is the path of its page."""

    person: Person
    place: str

    async def ask(
        self, method: str, upload_id: str = "", body: bytes | None = None, **headers: str
    ) -> Answer:
        path = f"{self.place}/uploads" + (f"/{upload_id}" if upload_id else "")
        options: dict[str, Any] = {} if body is None else {"data": io.BytesIO(body)}
        return await self.person.ask(
            method, path, headers={"Accept": "*/*", **TUS, **headers}, **options
        )

    async def create(self, content: bytes, upload_id: str, **said: str) -> Answer:
        said = {"id": upload_id, "filename": "a.jpg", "sha256": digest(content), **said}
        head = {"Upload-Length": str(len(content)), "Upload-Metadata": metadata(**said)}
        return await self.ask("POST", **head)

    async def piece(self, upload_id: str, offset: int, piece: bytes, **headers: str) -> Answer:
        head = {"Content-Type": PIECE, "Upload-Offset": str(offset), **headers}
        return await self.ask("PATCH", upload_id, piece, **head)

    async def offset(self, upload_id: str) -> int:
        answer = await self.ask("HEAD", upload_id)
        assert answer.status == 200, answer.status
        return int(answer.headers["Upload-Offset"])

    async def send(self, content: bytes, *, name: str = "a.jpg", caption: str = "") -> str:
        """Send a file at once; returns its id."""
        upload_id = an_id("file")
        answer = await self.create(content, upload_id, filename=name, caption=caption)
        assert answer.status == 201, answer.text
        answer = await self.piece(upload_id, 0, content)
        assert answer.status == 204, answer.text
        return upload_id

    async def get(self, file_id: str, rendition: str, **headers: str) -> Answer:
        return await self.person.get(f"{self.place}/files/{file_id}/{rendition}", **headers)
