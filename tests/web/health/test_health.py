"""Health: what is measured, asked of real servers, and what the page makes of it."""

import asyncio
import contextlib
import shutil
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from itertools import count
from pathlib import Path
from typing import Any

import htpy as h
import pytest
import trustme
from aiohttp import web
from aioice import stun
from yarl import URL

from signaling.attachment import Upload
from signaling.consultation import Consultation
from signaling.flows.notices.provider_state import HandOver
from storage.store import Records
from tests.clock import MovableClock
from tests.delivery.certificates import certificates
from tests.object_server import CREDENTIALS, a_bucket, object_server
from tests.people import Person
from tests.serving import moment, serving
from web.health.certificate import Certificate, certificate_of
from web.health.measuring import Delivery, Disk, Health, measure
from web.health.shared_measurement import SharedMeasurement
from web.health.sms_provider import Answer, ask
from web.health.stun import problem_of
from web.keys import AUDIT_WATCH, STORE
from web.markup.administration.health_parts import every_part
from web.view_models import Viewer

NOW = moment("2026-12-07 14:30")


class Responder(asyncio.DatagramProtocol):
    """A STUN server that answers the second request, as if the first had been lost."""

    def __init__(self) -> None:
        self.requests = 0

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.requests += 1
        if self.requests > 1:
            self.transport.sendto(answer_to(data), addr)


def answer_to(octets: bytes) -> bytes:
    request = stun.parse_message(octets)
    return bytes(stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, request.transaction_id))


async def answer_stream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(asyncio.IncompleteReadError):
        writer.write(answer_to(await reader.readexactly(20)))
    writer.close()


async def answer_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1024)
    writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    writer.close()


async def answer_cut_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """An answer whose only attribute, a lifetime, has no octets."""
    request = await reader.readexactly(20)
    writer.write(struct.pack("!HHI", 0x0101, 4, stun.COOKIE) + request[8:] + b"\0\x0d\0\0")
    writer.close()


@contextlib.asynccontextmanager
async def listening(
    answer: Callable[..., Any], encryption: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """The port of a server."""
    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=encryption)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' authority is one that this machine trusts."""
    authority = tmp_path / "authority.pem"
    authority.write_bytes(certificates().authority_pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))


async def test_a_stun_server_is_asked_again_until_it_answers() -> None:
    loop = asyncio.get_running_loop()
    transport, responder = await loop.create_datagram_endpoint(
        Responder, local_addr=("127.0.0.1", 0)
    )
    port = transport.get_extra_info("sockname")[1]
    assert await problem_of(f"turn:127.0.0.1:{port}?transport=udp") == ""
    assert responder.requests == 2
    transport.close()
    assert await problem_of(f"stun:127.0.0.1:{port}") == "Connection refused"


async def test_turn_over_tcp_and_tls_is_asked_as_browsers_ask(trusted: None) -> None:
    async with listening(answer_stream) as port:
        assert await problem_of(f"turn:127.0.0.1:{port}?transport=tcp") == ""
    async with listening(answer_stream, certificates().server) as port:
        assert await problem_of(f"turns:localhost:{port}") == ""
    async with listening(answer_stream, certificates("stranger").server) as port:
        assert "certificate" in await problem_of(f"turns:localhost:{port}")
    async with listening(answer_http) as port:
        assert await problem_of(f"turn:127.0.0.1:{port}?transport=tcp") == "it does not speak STUN"
    async with listening(answer_cut_off) as port:
        assert await problem_of(f"turn:127.0.0.1:{port}?transport=tcp") == "it does not speak STUN"


