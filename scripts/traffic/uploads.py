"""Sending photos as browsers do: in pieces (tus 1.0.0), going on where the line was cut."""

import asyncio
import base64
import hashlib
import io
import math
import random
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import aiohttp
from PIL import Image

from scripts.traffic.server import COOKIE, Place
from web.routes import path

PIECE_BYTES = 2**20
PACKET_BYTES = 16 * 1024
"So much is handed over at once."
TRY_AGAIN_AFTER = 1.0
"Seconds; the longest pause of a browser is longer."
ANSWER_WITHIN = 15.0
"Seconds without an answer after the last byte of a piece, and for an offset."


def noisy_photo(most_bytes: int) -> bytes:
    """A JPEG of noise of that many bytes, or up to a hundredth less, in the shape of photos."""
    width = 4032
    while True:
        height = width * 3 // 4
        noise = random.Random(7).randbytes(width * height * 3)
        out = io.BytesIO()
        Image.frombytes("RGB", (width, height), noise).save(out, "JPEG", quality=95)
        if 0.99 * most_bytes <= out.tell() <= most_bytes:
            return out.getvalue()
        # noise takes the same bytes for every pixel
        width = int(width * math.sqrt(0.995 * most_bytes / out.tell()))


def ordinary_photo(seed: int, width: int = 4032, height: int = 3024) -> bytes:
    """A JPEG that compresses as photos do: some 3 MB at 12 megapixels."""
    random_bytes = random.Random(seed).randbytes
    coarse = Image.frombytes(
        "RGB", (width // 16, height // 16), random_bytes(width * height // 256 * 3)
    )
    fine = Image.frombytes("L", (width, height), random_bytes(width * height))
    picture = coarse.resize((width, height), Image.Resampling.BICUBIC)
    grainy = Image.blend(picture, Image.merge("RGB", (fine, fine, fine)), 0.06)
    out = io.BytesIO()
    grainy.save(out, "JPEG", quality=88)
    return out.getvalue()


@dataclass
class Sender:
    """A browser with a seat that sends files to a server at `url`."""

    session: aiohttp.ClientSession
    url: str
    place: Place
    bytes_per_second: float | None = None
    "Of this browser's own line; None: as fast as the machine."

    async def send(self, content: bytes) -> str:
        """Send a photo, however often the line is cut; returns its id."""
        upload_id = secrets.token_urlsafe(12)
        offset = await self._again(lambda: self.create(upload_id, content))
        while True:
            try:
                offset = await self.piece(upload_id, content, offset)
                if offset == len(content):
                    return upload_id
            except (aiohttp.ClientError, TimeoutError, ConnectionError):
                offset = await self._again(lambda: self._look(upload_id))

    async def _again(self, ask: Callable[[], Awaitable[int]]) -> int:
        """Ask until there is an answer."""
        while True:
            try:
                async with asyncio.timeout(ANSWER_WITHIN):
                    return await ask()
            except (aiohttp.ClientError, TimeoutError, ConnectionError):
                await asyncio.sleep(TRY_AGAIN_AFTER)

    async def create(self, upload_id: str, content: bytes) -> int:
        """Begin an upload; returns how far it is."""
        said = {
            "id": upload_id,
            "filename": "photo.jpg",
            "sha256": await asyncio.to_thread(lambda: hashlib.sha256(content).hexdigest()),
        }
        metadata = ",".join(
            f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in said.items()
        )
        return await self._ask(
            "POST",
            path("seat_uploads", invite_id=self.place.invite_id),
            {"Upload-Length": str(len(content)), "Upload-Metadata": metadata},
        )

    async def _look(self, upload_id: str) -> int:
        return await self._ask("HEAD", self._address(upload_id), {})

    async def piece(
        self, upload_id: str, content: bytes, offset: int, length: int = PIECE_BYTES
    ) -> int:
        """Send a piece; returns how far the upload is then."""
        piece = content[offset : offset + length]
        head = {
            "Upload-Offset": str(offset),
            "Content-Type": "application/offset+octet-stream",
            "Content-Length": str(len(piece)),
        }
        return await self._ask("PATCH", self._address(upload_id), head, self._paced(piece))

    async def _paced(self, piece: bytes) -> AsyncIterator[bytes]:
        """The body of a request, as the line carries it."""
        for start in range(0, len(piece), PACKET_BYTES):
            packet = piece[start : start + PACKET_BYTES]
            yield packet
            if self.bytes_per_second is not None:
                await asyncio.sleep(len(packet) / self.bytes_per_second)

    def _address(self, upload_id: str) -> str:
        return path("seat_upload", invite_id=self.place.invite_id, upload_id=upload_id)

    async def _ask(
        self,
        method: str,
        address: str,
        headers: dict[str, str],
        body: AsyncIterator[bytes] | None = None,
    ) -> int:
        """The offset that the server answers with."""
        headers |= {
            "Cookie": f"{COOKIE}={self.place.service_user_cookie}",
            "Tus-Resumable": "1.0.0",
        }
        async with self.session.request(
            method, self.url + address, headers=headers, data=body
        ) as answer:
            if answer.status >= 400:
                raise RuntimeError(
                    f"{method} was answered by {answer.status}: {await answer.text()}"
                )
            return int(answer.headers["Upload-Offset"])
