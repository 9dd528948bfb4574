"""Thousands of users, and what a process that dies must not leave behind."""

import asyncio
import gc
import os
import random
import re
import signal
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from signaling.rooms.room import Room
from tests.clock import MovableClock
from tests.people import Person, consultation_of
from tests.serving import PASSWORD, serving
from tests.system.test_kill import process
from tests.web_process import refused_start
from web.keys import CLOCKWORK, ROOMS

SECRETS = {
    "TELECONNECT_MASTER_KEY": "bWFzdGVya2V5LW1hc3RlcmtleS1tYXN0ZXJrZXktMzI=",
    "TELECONNECT_SMTP_URL": "smtp://tele:sm7p-5ecret@127.0.0.1:9",
    "TELECONNECT_TURN_URLS": "turn:turn.example.org",
    "TELECONNECT_TURN_SECRET": "7urn-5ecret",
}
"Well-formed, and easy to find in a log or a command line."
MARKS = ("bWFzdGVya2V5", "masterkey", "sm7p-5ecret", "7urn-5ecret", "k3y-5ecret")
BROKEN = {
    "master key": {"TELECONNECT_MASTER_KEY": "k3y-5ecret"},
    "mail scheme": {"TELECONNECT_SMTP_URL": "http://tele:sm7p-5ecret@mail.example.org"},
    "mail port": {"TELECONNECT_SMTP_URL": "smtp://tele:sm7p-5ecret@mail.example.org:99999"},
    "mail host": {"TELECONNECT_SMTP_URL": "smtp://tele:sm7p-5ecret@[::"},
    "turn address": {"TELECONNECT_TURN_URLS": "turn://7urn-5ecret@x y"},
    "phone key": {
        "TELECONNECT_VONAGE_APPLICATION_ID": "app",
        "TELECONNECT_VONAGE_PRIVATE_KEY": "-----BEGIN PRIVATE KEY-----\nk3y-5ecret\n",
        "TELECONNECT_VONAGE_SMS_FROM": "Clinic",
    },
    "phone key file": {
        "TELECONNECT_VONAGE_APPLICATION_ID": "app",
        "TELECONNECT_VONAGE_PRIVATE_KEY": "k3y-5ecret",
        "TELECONNECT_VONAGE_SMS_FROM": "Clinic",
    },
}
QUICK_AND_LONG = pytest.mark.parametrize(
    "rounds", [1, pytest.param(30, marks=pytest.mark.soak)], ids=["once", "again and again"]
)


@QUICK_AND_LONG
async def test_killed_while_reports_are_drawn_it_leaves_nothing_behind(
    tmp_path: Path, rounds: int
) -> None:
    cookie = consultation_id = ""
    before: set[str] = set()
    for turn in range(rounds):
        async with process(tmp_path, first=turn == 0, relay=False) as (running, server, printed):  # noqa: SIM117
            async with Person(server) as nurse, Person(server) as phone:
                if turn == 0:
                    setup = re.search(r"/setup/[\w-]+", printed)
                    assert setup is not None
                    form = {"name": "Boss", "email": "boss@example.org", "password": PASSWORD}
                    assert (await nurse.post(setup.group(), form)).status == 303
                    cookie = nurse.cookie
                    amina = await phone.enter(invite_id=await phone.join(await nurse.invite()))
                    consultation_id = await consultation_of(amina)
                    for number in range(150):
                        await amina.say(f"{number}: " + "जब मैं सुबह उठती हूँ " * 40)
                    await amina.ws.close()
                else:
                    nurse.plant(cookie)
                before |= _files(tmp_path)
                drawing = [
                    asyncio.create_task(nurse.get(f"/sessions/{consultation_id}/report.pdf"))
                    for _ in range(3)
                ]
                await asyncio.wait(drawing, timeout=random.random())
                running.kill()
                with suppress(aiohttp.ClientError, ConnectionError):
                    await asyncio.gather(*drawing)
                await asyncio.gather(*drawing, return_exceptions=True)
    async with process(tmp_path, relay=False) as (_, server, _), Person(server) as nurse:
        nurse.plant(cookie)
        report = await nurse.get(f"/sessions/{consultation_id}/report.pdf")
        assert report.status == 200 and report.body.startswith(b"%PDF-")
        assert _files(tmp_path) <= before