@pytest.mark.slow
async def test_coturn_answers(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    server = await asyncio.create_subprocess_exec(
        "turnserver", "-n", "--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1",
        f"--listening-port={port}", "--use-auth-secret", "--static-auth-secret=s", "--realm=r",
        "--no-tls", "--no-dtls", "--no-cli", f"--pidfile={tmp_path}/pid", "--log-file=stdout",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(60):
            while await problem_of(f"turn:127.0.0.1:{port}"):
                pass
    finally:
        server.terminate()
        await server.wait()


async def test_the_certificate_is_seen_as_browsers_see_it(trusted: None) -> None:
    async with listening(answer_http, certificates().server) as port:
        seen = await certificate_of(URL(f"https://localhost:{port}"))
        assert seen.ends_at is not None and not seen.problem
    async with listening(answer_http, certificates("stranger").server) as port:
        seen = await certificate_of(URL(f"https://localhost:{port}"))
        assert seen.ends_at is not None and "certificate" in seen.problem
    expired = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost", not_after=moment("2020-01-01 00:00")).configure_cert(
        expired
    )
    async with listening(answer_http, expired) as port:
        seen = await certificate_of(URL(f"https://localhost:{port}"))
        assert seen.ends_at == moment("2020-01-01 00:00") and seen.problem
    gone = await certificate_of(URL(f"https://localhost:{port}"))
    assert gone.ends_at is None and gone.problem


async def test_the_provider_says_what_time_it_is() -> None:
    right = format_datetime(NOW - timedelta(minutes=5), usegmt=True)
    dates = [f"Mon, 07 Dec 2026 14:30:00 +{10**20}", "yesterday", right]

    async def say(_: web.Request) -> web.Response:
        return web.Response(status=404, headers={"Date": dates.pop()})

    app = web.Application()
    app.router.add_route("*", "/", say)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    answer = await ask(f"http://127.0.0.1:{port}/", MovableClock(NOW))
    while dates:
        assert await ask(f"http://127.0.0.1:{port}/", MovableClock(NOW)) == Answer()
    await runner.cleanup()
    assert answer == Answer(timedelta(minutes=5, seconds=-0.5))
    assert (await ask(f"http://127.0.0.1:{port}/", MovableClock(NOW))).problem


@pytest.mark.sqlite
async def test_a_database_that_cannot_be_read_is_answered_as_everywhere(tmp_path: Path) -> None:
    async with serving(tmp_path, MovableClock(NOW)) as server, Person(server) as boss:
        await server.account(role="administrator")
        await boss.sign_in()
        database = server.app[STORE]._database
        for before, after in (("account_mail", "gone"), ("gone", "account_mail")):
            await database.write(
                lambda executor, before=before, after=after: executor.rows(
                    f"ALTER TABLE {before} RENAME TO {after}"
                )
            )
            status = (await boss.get("/admin/health")).status
            assert status == (503 if after == "gone" else 200)


async def measured(folder: Path, **settings: str) -> Health:
    async with serving(folder, MovableClock(NOW), **settings) as server:
        await server.account()
        await server.app[STORE].write(
            lambda records: records.audit.append(NOW, "server", "purge", "")
        )
        await server.app[AUDIT_WATCH].check_all()
        return await measure(server.app)


def said(health: Health) -> dict[str, tuple[str, str]]:
    """Name of a part -> (its state, what it says)."""
    viewer: Any = Viewer(
        "en", "ltr", "UTC", str, lambda one, many, count: one if count == 1 else many, str, str, list,
        "Clinic", "/", (),
    )  # fmt: skip
    return {
        part.name: (part.state, str(h.div[part.facts, part.advice]))
        for part in every_part(viewer, health)
    }


async def test_every_state_has_its_advice(tmp_path: Path) -> None:
    good = await measured(tmp_path, TELECONNECT_TURN_URLS="stun:127.0.0.1:9")
    found = said(good)
    assert {name: state for name, (state, _) in found.items() if state == "bad"} == {"turn": "bad"}
    assert "stun:127.0.0.1:9" in found["turn"][1]
    assert good.builds and all(each in found["front-end"][1] for each in good.builds)
    assert good.disk.database > 0 and str(good.audit.head) in found["audit"][1]
    assert found["email"][0] == found["provider"][0] == found["sign-in-provider"][0] == "off"
    soon, over = NOW + timedelta(days=5), NOW - timedelta(seconds=1)
    smtp = {"email": Delivery("smtp", 0, HandOver())}
    cases: list[tuple[str, dict[str, Any], str, str]] = [
        ("disk", {"disk": Disk(10, 10**12, 1, 1)}, "bad", "Free some space"),
        ("email", {"mail_reach": "fails", "delivery": smtp}, "bad", "does not let"),
        ("email", {"mail_reach": "works", "delivery": smtp}, "good", "Nothing waits"),
        ("disk", {"disk": Disk(10**10, 10**12, 1, 1)}, "warning", "more space soon"),
        ("provider", {"answer": Answer(problem="dead")}, "bad", "dead"),
        ("sign-in-provider", {"sign_in": "keys: no answer in time"}, "bad", "no answer in time"),
        ("sign-in-provider", {"sign_in": ""}, "good", "It answers"),
        ("clock", {"answer": Answer(timedelta(seconds=90))}, "bad", "NTP"),
        ("clock", {"answer": Answer(timedelta(seconds=-2))}, "good", "agrees"),
        ("clock", {"clock_trusted": False}, "bad", "nothing is deleted"),
        ("certificate", {"certificate": Certificate(soon)}, "warning", "before it ends"),
        ("certificate", {"certificate": Certificate(over)}, "bad", "Renew"),
        ("certificate", {"certificate": Certificate(None, "no answer")}, "warning", "elsewhere"),
        ("backup", {"backup_at": NOW - timedelta(days=3)}, "warning", "why there is no newer"),
        ("backup", {"backup_at": NOW}, "good", "restored"),
        ("scanner", {"scanner": "unreachable"}, "bad", "Start it"),
        ("objects", {"objects": "unreachable"}, "bad", "does not answer"),
        ("objects", {"objects": "ok"}, "good", "It answers"),
        ("turn", {"coturn": "4.6.1", "turn": {"turn:a": "no answer"}}, "warning", "coturn 4.6.1"),
        ("turn", {"coturn": "4.6.1", "turn": {"turn:a": ""}}, "good", "Nothing to do"),
        ("front-end", {"builds": ("12ab", "34cd"), "front_end": ""}, "good", "12ab / 34cd"),
        ("front-end", {"front_end": "esbuild is missing"}, "warning", "esbuild is missing"),
        ("front-end", {"front_end": "esbuild is missing"}, "warning", "Install esbuild"),
        ("relay", {"relay": "unreached", "relay_problem": "192.0.2.1"}, "warning", "192.0.2.1"),
        ("relay", {"relay": "ok", "packet_loop": "native"}, "good", "The native packet loop"),
        ("relay", {"relay": "ok", "packet_loop": "python"}, "warning", "Python forwards packets"),
        ("relay", {"relay": "ok", "packet_loop": "python"}, "warning", "scripts/setup"),
        ("relay", {"relay": "restarting", "packet_loop": "none"}, "warning", "being started"),
    ]
    for name, changes, state, words in cases:
        got = said(replace(good, **changes))[name]
        assert (got[0], words in got[1]) == (state, True), (name, changes, got)


async def test_files_count_wherever_they_are_kept(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        account = await server.account()
        consultation = Consultation("session", account.id, "remote", "active", NOW)
        upload = Upload(
            "file-000001", "session", "amina", "foot.jpg", "", 4321, "ab" * 32, None, NOW, NOW
        )

        async def work(records: Records) -> None:
            await records.consultations.add(consultation)
            await records.uploads.create(upload)

        await server.app[STORE].write(work)
        # nothing of it is on this machine's disk
        assert (await measure(server.app)).disk.files == 4321


@pytest.mark.slow
async def test_an_object_store_that_goes_away_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    with contextlib.ExitStack() as running:
        objects = a_bucket(running.enter_context(object_server()))
        address = f"s3+{objects.endpoint}/{objects.bucket}"
        async with serving(tmp_path, TELECONNECT_FILES=address) as server:
            assert (await measure(server.app)).objects == "ok"
            running.close()
            assert (await measure(server.app)).objects == "unreachable"


async def test_whoever_asks_during_a_measurement_shares_the_next_one(tmp_path: Path) -> None:
    found = await measured(tmp_path)
    begun: asyncio.Queue[asyncio.Event] = asyncio.Queue()
    numbers = count(1)

    async def look() -> Health:
        number, released = next(numbers), asyncio.Event()
        begun.put_nowait(released)
        await released.wait()
        if number == 2:
            raise OSError
        return replace(found, outbox=number)

    shared = SharedMeasurement(look)
    asking = [asyncio.create_task(shared.health()) for _ in range(5)]
    for _ in range(3):
        (await begun.get()).set()
    answers = await asyncio.gather(*asking, return_exceptions=True)
    assert [getattr(each, "outbox", "failed") for each in answers] == [1, "failed", 3, 3, 3]
    later = asyncio.create_task(shared.health())
    (await begun.get()).set()
    assert (await later).outbox == 4, "nothing that was measured before it was asked for"


async def test_the_page_is_for_administrators_and_begins_with_what_to_do(tmp_path: Path) -> None:
    async with serving(tmp_path, TELECONNECT_TURN_URLS="stun:127.0.0.1:9") as server:
        await server.account("boss@example.org", "The Boss", "administrator")
        await server.account()
        async with Person(server) as boss, Person(server) as nurse:
            await nurse.sign_in()
            assert (await nurse.get("/admin/health")).status == 404
            await boss.sign_in("boss@example.org")
            page = (await boss.get("/admin/health")).text
    assert page.index("Please check these:") < page.index('href="#turn"') < page.index("Disk")
    assert str((await asyncio.to_thread(shutil.disk_usage, tmp_path)).total)[:1] in page
