"""Files are examined apart from the server: what happens there stays there."""

import asyncio
import os
import select
import signal
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from signaling.errors import FileUnreadable, Unavailable
from tests.people import PATIENCE
from tests.web.attachments.intake import Files, Intake, blocks
from tests.web.attachments.making_photos import plain, saved
from web.attachments.job import Job, Outcome, Rendition, encode
from web.attachments.workers import FileWorkers, _Disbelieved, _outcome
from web.config import harmless_environment

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
PHOTO = saved(plain(), "JPEG")


@pytest.fixture
async def workers() -> AsyncIterator[FileWorkers]:
    started = FileWorkers(harmless_environment())
    yield started
    started.stop()
    await started.stopped()


class Slow:
    """A file whose second half comes only when it is released."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        "Set when the process has the first half."
        self.released = asyncio.Event()

    async def blocks(self) -> AsyncIterator[bytes]:
        half = len(PHOTO) // 2
        yield PHOTO[:half]
        self.asked.set()
        await self.released.wait()
        yield PHOTO[half:]


def forks(process_id: int) -> list[int]:
    """The processes that a process has forked."""
    return [
        int(each)
        for each in Path(f"/proc/{process_id}/task/{process_id}/children").read_text().split()
    ]


def environment_of(process_id: int) -> bytes:
    """The environment that a process was started with."""
    return Path(f"/proc/{process_id}/environ").read_bytes()


async def fork_of(workers: FileWorkers) -> int:
    """The process of the present file."""
    assert workers.process_id is not None
    async with asyncio.timeout(PATIENCE):
        while not (found := await asyncio.to_thread(forks, workers.process_id)):
            pass
    return found[0]


@pytest.mark.parametrize("with_signal", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT])
async def test_a_decoder_that_dies_takes_nothing_with_it(
    workers: FileWorkers, with_signal: signal.Signals
) -> None:
    slow = Slow()
    examining = asyncio.create_task(workers.examine(len(PHOTO), slow.blocks(), Files().keep))
    await slow.asked.wait()
    helper = workers.process_id
    os.kill(await fork_of(workers), with_signal)
    with pytest.raises(FileUnreadable):
        await examining
    assert (await Intake(workers).take(PHOTO)).outcome.kind == "photo"
    assert workers.process_id == helper


async def test_a_helper_that_dies_is_started_again(workers: FileWorkers) -> None:
    intake = Intake(workers)
    await intake.take(PHOTO)
    first = workers.process_id
    assert first is not None
    ended = os.pidfd_open(first)
    os.kill(first, signal.SIGKILL)
    await asyncio.to_thread(select.select, [ended], [], [])
    os.close(ended)
    assert (await intake.take(PHOTO)).outcome.kind == "photo"
    assert workers.process_id != first


@pytest.mark.parametrize(
    "by_us", [True, False], ids=["the server stops", "somebody kills the helper"]
)
async def test_an_end_that_is_not_the_file_s_fault_refuses_nothing(
    workers: FileWorkers, by_us: bool
) -> None:
    slow = Slow()
    examining = asyncio.create_task(workers.examine(len(PHOTO), slow.blocks(), Files().keep))
    await slow.asked.wait()
    await fork_of(workers)
    assert workers.process_id is not None
    if by_us:
        workers.stop()
    else:
        os.kill(workers.process_id, signal.SIGKILL)
    with pytest.raises(Unavailable):
        await examining


async def test_a_file_that_takes_too_long_is_unreadable(workers: FileWorkers) -> None:
    await Intake(workers).take(PHOTO)
    first = workers.process_id
    workers.patience = 0.1
    with pytest.raises(FileUnreadable):
        await workers.examine(len(PHOTO), Slow().blocks(), Files().keep)
    workers.patience = 120
    assert (await Intake(workers).take(PHOTO)).outcome.kind == "photo"
    assert workers.process_id != first


async def test_files_are_examined_one_at_a_time(workers: FileWorkers) -> None:
    first, second = Slow(), Slow()
    second.released.set()
    one = asyncio.create_task(workers.examine(len(PHOTO), first.blocks(), Files().keep))
    await first.asked.wait()
    two = asyncio.create_task(workers.examine(len(PHOTO), second.blocks(), Files().keep))
    fork = await fork_of(workers)
    assert workers.process_id is not None
    assert forks(workers.process_id) == [fork]
    assert not second.asked.is_set()
    first.released.set()
    await asyncio.gather(one, two)
    assert second.asked.is_set()


async def test_an_examination_that_is_cancelled_ends_its_process(workers: FileWorkers) -> None:
    slow = Slow()
    examining = asyncio.create_task(workers.examine(len(PHOTO), slow.blocks(), Files().keep))
    await slow.asked.wait()
    ended = os.pidfd_open(await fork_of(workers))
    examining.cancel()
    with pytest.raises(asyncio.CancelledError):
        await examining
    await asyncio.to_thread(select.select, [ended], [], [])
    os.close(ended)
    assert (await Intake(workers).take(PHOTO)).outcome.kind == "photo"


async def test_an_examination_that_is_cancelled_at_the_start_leaves_no_socket(
    workers: FileWorkers,
) -> None:
    def sockets() -> int:
        named = [each.name for each in Path("/proc/self/fd").iterdir()]
        opened = [f"/proc/self/fd/{each}" for each in named]
        return sum(
            os.readlink(each).startswith("socket:") for each in opened if os.path.exists(each)
        )

    before = await asyncio.to_thread(sockets)
    examining = asyncio.create_task(workers.examine(len(PHOTO), blocks(PHOTO), Files().keep))
    while await asyncio.to_thread(sockets) == before:
        pass
    examining.cancel()
    with pytest.raises(asyncio.CancelledError) as cancelled:
        await examining
    assert await asyncio.to_thread(sockets) == before
    assert cancelled.traceback  # which would have kept one open


async def test_errors_of_the_disk_are_passed_on(workers: FileWorkers) -> None:
    async def unreadable() -> AsyncIterator[bytes]:
        yield PHOTO[:10]
        raise OSError("cannot be read")

    async def full(rendition: Rendition, content: AsyncIterator[bytes]) -> None:
        raise OSError("no space left")

    with pytest.raises(OSError, match="cannot be read"):
        await workers.examine(len(PHOTO), unreadable(), Files().keep)
    with pytest.raises(OSError, match="no space left"):
        await workers.examine(len(PHOTO), blocks(PHOTO), full)
    assert (await Intake(workers).take(PHOTO)).outcome.kind == "photo"


async def test_a_rendition_need_not_be_read(workers: FileWorkers) -> None:
    seen = []

    async def look(rendition: Rendition, content: AsyncIterator[bytes]) -> None:
        seen.append(rendition.name)

    await workers.examine(len(PHOTO), blocks(PHOTO), look)
    assert seen == ["large", "small"]


async def test_after_the_end_nothing_is_started(workers: FileWorkers) -> None:
    await Intake(workers).take(PHOTO)
    workers.stop()
    with pytest.raises(Unavailable):
        await workers.examine(len(PHOTO), blocks(PHOTO), Files().keep)
    assert workers.process_id is None


async def test_a_helper_that_still_starts_at_the_end_ends_too(workers: FileWorkers) -> None:
    before = forks(os.getpid())
    examining = asyncio.create_task(workers.examine(len(PHOTO), blocks(PHOTO), Files().keep))
    while await asyncio.to_thread(forks, os.getpid()) == before:
        pass
    workers.stop()
    with pytest.raises(Unavailable):
        await examining
    assert workers.process_id is None


async def test_the_processes_know_no_secret_of_the_environment() -> None:
    workers = FileWorkers({**harmless_environment(), "CLOUD_TOKEN": "secret-of-the-operator"})
    await Intake(workers).take(PHOTO)
    assert workers.process_id is not None
    environment = environment_of(workers.process_id)
    workers.stop()
    await workers.stopped()
    assert b"secret-of-the-operator" not in environment


async def test_the_helper_ends_with_a_server_that_is_killed() -> None:
    program = """
        import asyncio, sys
        from tests.web.attachments.intake import Intake
        from tests.web.attachments.test_workers import PHOTO
        from web.attachments.workers import FileWorkers

        async def main():
            workers = FileWorkers({})
            await Intake(workers).take(PHOTO)
            print(workers.process_id, flush=True)
            await asyncio.Event().wait()

        asyncio.run(main())
    """
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-c", textwrap.dedent(program), stdout=subprocess.PIPE, cwd=ROOT
    )
    assert server.stdout is not None
    ended = os.pidfd_open(int(await server.stdout.readline()))
    server.kill()
    await server.wait()
    await asyncio.to_thread(select.select, [ended], [], [])
    os.close(ended)


RESTRAINED = """
    import os, resource, socket, sys
    from web.attachments import sandbox

    def refused(action):
        try:
            action()
        except OSError as error:
            return type(error).__name__
        return "allowed"

    parent = os.getpid()
    namespace = sandbox.for_the_parent()
    if os.fork() == 0:
        sandbox.for_a_file(namespace, parent)
        print("read", refused(lambda: open("setup.cfg").read()))
        print("list", refused(lambda: os.listdir("/")))
        print("write", refused(lambda: open("/tmp/taken-over", "w").write("x")))
        print("run", refused(lambda: os.execv("/bin/true", ["true"])))
        print("connect", refused(lambda: socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5)))
        print("signal", refused(lambda: os.kill(parent, 0)))
        print("memory", resource.getrlimit(resource.RLIMIT_AS)[1] == sandbox.MEMORY_BYTES)
        print("time", resource.getrlimit(resource.RLIMIT_CPU)[1] == sandbox.CPU_SECONDS)
        print("core", resource.getrlimit(resource.RLIMIT_CORE)[1])
        print("nice", os.getpriority(os.PRIO_PROCESS, 0))
        sys.stdout.flush()
        os._exit(0)
    os.wait()
