"""A session with two people who send each other photos and PDFs, for tests of what travels and how."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.clock import MovableClock
from tests.engines.databases import run
from tests.files import PIECE, Sender
from tests.people import PATIENCE, Person, Wire, an_id, consultation_of
from tests.serving import Server, moment, serving
from web.keys import CLOCKWORK, STORE

MIB = 2**20


@dataclass
class Ward:
    """A nurse and Amina in one session, each with a page that can send."""

    server: Server
    clock: MovableClock
    folder: Path
    desk: Wire
    seat: Wire
    nurse: Sender
    amina: Sender
    invite_id: str
    consultation_id: str
    link: str

    async def attachments(self) -> list[dict[str, Any]]:
        """Every photo and PDF of the chat."""
        async with Person(self.server) as again:
            again.plant(self.amina.person.cookie)
            wire = await again.enter(invite_id=self.invite_id)
            return [line for line in await wire.chat() if line["kind"] in ("photo", "pdf")]

    def files(self) -> list[Path]:
        """Every file in the data folder that belongs to photos and PDFs."""
        return [path for path in (self.folder / "files").rglob("*") if path.is_file()]

    async def stored(self) -> list[str]:
        """What is stored of photos and PDFs, in the data folder or the database: `id.part`."""
        rows = await run(self.server.app[STORE], "SELECT file_id, part FROM file_part")
        return [path.name for path in self.files()] + [".".join(row) for row in rows]

    async def sealed(self) -> list[bytes]:
        """The content of all that, as it is stored."""
        rows = await run(self.server.app[STORE], "SELECT sealed FROM file_block")
        read = [await asyncio.to_thread(path.read_bytes) for path in self.files()]
        return read + [row["sealed"] for row in rows]

    async def damage(self, name: str) -> None:
        """Change a bit of the first block of `id.part`, as a bad disk would."""
        for path in self.files():
            if path.name == name:
                await asyncio.to_thread(path.write_bytes, _damaged(path.read_bytes()))
        store = self.server.app[STORE]
        of_part = (
            "number = 0 AND part_id IN (SELECT id FROM file_part WHERE file_id || '.' || part = ?)"
        )
        for row in await run(store, f"SELECT sealed FROM file_block WHERE {of_part}", name):
            changed = f"UPDATE file_block SET sealed = ? WHERE {of_part}"
            await run(store, changed, _damaged(row["sealed"]), name)

    async def lose(self, file_id: str) -> None:
        """Delete every part of a photo or PDF behind the server's back."""
        for path in self.files():
            if path.name.startswith(file_id):
                path.unlink()
        await run(self.server.app[STORE], "DELETE FROM file_part WHERE file_id = ?", file_id)

    async def pass_time(self, by: timedelta) -> None:
        self.clock.move(by)
        await self.server.app[CLOCKWORK].run_due()


def _damaged(sealed: bytes) -> bytes:
    return sealed[:100] + bytes([sealed[100] ^ 1]) + sealed[101:]


@asynccontextmanager
async def opened(folder: Path, **settings: str) -> AsyncIterator[Ward]:
    async with AsyncExitStack() as stack:
        clock = MovableClock(moment("2026-12-07 14:30"))
        server = await stack.enter_async_context(serving(folder, clock, **settings))
        await server.account()
        nurse, phone = [await stack.enter_async_context(Person(server)) for _ in range(2)]
        await nurse.sign_in()
        link = await nurse.invite()
        invite_id = await phone.join(link)
        seat = await phone.enter(invite_id=invite_id)
        consultation_id = await consultation_of(seat)
        desk = await nurse.enter(consultation_id=consultation_id)
        yield Ward(
            server, clock, folder, desk, seat, Sender(nurse, f"/sessions/{consultation_id}"),
            Sender(phone, f"/seat/{invite_id}"), invite_id, consultation_id, link,
        )  # fmt: skip


async def shown(wire: Wire, line_id: str) -> dict[str, Any]:
    """The line with this id, once it comes."""
    while True:
        line: dict[str, Any] = (await wire.until("chat_added"))["message"]
        if line["id"] == line_id:
            return line


async def raw(
    ward: Ward, upload_id: str, offset: int, size: int, *more: str, sender: Sender | None = None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """The head of a PATCH by hand, Amina's unless there is a `sender`."""
    sender = sender or ward.amina
    reader, writer = await asyncio.open_connection("127.0.0.1", ward.server.config.port)
    head = [
        f"PATCH {sender.place}/uploads/{upload_id} HTTP/1.1", "Host: localhost",
        f"Cookie: teleconnect={sender.person.cookie}", "Tus-Resumable: 1.0.0",
        f"Content-Type: {PIECE}", f"Upload-Offset: {offset}", f"Content-Length: {size}", *more,
    ]  # fmt: skip
    writer.write(("\r\n".join(head) + "\r\n\r\n").encode())
    return reader, writer


async def received(
    ward: Ward, upload_id: str, offset: int, *, sender: Sender | None = None
) -> None:
    """Wait until so many bytes of an upload are kept."""
    async with asyncio.timeout(PATIENCE):
        while await (sender or ward.amina).offset(upload_id) < offset:
            pass


async def refused(sender: Sender, content: bytes, **said: str) -> tuple[int, str]:
    """Send something that is not taken; the status and the code."""
    upload_id = an_id("file")
    answer = await sender.create(content, upload_id, **said)
    if answer.status == 201:
        answer = await sender.piece(upload_id, 0, content)
    assert answer.status >= 400, answer.status
    found = json.loads(answer.text)
    assert found["text"].endswith(".")
    assert (await sender.ask("HEAD", upload_id)).status == 404
    return answer.status, found["code"]
