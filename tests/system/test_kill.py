"""kill -9 in the middle of a chat: whatever was acknowledged is there once, and only once."""

import asyncio
import random
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import pytest

from tests.people import Person, Refused, Wire, consultation_of
from tests.serving import PASSWORD, Server
from tests.web_process import Running, web_process


def in_rounds(ordinary: int) -> pytest.MarkDecorator:
    """`ordinary` kills, and thirty in a soak."""
    return pytest.mark.parametrize("rounds", [ordinary, pytest.param(30, marks=pytest.mark.soak)])


@asynccontextmanager
async def process(
    data_dir: Path, *, first: bool = False, relay: bool = True, afresh: bool = False
) -> AsyncIterator[tuple[Running, Server, str]]:
    """`python -m web` on a free port: the process, a server to speak with, what it printed."""
    workers = "1" if relay else "0"
    async with web_process(
        data_dir, first=first, afresh=afresh, TELECONNECT_RELAY_WORKERS=workers
    ) as (running, printed):
        found = re.search(r"localhost:(\d+)", printed)
        assert found is not None, printed
        server = SimpleNamespace(config=SimpleNamespace(port=int(found.group(1))))
        yield running, cast(Server, server), printed


@dataclass
class Writer:
    """Sends messages without pause until the connection breaks."""

    name: str
    acknowledged: dict[str, int] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)

    async def write(self, wire: Wire, enough: asyncio.Event) -> None:
        wanted = len(self.acknowledged) + 20
        try:
            while True:
                message_id = f"{self.name}-{len(self.written):06}"
                self.written.add(message_id)
                ack = await wire.say(f"text of {message_id}", message_id)
                self.acknowledged[message_id] = ack["position"]
                if len(self.acknowledged) == wanted:
                    enough.set()
                await asyncio.sleep(0.02)  # the highest rate that the server allows without end
        except (ConnectionError, aiohttp.ClientError, Refused):
            pass


@in_rounds(3)
async def test_nothing_acknowledged_is_lost_or_doubled_by_kill_9(
    tmp_path: Path, rounds: int
) -> None:
    writers = [Writer("amina"), Writer("nurse")]
    cookies: list[str] = []
    seat = consultation_id = ""
    for turn in range(rounds):
        async with (
            process(tmp_path, first=turn == 0, relay=False) as (running, server, printed),
            Person(server) as nurse,
            Person(server) as phone,
        ):
            if turn == 0:
                setup = re.search(r"/setup/[\w-]+", printed)
                assert setup is not None
                form = {"name": "Boss", "email": "boss@example.org", "password": PASSWORD}
                assert (await nurse.post(setup.group(), form)).status == 303
                seat = await phone.join(await nurse.invite())
                cookies = [nurse.cookie, phone.cookie]
            else:
                nurse.plant(cookies[0])
                phone.plant(cookies[1])
            amina = await phone.enter(invite_id=seat)
            consultation_id = await consultation_of(amina)
            desk = await nurse.enter(consultation_id=consultation_id)
            enough = [asyncio.Event() for _ in writers]
            writing = [
                asyncio.create_task(writer.write(wire, event))
                for writer, wire, event in zip(writers, (amina, desk), enough, strict=True)
            ]
            async with asyncio.timeout(120):
                for event in enough:
                    await event.wait()
            await asyncio.sleep(random.random() / 50)
            running.kill()
            await asyncio.gather(*writing)
            await asyncio.gather(amina.ws.close(), desk.ws.close())
    async with process(tmp_path, relay=False) as (_, server, _), Person(server) as phone:
        phone.plant(cookies[1])
        amina = await phone.enter(invite_id=seat)
        chat = await amina.chat()
    check(chat, writers, rounds)


def check(chat: list[dict[str, Any]], writers: list[Writer], rounds: int) -> None:
    assert [line["position"] for line in chat] == list(range(1, len(chat) + 1))
    stored = [line for line in chat if line["kind"] == "text"]
    ids = [line["id"] for line in stored]
    assert len(ids) == len(set(ids))
    positions = {line["id"]: line["position"] for line in stored}
    for line in stored:
        assert line["text"] == f"text of {line['id']}"
    for writer in writers:
        assert len(writer.acknowledged) >= rounds * 20
        for message_id, position in writer.acknowledged.items():
            assert positions[message_id] == position
    assert set(ids) <= writers[0].written | writers[1].written


@in_rounds(2)
async def test_every_invitation_is_in_the_outbox_once_after_kill_9(
    tmp_path: Path, rounds: int
) -> None:
    names: list[str] = []
    cookie = ""
    for turn in range(rounds):
        async with (
            process(tmp_path, first=turn == 0, relay=False) as (running, server, printed),
            Person(server) as nurse,
        ):
            if turn == 0:
                setup = re.search(r"/setup/[\w-]+", printed)
                assert setup is not None
                form = {"name": "Boss", "email": "boss@example.org", "password": PASSWORD}
                await nurse.post(setup.group(), form)
                cookie = nurse.cookie
            else:
                nurse.plant(cookie)
            for number in range(6):
                names.append(f"Person-{turn}-{number}")
                await nurse.invite(names[-1], address=f"{names[-1].lower()}@example.org")
            running.kill()  # some of the notices are claimed, some are half written
    async with process(tmp_path, relay=False) as (_, server, _), Person(server) as nurse:
        nurse.plant(cookie)
        async with asyncio.timeout(120):
            while len(list((tmp_path / "outbox").glob("*.eml"))) < len(names):
                await nurse.get("/readyz")
    mails = [
        message_from_bytes(file.read_bytes(), policy=default)
        for file in (tmp_path / "outbox").glob("*.eml")
    ]
    greeted = [
        re.search(r"Person-\d+-\d", mail.get_body(("plain",)).get_content())  # type: ignore[union-attr]
        for mail in mails
    ]
    assert sorted(found.group() for found in greeted if found) == sorted(names)
    assert not list((tmp_path / "outbox").glob(".*"))
