"""What the operator sees of the relay: whether it answers at its addresses, and its figures."""

import json
import logging
import os
import re
from contextlib import suppress
from pathlib import Path

import pytest

from media.native import native
from tests.clock import MovableClock
from tests.media.support import until
from tests.people import Person
from tests.serving import Server, moment, serving
from tests.web.calling import started_session
from web.calls.relay_watch import TRIED_EVERY
from web.config import SETTINGS
from web.keys import RELAY, WAITS

pytestmark = pytest.mark.slow

NOWHERE = "203.0.113.1"
"Of TEST-NET-3 (RFC 5737): nobody's."


async def state(person: Person) -> str:
    answer = await person.get("/readyz")
    assert answer.status == 200
    return str(json.loads(answer.text)["relay"])


async def administration(server: Server, person: Person) -> str:
    await server.account("admin@example.org", "Admin", "administrator")
    await person.sign_in("admin@example.org")
    return (await person.get("/admin")).text


async def test_a_relay_that_answers_is_well(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "web.calls.relay")
    settings = {"TELECONNECT_RELAY_ADDRESS": "127.0.0.1"}
    async with serving(tmp_path, relay=True, **settings) as server, Person(server) as person:
        relay = server.app[RELAY].relay
        assert relay is not None
        assert await state(person) == "ok"
        said = json.loads((await person.get("/readyz")).text)["relay_packet_loop"]
        assert said == ("python" if native is None else "native")
        assert f"answers this machine at 127.0.0.1:{relay.ports[0]}" in caplog.text
        assert "does not answer" not in caplog.text
        assert "127.0.0.1:" not in await administration(server, person)


async def test_a_wrong_address_is_seen_by_the_operator_and_the_relay_stays_of_use(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = {"TELECONNECT_RELAY_ADDRESS": NOWHERE}
    async with serving(tmp_path, relay=True, **settings) as server, Person(server) as person:
        relay = server.app[RELAY].relay
        assert relay is not None
        place = f"{NOWHERE}:{relay.ports[0]}"
        assert await state(person) == "unreached"
        assert server.app[RELAY].usable
        assert f"does not answer this machine at {place}" in caplog.text
        page = await administration(server, person)
        assert place in page
        assert "this server cannot reach it" in page


async def test_an_address_that_does_not_answer_beside_one_that_does_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = {"TELECONNECT_RELAY_ADDRESS": f"127.0.0.1,{NOWHERE}"}
    async with serving(tmp_path, relay=True, **settings) as server, Person(server) as person:
        assert await state(person) == "ok"
        assert server.app[RELAY].problem == ""
        assert f"does not answer this machine at {NOWHERE}:" in caplog.text


async def test_the_relay_is_tried_again_and_what_is_known_is_not_said_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = MovableClock(moment("2026-12-07 14:30"))
    settings = {"TELECONNECT_RELAY_ADDRESS": "127.0.0.1"}
    async with serving(tmp_path, clock, relay=True, **settings) as server:
        relay = server.app[RELAY]
        assert relay.watch is not None
        first = relay.watch.trying
        caplog.clear()
        clock.move(TRIED_EVERY)
        await server.app[WAITS].run_due()
        assert relay.watch.trying is not first
        assert relay.watch.trying is not None
        await relay.watch.trying
        assert caplog.text == ""
        assert relay.state == "ok"


async def test_a_server_that_stops_does_not_wait_for_a_trial(tmp_path: Path) -> None:
    clock = MovableClock(moment("2026-12-07 14:30"))
    settings = {"TELECONNECT_RELAY_ADDRESS": NOWHERE}
    async with serving(tmp_path, clock, relay=True, **settings) as server:
        clock.move(TRIED_EVERY)
        await server.app[WAITS].run_due()
        watch = server.app[RELAY].watch
        assert watch is not None
        trying = watch.trying
    assert trying is not None
    assert trying.cancelled()


def figure(text: str, name: str, worker: int = 0) -> float:
    found = re.search(rf'^{name}{{worker="{worker}"}} (\S+)$', text, re.MULTILINE)
    assert found is not None, text
    return float(found.group(1))


async def test_the_figures_of_every_worker_are_told(tmp_path: Path) -> None:
    policy = {"TELECONNECT_MEDIA_POLICY": "relay", "TELECONNECT_RELAY_WORKERS": "2"}
    async with started_session(tmp_path, **policy) as session:
        nurse, amina = await session.pair(speaking=True)
        await until(lambda: nurse.heard > 20 and amina.heard > 20, "they hear each other")
        relay = session.server.app[RELAY].relay
        assert relay is not None
        await until(lambda: sum(worker.peers for worker in relay.figures) == 2, "workers say so")
        busy = next(index for index, one in enumerate(relay.figures) if one.rooms)
        text = (await nurse.person.get("/metrics")).text
        idle = 1 - busy
        names = re.findall(
            r"^# TYPE (teleconnect_relay_\w+) (?:gauge|counter)$", text, re.MULTILINE
        )
        assert len(names) == 10
        for name in names:
            assert figure(text, name, idle) >= 0
        assert figure(text, "teleconnect_relay_rooms", busy) == 1
        assert figure(text, "teleconnect_relay_participants", busy) == 2
        assert figure(text, "teleconnect_relay_participants", idle) == 0
        assert figure(text, "teleconnect_relay_datagrams_received_total", busy) > 0
        assert figure(text, "teleconnect_relay_datagrams_sent_total", busy) > 0
        assert figure(text, "teleconnect_relay_errors_total", busy) == 0
        assert figure(text, "teleconnect_relay_resident_memory_bytes", idle) > 2**20


async def test_without_a_relay_there_are_no_figures_of_it(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, Person(server) as person:
        assert "teleconnect_relay" not in (await person.get("/metrics")).text
        assert await state(person) == "unavailable"


async def test_the_process_that_reads_what_strangers_send_has_no_secret_and_nothing_of_ours_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = {setting.name: f"hidden-{setting.name}" for setting in SETTINGS if setting.secret}
    for name, value in {**secrets, "SOMETHING_ELSE": "hidden", "LC_ALL": "C.UTF-8"}.items():
        monkeypatch.setenv(name, value)
    settings = {"TELECONNECT_RELAY_ADDRESS": "127.0.0.1"}
    async with serving(tmp_path, relay=True, afresh=True, **settings) as server:
        relay = server.app[RELAY].relay
        assert relay is not None
        [worker] = [Path(f"/proc/{process_id}") for process_id in relay.process_ids()]
        environment = (worker / "environ").read_bytes()
        assert b"LC_ALL=C.UTF-8" in environment
        assert b"hidden" not in environment
        assert b"TELECONNECT" not in environment + (worker / "cmdline").read_bytes()
        ours, theirs = opened_by(Path("/proc/self")), opened_by(worker)
        assert str(tmp_path / "serving.lock") in ours
        assert ours & theirs == set()


def opened_by(process: Path) -> set[str]:
    """Sockets, pipes and files of a process, without devices and its three standard streams."""
    opened = set()
    for link in (process / "fd").iterdir():
        if int(link.name) > 2:
            with suppress(FileNotFoundError):  # of the listing itself
                opened.add(os.readlink(link))
    # Files of this test may be in /dev/shm.
    devices = ("anon_inode:", "/dev/null", "/dev/pts/", "/dev/tty", "/dev/urandom", "/dev/random")
    return {each for each in opened if not each.startswith(devices)}
