"""Reports are drawn in separate processes: they block nobody, and end when they should."""

import asyncio
import contextlib
import logging
import os
import random
import re
import resource
import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from string import ascii_letters

import pytest
from pypdf import PdfReader

from signaling.report import Report, ReportFile, ReportLine
from tests.files import pdf
from tests.people import PATIENCE, Answer, Person, Wire, consultation_of
from tests.serving import Server, serving
from tests.web.report.drawing import Drawing, about, children, forks
from web.config import harmless_environment
from web.keys import REPORT_WORKERS
from web.report.process import CPU_SECONDS, MEMORY_BYTES, PRIORITY, Order, encode, piece
from web.report.workers import DRAWING_SECONDS, ReportWorkers


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(tmp_path) as running:
        for name in ("nurse", "doctor", "midwife"):
            await running.account(f"{name}@example.org", name.title())
        yield running


@pytest.fixture
async def nurse(server: Server) -> AsyncIterator[Person]:
    async with SignedIn(server, "nurse") as person:
        yield person


class SignedIn(Person):
    """A scheduler of the fixture, by name."""

    def __init__(self, server: Server, name: str) -> None:
        super().__init__(server)
        self._address = f"{name}@example.org"

    async def __aenter__(self) -> "SignedIn":
        await self.sign_in(self._address)
        return self


async def session(scheduler: Person, guest: Person, *texts: str) -> tuple[str, Wire]:
    """A session in which the guest wrote. Returns its report's address and the guest's socket."""
    wire = await guest.enter(invite_id=await guest.join(await scheduler.invite()))
    for text in texts:
        await wire.say(text)
    return f"/sessions/{await consultation_of(wire)}/report.pdf", wire


def text_of(answer: Answer) -> str:
    assert answer.status == 200, answer.text[:500]
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(answer.body)).pages)


@pytest.mark.parametrize("count", [3, pytest.param(8, marks=pytest.mark.soak)])
async def test_exports_of_one_account_go_one_at_a_time_and_chat_goes_on(
    server: Server, nurse: Person, phone: Person, count: int
) -> None:
    # a busy machine takes longer to draw a report than people are made to wait for their turn
    server.app[REPORT_WORKERS].patience = DRAWING_SECONDS
    report, wire = await session(nurse, phone, "What was said")
    drawing = Drawing(phone)
    exports = [asyncio.create_task(nurse.get(report)) for _ in range(count)]
    for done in range(count):
        await drawing.until(1)
        for _ in range(5):
            assert await drawing.look() == 1
        await wire.say("Somebody else goes on")
        assert sum(export.done() for export in exports) == done
        drawing.go_on()
        await asyncio.wait(
            [each for each in exports if not each.done()], return_when=asyncio.FIRST_COMPLETED
        )
    for export in exports:
        assert "What was said" in text_of(await export)
    assert len(drawing.stopped) == count


async def test_a_report_that_is_left_half_read_leaves_no_pipe_open() -> None:
    chance = random.Random(1)
    facts = Report("en", "UTC", datetime(2026, 12, 7, 14, tzinfo=UTC))

    async def lines() -> AsyncIterator[bytes]:
        for _ in range(600):  # more than the pipe and its reader hold
            text = "".join(chance.choices(ascii_letters, k=400))
            yield encode(ReportLine("Amina", facts.started_at or datetime.now(UTC), text))

    def pipes() -> int:
        return sum(
            os.readlink(each).startswith("pipe:")
            for each in Path("/proc/self/fd").iterdir()
            if each.is_symlink() and os.path.lexists(each)
        )

    workers = ReportWorkers(harmless_environment())
    before = pipes()
    order = Order(facts, brand="TeleConnect", made_at=datetime.now(UTC))
    async with workers.draw("account", order, lines()) as drawn:
        first = await anext(drawn.blocks())
        assert first.startswith(b"%PDF-")
    assert pipes() == before


async def test_a_report_that_is_given_up_ends_the_trial_of_a_pdf_as_well() -> None:
    facts = Report("en", "UTC", datetime(2026, 12, 7, 14, tzinfo=UTC))
    order = Order(facts, brand="TeleConnect", made_at=datetime.now(UTC))
    book = await asyncio.to_thread(pdf, 900)

    async def lines() -> AsyncIterator[bytes]:
        file = ReportFile("pdf", "book.pdf", len(book), pages=900, carried=1)
        yield encode(ReportLine("Amina", datetime.now(UTC), "", file=file))
        yield piece(book) + piece(b"")

    workers = ReportWorkers(harmless_environment())

    async def draw() -> None:
        async with workers.draw("account", order, lines()):
            pass

    drawing = asyncio.create_task(draw())
    while not (started := await asyncio.to_thread(children)):  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    while not (trying := await asyncio.to_thread(forks, *started)):  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    os.kill(trying[0], signal.SIGSTOP)  # one that takes long
    drawing.cancel()
    await asyncio.wait({drawing}, timeout=PATIENCE)
    left = drawing.done()
    with contextlib.suppress(ProcessLookupError):
        os.kill(trying[0], signal.SIGKILL)
    assert left, "the place is free"


