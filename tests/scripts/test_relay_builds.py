"""The relay's benchmark drives workers of other builds, which know less, or tell of more."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from media.messages import Event, OpenRoom, Ready, Start, encode
from media.participant_limits import Limits
from media.relay.link import RelayUnavailable
from media.relay.process import WorkerProcess
from scripts.benchmarks._relay.sides import AnyBuild

WORKER = """
import json, socket, sys
control = socket.socket(fileno=int(sys.argv[2]))
lines = control.makefile("rw", buffering=1)
start = json.loads(lines.readline())
assert set(start) == {"hosts", "port", "addresses", "limits"}, start
lines.write(READY)
command = json.loads(lines.readline())
lines.write('{"type":"quality","room_id":"room","peer_id":"a","round_trip_ms":1}\\n')
lines.write('{"type":"active_speaker","room_id":"room","peer_id":"a"}\\n')
lines.write('{"type":"done","number":%d}\\n' % command["number"])
lines.readline()
"""
START = Start(("127.0.0.1",), 0, ("127.0.0.1",), Limits())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The sources of a build that knows nothing of TCP, and sends an event that is gone since."""
    ready = encode(Ready(4000, ("127.0.0.1",), True)).decode()
    package = tmp_path / "media" / "relay"
    package.mkdir(parents=True)
    (package / "worker.py").write_text(f"READY = {ready!r}\n{WORKER}", encoding="utf-8")
    return tmp_path


async def test_a_worker_of_another_build_is_asked_and_heard(folder: Path) -> None:
    events: list[Event] = []
    worker = await AnyBuild.spawn(START, events.append, folder=folder)
    async with asyncio.timeout(30):
        await worker.ask(OpenRoom("room"))
    assert [msgspec.structs.asdict(event)["peer_id"] for event in events] == ["a"]
    await worker.stop()


async def test_the_relay_itself_takes_no_worker_of_another_build(folder: Path) -> None:
    worker = await WorkerProcess.spawn(START, lambda event: None, folder=folder)
    with pytest.raises(RelayUnavailable):
        await worker.ask(OpenRoom("room"))
    await worker.stop()