def _files(folder: Path) -> set[str]:
    return {str(file.relative_to(folder)) for file in folder.rglob("*")}


@pytest.mark.parametrize("count", [40, pytest.param(5000, marks=pytest.mark.soak)])
async def test_rooms_that_were_left_are_forgotten(tmp_path: Path, count: int) -> None:
    clock = MovableClock(datetime(2026, 3, 1, 12, 0, tzinfo=UTC))
    async with serving(tmp_path, clock) as server, Person(server) as nurse, Person(server) as phone:
        account = await server.account()
        await nurse.sign_in()
        hub = server.app[ROOMS].hub
        for number in range(count):
            if number % 100 == 99:  # what one person may send in an hour is bounded
                clock.move(timedelta(hours=1))
                await nurse.sign_in()
            link = await nurse.invite(address="", channel="none")
            amina = await phone.enter(invite_id=await phone.join(link))
            await amina.ws.close()
        async with asyncio.timeout(60):
            while any(True for _ in hub.connections()):  # the last goodbye is still under way
                await nurse.get("/healthz")
        clock.move(timedelta(minutes=1))
        await server.app[CLOCKWORK].run_due()  # they are seen to have left
        clock.move(timedelta(minutes=11))
        await server.app[CLOCKWORK].run_due()
        assert hub.room_count() == 0
        async with asyncio.timeout(60):
            while _rooms_in_memory(account.id):  # the last conversations are still ending
                await nurse.get("/healthz")


def _rooms_in_memory(scheduler_id: str) -> int:
    gc.collect()
    rooms = [each for each in gc.get_objects() if isinstance(each, Room)]
    return sum(room.consultation.scheduler_id == scheduler_id for room in rooms)


@pytest.mark.parametrize("name", BROKEN)
async def test_a_refused_secret_is_not_printed(tmp_path: Path, name: str) -> None:
    status, printed, said = await refused_start(TELECONNECT_DATA_DIR=str(tmp_path), **BROKEN[name])
    assert status == 1
    printed += said
    assert printed.startswith("TeleConnect cannot start. ") and "Traceback" not in printed
    assert not [mark for mark in MARKS if mark in printed]


def _family(pid: int) -> list[int]:
    """A process and everything that it started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(each for child in children for each in _family(int(child)))]


def _command_lines(pid: int) -> list[bytes]:
    return [Path(f"/proc/{each}/cmdline").read_bytes() for each in _family(pid)]


async def test_no_command_line_and_no_line_of_the_log_holds_a_secret(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("wb") as opened:
        running = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "web",
            env={
                **os.environ, "TELECONNECT_DATA_DIR": str(tmp_path / "data"), "PORT": "0",
                "TELECONNECT_RELAY_PORT": "0", **SECRETS,
            },
            stdout=asyncio.subprocess.PIPE, stderr=opened,
        )  # fmt: skip
    assert running.stdout is not None
    try:
        async with asyncio.timeout(120):
            printed = (await running.stdout.readline()).decode()
            async with aiohttp.ClientSession() as somebody:
                while b"The relay answers" not in log.read_bytes():
                    await somebody.get(re.findall(r"http://\S+", printed)[0] + "/healthz")
                    await asyncio.sleep(0.05)
        lines = _command_lines(running.pid)
        assert len(lines) > 1
    finally:
        running.send_signal(signal.SIGTERM)
        await running.wait()
    everything = printed + log.read_text() + b"\n".join(lines).decode()
    assert not [mark for mark in MARKS if mark in everything]