"""


async def test_the_process_of_a_file_reaches_nothing() -> None:
    async with await asyncio.start_server(
        lambda reader, writer: writer.close(), "127.0.0.1"
    ) as server:
        port = server.sockets[0].getsockname()[1]
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", textwrap.dedent(RESTRAINED), str(port),
            stdout=subprocess.PIPE, cwd=ROOT,
        )  # fmt: skip
        printed, _ = await process.communicate()
    said = dict(
        line.split(maxsplit=1) for line in printed.decode().splitlines() if " " in line.strip()
    )
    assert said == {
        "read": "PermissionError",
        "list": "PermissionError",
        "write": "PermissionError",
        "run": "PermissionError",
        "connect": said["connect"],
        "signal": "PermissionError",
        "memory": "True",
        "time": "True",
        "core": "0",
        "nice": "19",
    }
    assert said["connect"] in {"PermissionError", "OSError"}


PICTURES = [
    Rendition("large", "image/jpeg", 9, 96, 64),
    Rendition("small", "image/jpeg", 9, 96, 64),
]


@pytest.mark.parametrize(
    ("job", "outcome"),
    [
        (Job("examine", 1), Outcome("photo", PICTURES[:1])),
        (Job("examine", 1), Outcome("photo", [*PICTURES, PICTURES[0]])),
        (Job("examine", 1), Outcome("photo", [Rendition("../../key", "image/jpeg", 9, 9, 9)])),
        (Job("examine", 1), Outcome("pdf", [Rendition("preview", "text/html", 9, 9, 9)])),
        (Job("examine", 1), Outcome("pdf", [Rendition("preview", "image/png", 10**9, 9, 9)])),
        (Job("examine", 1), Outcome("pdf", [Rendition("preview", "image/png", -1, 9, 9)])),
        (Job("examine", 1), Outcome("pdf", [Rendition("preview", "image/png", 9, 10**6, 9)])),
        (Job("examine", 1), Outcome("pdf", [Rendition("page-1", "image/png", 9, 9, 9)])),
        (Job("examine", 1), Outcome("pdf", notes=["<script>"])),
        (Job("examine", 1), Outcome("pdf", pages=-1)),
        (Job("examine", 1), Outcome("")),
        (Job("page", 1, 2), Outcome("pdf", [Rendition("page-1", "image/png", 9, 9, 9)])),
        (Job("page", 1, 2), Outcome("photo", PICTURES)),
    ],
)  # fmt: skip
async def test_an_outcome_that_cannot_be_is_not_believed(job: Job, outcome: Outcome) -> None:
    reader = asyncio.StreamReader()
    reader.feed_data(encode(outcome))
    with pytest.raises(_Disbelieved):
        await _outcome(reader, job)


@pytest.mark.parametrize(
    "line", [b"{}", b"not json\n", b'{"kind": "virus"}\n', b" " * 70_000 + b"\n"]
)
async def test_what_is_no_outcome_is_not_believed(line: bytes) -> None:
    reader = asyncio.StreamReader()
    reader.feed_data(line)
    reader.feed_eof()
    with pytest.raises((_Disbelieved, EOFError)):
        await _outcome(reader, Job("examine", 1))
