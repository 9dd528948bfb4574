"""What body each address accepts, and what is refused before a byte of it is read."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from scripts.traffic.strangers import multipart_form
from tests.people import PATIENCE, Person
from tests.serving import Server, serving
from web.access.rate_limits import LIMITS
from web.handlers import HANDLERS
from web.http.bodies import FORM, JSON, OCTETS, SEATED, SIGNED_IN, STRANGERS, UPLOAD, body_of
from web.routes import PATHS

CHANGES = sorted(key for key in HANDLERS if key[0] not in ("GET", "HEAD"))
KINDS = [
    FORM, JSON, OCTETS, UPLOAD, "multipart/form-data; boundary=x", "multipart/mixed; boundary=x",
    "text/plain", "",
]  # fmt: skip


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    async with serving(tmp_path_factory.mktemp("data")) as running:
        await running.account("boss@example.org", "The Boss", "administrator")
        yield running


def address(name: str) -> str:
    return PATHS[name].replace("{", "").replace("}", "")


async def status(server: Server, head: str) -> bytes:
    """The status of the response to a head whose body never arrives."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.config.port)
    try:
        writer.write(f"{head}\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\n".encode())
        async with asyncio.timeout(PATIENCE):
            return (await reader.readline()).split()[1]
    finally:
        writer.close()


def test_the_table_names_addresses_and_limits_that_there_are() -> None:
    assert set(STRANGERS) | set(SIGNED_IN) | set(SEATED) <= set(CHANGES)
    assert not set(STRANGERS) & (set(SIGNED_IN) | set(SEATED))
    assert not set(SIGNED_IN) & set(SEATED)
    assert {body.limit for body in STRANGERS.values()} <= set(LIMITS)
    assert all(body.limit is None for body in (SIGNED_IN | SEATED).values())


@pytest.mark.parametrize(("method", "name"), CHANGES)
async def test_an_address_takes_one_kind_of_body_and_refuses_others_unread(
    server: Server, method: str, name: str
) -> None:
    own = body_of(method, PATHS[name]).kind
    async with Person(server) as boss:
        await boss.sign_in("boss@example.org")
        cookie = f"\r\nCookie: teleconnect={boss.cookie}"
        for kind in KINDS:
            fits = kind.partition(";")[0] == own or (kind == "" and own == OCTETS)
            if fits:
                continue
            said = f"{method} {address(name)} HTTP/1.1{cookie}"
            said += f"\r\nContent-Type: {kind}" if kind else ""
            assert await status(server, said) == b"415", kind
        packed = f"\r\nContent-Type: {own}\r\nContent-Encoding: gzip"
        assert await status(server, f"{method} {address(name)} HTTP/1.1{cookie}{packed}") == b"415"
        answer = await boss.ask(method, address(name), data=b"", headers={"Content-Type": own})
        assert answer.status != 415


@pytest.mark.parametrize(("method", "name"), [key for key in CHANGES if key not in STRANGERS])
async def test_who_is_not_signed_in_is_told_so_before_the_body_is_read(
    server: Server, method: str, name: str
) -> None:
    kind = body_of(method, PATHS[name]).kind
    head = f"{method} {address(name)} HTTP/1.1\r\nContent-Type: {kind}"
    assert await status(server, head) == b"401"


@pytest.mark.parametrize(("method", "name"), sorted(STRANGERS))
async def test_a_limit_is_counted_before_the_body_is_read(
    server: Server, method: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = body_of(method, PATHS[name])
    assert body.limit is not None
    monkeypatch.setitem(LIMITS, body.limit, LIMITS["relay_trial"].__class__(1, 1))
    head = (
        f"{method} {address(name)} HTTP/1.1\r\nContent-Type: {body.kind}"
        f"\r\nX-Forwarded-For: 192.0.2.{sorted(STRANGERS).index((method, name))}"
    )
    async with asyncio.timeout(PATIENCE), Person(server) as stranger:
        while True:
            used = await stranger.ask(
                method,
                address(name),
                headers={"X-Forwarded-For": head.rpartition(" ")[2], "Content-Type": body.kind},
            )
            if used.status == 429:
                break
    assert await status(server, head) == b"429"


async def test_forty_multipart_forms_at_once_hold_nobody_up(server: Server) -> None:
    async def post() -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.config.port)
        writer.write(multipart_form())
        line = await reader.readline()
        writer.close()
        return line

    async with asyncio.timeout(PATIENCE), Person(server) as monitor:
        forms = asyncio.gather(*(post() for _ in range(40)))
        answer = await monitor.get("/healthz")
        assert answer.status == 200
        assert {line.split()[1] for line in await forms} == {b"415"}


async def test_a_form_of_80_000_fields_is_refused(server: Server) -> None:
    async with Person(server) as stranger:
        answer = await stranger.ask(
            "POST", "/language", data=b"a=&" * 80_000, headers={"Content-Type": FORM}
        )
        assert answer.status == 413
