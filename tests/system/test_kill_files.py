"""kill -9 while a file is on its way: it goes on where it was, and stands in the chat once."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.files import BLOCK, Sender, pdf, photo
from tests.people import PATIENCE, Person
from tests.serving import PASSWORD, Server
from tests.system.test_kill import process
from tests.web_process import Running

UPLOAD_ID = "file-000001"


@dataclass
class Clinic:
    """A data folder whose server is started and killed, and Amina's seat there."""

    folder: Path
    cookie: str = ""
    seat: str = ""
    killed: list[str] = field(default_factory=list)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[tuple[Running, Sender]]:
        first = not self.seat
        async with (
            process(self.folder, first=first, relay=False) as (running, server, printed),
            Person(server) as phone,
        ):
            if first:
                await self._furnish(server, phone, printed)
            phone.plant(self.cookie)
            yield running, Sender(phone, f"/seat/{self.seat}")

    async def _furnish(self, server: Server, phone: Person, printed: str) -> None:
        setup = re.search(r"/setup/[\w-]+", printed)
        assert setup is not None
        async with Person(server) as nurse:
            form = {"name": "Boss", "email": "boss@example.org", "password": PASSWORD}
            assert (await nurse.post(setup.group(), form)).status == 303
            self.seat = await phone.join(await nurse.invite())
            self.cookie = phone.cookie

    async def files_in_chat(self) -> list[dict[str, Any]]:
        async with self.running() as (_, amina):
            wire = await amina.person.enter(invite_id=self.seat)
            return [line for line in await wire.chat() if line["kind"] in ("photo", "pdf")]

    def parts(self) -> list[Path]:
        return [path for path in (self.folder / "files").rglob("*") if path.is_file()]


async def kill(running: Running) -> None:
    running.kill()
    await running.wait()


async def sent_until_killed(work: Awaitable[object]) -> None:
    with contextlib.suppress(aiohttp.ClientError, ConnectionError):
        await work


async def test_an_upload_goes_on_after_each_kill_with_less_than_a_block_lost(
    tmp_path: Path,
) -> None:
    content = photo(1600, 1200)
    clinic = Clinic(tmp_path)
    kept = 0
    for turn in range(2):
        async with clinic.running() as (running, amina):
            if turn == 0:
                assert (await amina.create(content, UPLOAD_ID)).status == 201
            assert await amina.offset(UPLOAD_ID) == kept
            wanted = kept + 3 * BLOCK

            async def body(start: int = kept, end: int = wanted + 100) -> AsyncIterator[bytes]:
                yield content[start:end]
                await asyncio.Event().wait()

            piece = asyncio.create_task(sent_until_killed(hanging_piece(amina, kept, body())))
            async with asyncio.timeout(PATIENCE):
                while await amina.offset(UPLOAD_ID) < wanted:
                    pass
            await kill(running)
            piece.cancel()
            kept = wanted
    async with clinic.running() as (_, amina):
        assert await amina.offset(UPLOAD_ID) == kept
        assert (await amina.piece(UPLOAD_ID, kept, content[kept:])).status == 204
        assert (await amina.get(UPLOAD_ID, "large")).status == 200
    [line] = await clinic.files_in_chat()
    assert line["attachment"]["size"] == len(content)


async def hanging_piece(amina: Sender, offset: int, body: AsyncIterator[bytes]) -> None:
    await amina.person.ask(
        "PATCH",
        f"{amina.place}/uploads/{UPLOAD_ID}",
        data=body,
        headers={
            "Tus-Resumable": "1.0.0",
            "Upload-Offset": str(offset),
            "Content-Type": "application/offset+octet-stream",
        },
    )


Moment = Callable[[Clinic, Running], Awaitable[None]]


async def while_it_is_examined(clinic: Clinic, running: Running) -> None:
    """The process for files has begun to work."""
    children = Path(f"/proc/{running.pid}/task/{running.pid}/children")
    await until(lambda: children.read_text() != "")


async def once_a_rendition_is_there(clinic: Clinic, running: Running) -> None:
    await until(lambda: len(clinic.parts()) > 1)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await asyncio.to_thread(true):
            pass


@pytest.mark.parametrize("moment", [while_it_is_examined, once_a_rendition_is_there])
@pytest.mark.parametrize("kind", ["photo", "pdf"])
async def test_a_file_whose_examination_was_killed_is_attached_by_asking_again(
    tmp_path: Path, moment: Moment, kind: str
) -> None:
    content = photo(4000, 3000, quality=80) if kind == "photo" else pdf(300)
    clinic = Clinic(tmp_path)
    async with clinic.running() as (running, amina):
        assert (await amina.create(content, UPLOAD_ID)).status == 201
        last = asyncio.create_task(sent_until_killed(amina.piece(UPLOAD_ID, 0, content)))
        await moment(clinic, running)
        await kill(running)
        await last
    async with clinic.running() as (_, amina):
        offset = await amina.offset(UPLOAD_ID)
        answers = await asyncio.gather(
            *(amina.piece(UPLOAD_ID, offset, content[offset:]) for _ in range(3))
        )
        assert 204 in {answer.status for answer in answers}
        assert {answer.status for answer in answers} <= {204, 409}
        if kind == "pdf":
            assert (await amina.get(UPLOAD_ID, "original")).body == content
    [line] = await clinic.files_in_chat()
    assert (line["id"], line["kind"]) == (UPLOAD_ID, kind)
    names = {path.name.rpartition(".")[2] for path in clinic.parts()}
    assert names == ({"small", "large"} if kind == "photo" else {"original", "preview"})