async def test_two_are_drawn_at_once_and_the_third_waits(server: Server, phone: Person) -> None:
    async with (
        SignedIn(server, "nurse") as one,
        SignedIn(server, "doctor") as two,
        SignedIn(server, "midwife") as three,
    ):
        sessions = [await session(each, phone, "Good morning") for each in (one, two, three)]
        drawing = Drawing(phone)
        exports = [
            asyncio.create_task(person.get(report))
            for person, (report, _) in zip((one, two, three), sessions, strict=True)
        ]
        await drawing.until(2)
        for _ in range(5):
            assert await drawing.look() == 2
        assert len(drawing.stopped) == 2
        drawing.go_on()
        await asyncio.wait(exports, return_when=asyncio.FIRST_COMPLETED)
        while len(drawing.stopped) < 3:
            assert await drawing.look() <= 2
        drawing.go_on()
        for export in exports:
            assert "Good morning" in text_of(await export)


async def test_who_waits_too_long_is_told_when_to_come_back(
    server: Server, nurse: Person, phone: Person
) -> None:
    report, _ = await session(nurse, phone)
    drawing = Drawing(phone)
    first = asyncio.create_task(nurse.get(report))
    await drawing.until(1)
    server.app[REPORT_WORKERS].patience = 0.0
    answer = await nurse.get(report)
    assert answer.status == 503
    assert answer.headers["Retry-After"] == "30"
    assert "Other reports are being made right now. Please try again in a minute." in answer.text
    drawing.go_on()
    assert (await first).status == 200


async def test_a_process_that_is_killed_is_told_and_the_next_export_works(
    server: Server, nurse: Person, phone: Person, caplog: pytest.LogCaptureFixture
) -> None:
    report, _ = await session(nurse, phone, "Zarathustra")
    drawing = Drawing(phone)
    export = asyncio.create_task(nurse.get(report))
    await drawing.until(1)
    os.kill(drawing.stopped[0], signal.SIGKILL)
    answer = await export
    assert answer.status == 503
    assert "The report could not be made this time." in answer.text
    (line,) = [each for each in caplog.records if each.name == "web.report.workers"]
    assert line.levelno == logging.ERROR and vars(line)["status"] == -signal.SIGKILL
    assert "Zarathustra" not in str(vars(line))
    assert "Zarathustra" in text_of(await nurse.get(report))


async def test_a_browser_that_leaves_ends_its_process(
    server: Server, nurse: Person, phone: Person
) -> None:
    report, _ = await session(nurse, phone)
    drawing = Drawing(phone)
    export = asyncio.create_task(nurse.get(report))
    await drawing.until(1)
    export.cancel()
    await drawing.until(0)


async def test_a_server_that_stops_ends_them(tmp_path: Path) -> None:
    async with contextlib.AsyncExitStack() as people:
        async with serving(tmp_path) as server:
            await server.account()
            nurse = await people.enter_async_context(SignedIn(server, "nurse"))
            phone = await people.enter_async_context(Person(server))
            report, _ = await session(nurse, phone)
            drawing = Drawing(phone)
            export = asyncio.create_task(nurse.get(report))
            await drawing.until(1)
        assert children() == set()
        assert (await export).status == 503


async def test_a_process_is_restrained_and_knows_no_secret(
    server: Server, nurse: Person, phone: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    report, _ = await session(nurse, phone, "Zarathustra")
    drawing = Drawing(phone)
    export = asyncio.create_task(nurse.get(report))
    await drawing.until(1)
    (child,) = drawing.stopped
    environment = about(child, "environ")
    assert b"PATH=" in environment
    assert not any(secret in environment for secret in (b"TELECONNECT", b"PASSWORD", b"KEY"))
    assert b"Zarathustra" not in about(child, "cmdline")
    drawing.go_on()
    while resource.prlimit(child, resource.RLIMIT_FSIZE) != (0, 0):  # the last that it sets
        await drawing.look()
    os.kill(child, signal.SIGSTOP)
    assert resource.prlimit(child, resource.RLIMIT_CPU)[0] == CPU_SECONDS
    assert os.getpriority(os.PRIO_PROCESS, child) == os.getpriority(os.PRIO_PROCESS, 0) + PRIORITY
    assert resource.prlimit(child, resource.RLIMIT_AS)[0] == MEMORY_BYTES
    assert resource.prlimit(child, resource.RLIMIT_CORE) == (0, 0)
    drawing.go_on()
    assert (await export).status == 200


async def test_a_long_report_comes_in_parts_that_together_hold_every_line(
    server: Server, nurse: Person, phone: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signaling.report.PART_SIZE", 1000)
    said = [f"Line {number} of a long conversation" for number in range(12)]
    report, _ = await session(nurse, phone, *said)
    page = await nurse.get(report)
    assert "its report comes in several files" in page.text
    parts = re.findall(r'name="part" value="(\d)"', page.text)
    assert parts == ["1", "2"]
    texts = []
    for part in parts:
        answer = await nurse.get(f"{report}?part={part}")
        assert f'-{part}.pdf"' in answer.headers["Content-Disposition"]
        texts.append(text_of(answer))
        assert f"Part {part} of 2" in texts[-1]
    assert re.findall(r"Line \d+ of a long conversation", "".join(texts)) == said
    for wrong in ("0", "3", "x", "²", "1 "):
        assert (await nurse.get(f"{report}?part={wrong}")).status == 404
