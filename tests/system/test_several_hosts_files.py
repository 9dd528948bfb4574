"""kill -9 of the owner of a room while a file is on its way: it goes on at the next host, and stands in the chat once."""

import asyncio
import contextlib
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest
from fpdf import FPDF

from tests.files import BLOCK, Sender, digest, photo
from tests.people import PATIENCE, Answer, Person, Wire, consultation_of
from tests.system.test_kill_files import UPLOAD_ID, hanging_piece, sent_until_killed
from tests.web_hosts import Fleet, fleet
from tests.web_process import Running

pytestmark = pytest.mark.postgresql
BETWEEN_TRIES = 0.1


def scan() -> bytes:
    """A PDF of some pages that no writer makes small."""
    document = FPDF()
    for seed in range(4):
        document.add_page()
        document.image(io.BytesIO(photo(900, 600, seed=seed)), w=180)
    return bytes(document.output())


async def owner_of(hosts: Fleet, session: str) -> int:
    owner = await hosts.owner(session)
    assert owner is not None
    return owner


async def insist(ask: Callable[[], Awaitable[Answer]], *wanted: int) -> Answer:
    """Ask as a page does: again until somebody answers."""
    async with asyncio.timeout(PATIENCE):
        while True:
            with contextlib.suppress(aiohttp.ClientError, ConnectionError):
                answer = await ask()
                if answer.status in wanted:
                    return answer
                assert answer.status in (502, 503), answer.status
            await asyncio.sleep(BETWEEN_TRIES)


async def enter(person: Person, seat: str) -> Wire:
    """Enter as a page does: again until a host answers; on a busy machine one may lose its lease."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                return await person.enter(invite_id=seat)
            except aiohttp.WSServerHandshakeError as refusal:
                assert refusal.status in (502, 503), refusal.status
            await asyncio.sleep(BETWEEN_TRIES)


async def reached(amina: Sender) -> int:
    answer = await insist(lambda: amina.ask("HEAD", UPLOAD_ID), 200)
    return int(answer.headers["Upload-Offset"])


async def is_examined(running: Running) -> None:
    """The process for files has begun to work."""
    children = Path(f"/proc/{running.pid}/task/{running.pid}/children")
    async with asyncio.timeout(PATIENCE):
        while not await asyncio.to_thread(children.read_text):
            pass


async def kill_while_it_comes(hosts: Fleet, amina: Sender, session: str, content: bytes) -> int:
    """Some blocks arrive, then their host is killed. The offset from which it goes on."""
    assert (await amina.create(content, UPLOAD_ID, filename="scan.pdf")).status == 201
    wanted = 3 * BLOCK

    async def body() -> AsyncIterator[bytes]:
        yield content[: wanted + 100]
        await asyncio.Event().wait()

    piece = asyncio.create_task(sent_until_killed(hanging_piece(amina, 0, body())))
    async with asyncio.timeout(PATIENCE):
        while await amina.offset(UPLOAD_ID) < wanted:
            pass
    loop = asyncio.get_running_loop()
    began = loop.time()
    await hosts.kill(await owner_of(hosts, session))
    piece.cancel()
    offset = await reached(amina)
    print(f"{loop.time() - began:.2f} s from the kill to the offset from which it goes on")
    assert offset == wanted
    return offset


async def kill_while_it_is_examined(
    hosts: Fleet, amina: Sender, session: str, content: bytes, offset: int
) -> None:
    """The last byte has arrived, and its host is killed before it stands in the chat."""
    last = asyncio.create_task(sent_until_killed(amina.piece(UPLOAD_ID, offset, content[offset:])))
    owner = await owner_of(hosts, session)
    await is_examined(hosts.running[owner])
    loop = asyncio.get_running_loop()
    began = loop.time()
    await hosts.kill(owner)
    await last
    offset = await reached(amina)

    def ask() -> Awaitable[Answer]:
        return amina.piece(UPLOAD_ID, offset, content[offset:])

    answers = await asyncio.gather(*(insist(ask, 204, 409) for _ in range(3)))
    print(f"{loop.time() - began:.2f} s from the kill to the file in the chat")
    assert 204 in {answer.status for answer in answers}


async def check(person: Person, seat: str, content: bytes) -> None:
    """It stands there once, as it was sent."""
    chat = await (await enter(person, seat)).chat()
    [line] = [line for line in chat if line["kind"] in ("photo", "pdf")]
    assert (line["id"], line["kind"]) == (UPLOAD_ID, "pdf")
    assert line["attachment"]["size"] == len(content)
    original = await Sender(person, f"/seat/{seat}").get(UPLOAD_ID, "original")
    assert digest(original.body) == digest(content)


async def test_a_file_goes_on_at_the_next_host_and_stands_in_the_chat_once(tmp_path: Path) -> None:
    content = scan()
    async with fleet(tmp_path) as hosts, hosts.person() as nurse, hosts.person() as phone:
        await nurse.sign_in()
        seat = await phone.join(await nurse.invite())
        session = await consultation_of(await enter(phone, seat))
        amina = Sender(phone, f"/seat/{seat}")
        offset = await kill_while_it_comes(hosts, amina, session, content)
        await kill_while_it_is_examined(hosts, amina, session, content, offset)
        await check(phone, seat, content)
        assert len(hosts.running) == 1
