"""On a full disk writes are refused, nothing acknowledged is lost, and service resumes by itself."""

import json
import resource
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from signaling.errors import Unavailable
from signaling.wire.messages import PROTOCOL_VERSION
from storage.backup.backup_set import read
from tests.clock import RunningClock
from tests.files import BLOCK, Sender, photo
from tests.people import Person, Refused, consultation_of, outbox
from tests.scripts.commands import Commands
from tests.scripts.stored import fill
from tests.serving import serving
from web.keys import CLOCKWORK, PURGING, STORE


class SmallDisk:
    """A file system of its own; where none can be mounted, files that may not grow."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        command = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(folder)]
        self.mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
        self._filler = folder / "filler"
        self._limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(self) -> None:
        if not self.mounted:
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, self._limits[1]))
            return
        with self._filler.open("wb", buffering=0) as filler:
            for size in (65536, 4096, 1):
                try:
                    while filler.write(b"x" * size) == size:
                        pass
                except OSError:
                    continue

    def free(self) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, self._limits)
        self._filler.unlink(missing_ok=True)

    def unmount(self) -> None:
        if self.mounted:
            subprocess.run(["umount", "-l", str(self.folder)], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    made = SmallDisk(folder)
    yield made
    made.free()
    made.unmount()


async def test_a_full_disk_loses_nothing_acknowledged_and_is_left_behind(disk: SmallDisk) -> None:
    acknowledged: dict[str, int] = {}
    refused = 0
    async with serving(disk.folder) as server, Person(server) as nurse, Person(server) as phone:
        await server.account()
        await nurse.sign_in()
        seat = await phone.join(await nurse.invite())
        await outbox(server)
        amina = await phone.enter(invite_id=seat)
        desk = await nurse.enter(consultation_id=await consultation_of(amina))
        acknowledged["message-first"] = (await desk.say("ready", "message-first"))["position"]
        disk.fill()
        for number in range(60):
            message_id = f"message-{number:04}"
            try:
                acknowledged[message_id] = (await amina.say("x" * 4000, message_id))["position"]
            except Refused as error:
                assert error.code == "unavailable"
                refused += 1
        assert refused
        with pytest.raises(Refused, match="unavailable"):
            await desk.command("start_consultation")
        page = await nurse.get("/")
        assert page.status == 200
        answer = await nurse.post(
            "/invites/new",
            {"kind": "remote", "first_name": "Late", "address": "late@example.org",
             "channel": "email", "language": "en", "note": "x" * 500},
        )  # fmt: skip
        assert answer.status in (303, 503)
        if answer.status == 503:
            assert "cannot store this right now" in answer.text
        if disk.mounted:  # it asks how much room there is
            ready = await nurse.get("/readyz")
            assert ready.status == 503
            assert json.loads(ready.text)["status"] == "disk"

        disk.free()
        for message_id in [f"message-{number:04}" for number in range(60)]:
            ack = await amina.say("x" * 4000, message_id)
            assert acknowledged.setdefault(message_id, ack["position"]) == ack["position"]
        await desk.command("start_consultation")
        cookie = phone.cookie
    async with serving(disk.folder) as server, Person(server) as phone:
        phone.plant(cookie)
        amina = await phone.enter(invite_id=seat)
        snapshot = next(frame for frame in amina.frames if frame["type"] == "snapshot")
        chat = await amina.chat()
        stored = [(line["id"], line["position"]) for line in chat if line["kind"] == "text"]
        assert dict(stored) == acknowledged
        assert len(stored) == len(acknowledged)
        assert snapshot["consultation"]["state"] == "active"


async def test_who_enters_while_the_disk_is_full_is_no_ghost(disk: SmallDisk) -> None:
    async with serving(disk.folder) as server, Person(server) as nurse, Person(server) as phone:
        await server.account()
        await nurse.sign_in()
        seat = await phone.join(await nurse.invite())
        await outbox(server)
        disk.fill()
        database = server.app[STORE]._database

        async def burn(executor):  # type: ignore[no-untyped-def]
            await executor.rows("CREATE TABLE IF NOT EXISTS ballast (x TEXT)")
            await executor.rows("INSERT INTO ballast VALUES (?)", ("x" * 2000,))

        with pytest.raises(Unavailable):
            while True:
                await database.write(burn)
        wire = await phone.connect()
        await wire.send(
            "hello", version=PROTOCOL_VERSION, stream="room", peer_id="peer-0001", invite_id=seat
        )
        assert (await wire.until("error"))["code"] == "unavailable"
        assert await wire.end() == 1011
        lobby = await nurse.connect()
        await lobby.send("hello", version=PROTOCOL_VERSION, stream="lobby", peer_id="peer-0002")
        assert (await lobby.until("lobby"))["waiting"] == []
        disk.free()
        await server.app[CLOCKWORK].run_due()
        again = await phone.enter(invite_id=seat)
        assert await again.say("here I am")


async def test_a_file_waits_in_its_browser_while_the_disk_is_full(disk: SmallDisk) -> None:
    content = photo(1200, 900)
    async with serving(disk.folder) as server, Person(server) as nurse, Person(server) as phone:
        await server.account()
        await nurse.sign_in()
        seat = await phone.join(await nurse.invite())
        await outbox(server)
        amina = Sender(phone, f"/seat/{seat}")
        assert (await amina.create(content, "file-000001")).status == 201
        kept = 2 * BLOCK
        assert (await amina.piece("file-000001", 0, content[:kept])).status == 204
        disk.fill()
        answer = await amina.piece("file-000001", kept, content[kept:])
        assert answer.status == 503
        assert "cannot store this right now" in answer.text
        disk.free()
        kept = await amina.offset("file-000001")
        assert kept >= 2 * BLOCK
        assert (await amina.piece("file-000001", kept, content[kept:])).status == 204
        wire = await phone.enter(invite_id=seat)
        assert [line["id"] for line in await wire.chat() if line["kind"] == "photo"] == [
            "file-000001"
        ]
        assert (await amina.get("file-000001", "large")).status == 200


async def test_files_leave_room_to_write_sign_in_and_have_everything_deleted(
    disk: SmallDisk,
) -> None:
    clock = RunningClock()
    content = photo(2400, 1800, quality=95)
    async with (
        serving(disk.folder, clock) as server,
        Person(server) as nurse,
        Person(server) as phone,
    ):
        await server.account()
        await nurse.sign_in()
        seat = await phone.join(await nurse.invite())
        await outbox(server)
        amina = await phone.enter(invite_id=seat)
        consultation_id = await consultation_of(amina)
        desk = await nurse.enter(consultation_id=consultation_id)
        await desk.command("start_consultation")
        camera = Sender(phone, f"/seat/{seat}")
        statuses: list[int] = []
        while disk.mounted and 503 not in statuses:
            upload_id = f"file-{len(statuses):06}"
            assert (await camera.create(content, upload_id)).status in (201, 503)
            for offset in range(0, len(content), BLOCK):
                piece = content[offset : offset + BLOCK]
                statuses.append((await camera.piece(upload_id, offset, piece)).status)
                if statuses[-1] != 204:
                    break
        if not disk.mounted:  # nothing tells how much room there is, so nothing is refused
            await camera.send(content)
        assert set(statuses) <= {204, 503}
        for number in range(60):
            await amina.say("x" * 4000, f"message-{number:04}")
        await nurse.sign_in()
        await desk.command("terminate_consultation", choice="close")
        clock.move(timedelta(hours=25))
        await server.app[PURGING].purge_due()
        assert await server.app[STORE].read.consultations.get(consultation_id) is None
        assert not any((disk.folder / "files").iterdir())


def test_a_backup_elsewhere_is_one_though_it_cannot_be_recorded(
    disk: SmallDisk, tmp_path: Path
) -> None:
    data_dir = disk.folder / "data"
    fill(data_dir, 3)
    database = data_dir / "teleconnect.sqlite3"
    with Commands(tmp_path / "data") as commands, closing(sqlite3.connect(database)) as server:
        server.execute("SELECT count(*) FROM account").fetchall()  # it has its log open
        disk.fill()
        environment = {"TELECONNECT_DATA_DIR": str(data_dir)}
        ended = commands.run("scripts.backup", tmp_path / "sets", **environment)
        disk.free()
    if disk.mounted:
        (whole,) = (tmp_path / "sets").iterdir()
        assert ended.status == 1
        assert ended.out == ""
        assert f"{whole} holds " in ended.err and "; sessions: 3, but" in ended.err
        assert "but it is not recorded in the data folder: " in ended.err
        assert read(whole).sessions == 3
