"""Attacks by HTTP: nothing breaks, nothing leaks, nothing is mistaken for something else."""

import asyncio
import contextlib
import logging
import random
import re
import string
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from yarl import URL

from tests.clock import MovableClock
from tests.people import LINK, PATIENCE, Person, outbox
from tests.serving import moment
from tests.system.attacking import SECRETS, Target, nothing_is_told, target
from web.handlers import HANDLERS
from web.keys import STORE, WAITS
from web.routes import PATHS
from web.routes import path as address_of

ODD = [
    "", "0", "-1", "x" * 3000, "..", "%2e%2e%2f", "%00", "%ff%fe", "%F0%9F%98%80", "a/b", "a%0d%0ab",
    "<script>", "'\"", "${7*7}", "{{7*7}}", "%25s", "\u202e", "null", "1e999", "__proto__",
]  # fmt: skip
METHODS = ["GET", "GET", "GET", "POST", "POST", "POST", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"]
FIELDS = [
    "kind", "first_name", "last_name", "channel", "address", "language", "note", "date", "time",
    "email", "password", "name", "role", "next", "answer", "routes", "subject", "body", "search",
    "page", "state", "bytes", "zone", "colleague_1_address", "step", "\u202e", "",
]  # fmt: skip
HEADERS: list[dict[str, str]] = [
    {}, {"Accept": "application/json"}, {"Accept-Language": "\xff;q=nan,fr;q=1e999"},
    {"Cookie": "teleconnect=%00; language=../../x; time_zone=../etc/passwd"}, {"Range": "bytes=9-1"},
    {"If-None-Match": "*"}, {"X-Forwarded-Host": "evil.example"}, {"Accept-Encoding": "gzip, br"},
    {"Content-Encoding": "gzip"}, {"Sec-Fetch-Site": "same-origin"}, {"Origin": "null"},
    {"X-HTTP-Method-Override": "DELETE"}, {"Expect": "100-continue"}, {"TE": "trailers"},
]  # fmt: skip
TYPES = [
    "application/x-www-form-urlencoded", "application/x-www-form-urlencoded", "application/json",
    "multipart/form-data; boundary=x", "text/plain", "application/octet-stream",
    "application/x-www-form-urlencoded; charset=klingon",
]  # fmt: skip
KEEP = {("POST", "sign_out"), ("POST", "admin_account")}
"What would end the attack: signing out, disabling the attackers."
NO_RELAY = re.compile(r"/(device-test|i/[^/]*/test)/relay$")
"There is no relay here; requests for it are answered by 503."


@pytest.fixture
async def prey(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Target]:
    caplog.set_level(logging.INFO)
    async with target(tmp_path) as made:
        yield made
        nothing_is_told(caplog, made.secrets)


@pytest.fixture
async def still_prey(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Target]:
    """By clocks that stand: who is there changes after a minute, and requests may take longer."""
    caplog.set_level(logging.INFO)
    async with target(tmp_path, MovableClock(moment("2026-12-07 12:00"))) as made:
        yield made
        nothing_is_told(caplog, made.secrets)


class Chance:
    """Random requests, the same ones in each run."""

    def __init__(self, prey: Target, seed: int) -> None:
        self._any = random.Random(seed)
        self._prey = prey

    def value(self) -> str:
        kind = self._any.random()
        if kind < 0.4:
            return self._any.choice(self._prey.ids)
        if kind < 0.8:
            return self._any.choice(ODD)
        return "".join(self._any.choices(string.printable[:95], k=self._any.randrange(60)))

    def request(self) -> tuple[Person, str, URL, dict[str, Any]]:
        name, method = self._any.choice(sorted(PATHS)), self._any.choice(METHODS)
        if (method, name) in KEEP:
            method = "GET"
        path = PATHS[name].replace(":.+", "")
        while "{" in path:
            before, _, rest = path.partition("{")
            part = self.value().replace("?", "").replace("#", "").replace("{", "")
            path = before + part + rest.partition("}")[2]
        query = {self._any.choice(FIELDS): self.value() for _ in range(self._any.randrange(3))}
        address = "".join(c if 32 < ord(c) < 127 else "%20" for c in path)
        url = URL(address, encoded=True).with_query(query)
        octet = self._any.randrange(256)
        headers = {
            **self._any.choice(HEADERS),
            "X-Forwarded-For": f"198.51.100.{octet}" if octet % 9 else SECRETS[2],
        }
        options: dict[str, Any] = {"headers": headers}
        if method in ("POST", "PUT", "PATCH", "DELETE"):
            headers["Content-Type"] = self._any.choice(TYPES)
            options["data"] = self.body()
        return self._any.choice(self._prey.everybody), method, url, options

    def body(self) -> bytes:
        kind = self._any.random()
        if kind < 0.7:
            fields = {self._any.choice(FIELDS): self.value() for _ in range(12)}
            return URL.build(query=fields).raw_query_string.encode()
        return self._any.choice(
            [
                b"",
                b"\xff\xfe",
                b"{}",
                b"[]",
                b'{"sdp": 1}',
                b'{"camera": "x"}',
                b"&=&=%",
                b"--x\r\n",
            ]
        )


@pytest.mark.parametrize("count", [300, pytest.param(5_594, marks=pytest.mark.soak)])
async def test_requests_by_chance_break_nothing(prey: Target, count: int) -> None:
    chance = Chance(prey, count)
    gate = asyncio.Semaphore(8)

    async def one() -> int:
        person, method, url, options = chance.request()
        async with gate:
            with contextlib.suppress(aiohttp.InvalidURL):
                answer = await person.ask(method, url, **options)  # type: ignore[arg-type]
                told = answer.status == 503 and NO_RELAY.search(url.path)
                assert answer.status < 500 or told, (method, url, options)
                assert "Traceback" not in answer.text
                assert "aiohttp" not in answer.headers.get("Server", "")
                return 1
        return 0

    answered = 0
    while answered < count:
        answered += sum(await asyncio.gather(*(one() for _ in range(min(100, count - answered)))))
    assert (await prey.nurse.get("/healthz")).status == 200


async def test_what_the_server_cannot_do_now_is_no_error_of_its_own(prey: Target) -> None:
    for _ in range(3):
        assert (await prey.nurse.post("/device-test/relay")).status == 503
        assert (await prey.stranger.post(f"{prey.link}/test/relay")).status == 503


FOR_EVERYBODY = ("seat_worker",)
"Says the same for every id, whether or not there is such a seat."


def doors(prey: Target) -> list[tuple[str, str]]:
    """Every address that names something of the nurse's session, and how it is asked for."""
    ids = {"consultation_id": prey.consultation_id, "invite_id": prey.seat}
    found = []
    for method, name in HANDLERS:
        parts = {part: ids[part] for part in ids if f"{{{part}}}" in PATHS[name]}
        if parts and name not in FOR_EVERYBODY:
            found.append((method, address_of(name, **parts)))
    report = address_of("report", consultation_id=prey.consultation_id)
    return [*found, ("GET", f"{report}?part=1"), ("HEAD", report)]


async def test_nobody_else_reads_or_changes_anything_of_a_session(prey: Target) -> None:
    """Another scheduler, the administrator, a stranger, and guests of this session and another."""
    tables = ("consultation", "invite", "seat", "notice", "chat_message", "interpreter_request")

    async def stored() -> list[list[tuple[object, ...]]]:
        read = prey.server.app[STORE]._database.read
        return [[tuple(row) for row in await read.rows(f"SELECT * FROM {t}")] for t in tables]

    await prey.server.account("other@example.org", "Nurse Other")
    async with (
        Person(prey.server) as other,
        Person(prey.server) as guest,
        Person(prey.server) as paul,
    ):
        await other.sign_in("other@example.org")
        await guest.join(await other.invite("Somebody", address="somebody@example.org"))
        colleague = {"colleague": "on", "colleague_1_name": "Paul"}
        colleague["colleague_1_address"] = "paul@example.org"
        await prey.nurse.post(f"/sessions/{prey.consultation_id}/people/new", colleague)
        links = {f"/i/{link}" for link in await invited(prey)} - {prey.link}
        await paul.join(links.pop())
        before, tries = await stored(), 0
        for person in (other, prey.boss, prey.stranger, guest, paul):
            for method, address in doors(prey):
                answer = await person.ask(method, address, data=None)
                tries += 1
                assert answer.status in (303, 401, 404, 410), (method, address, answer.status)
                assert answer.headers.get("Location", "/signin").partition("?")[0] == "/signin"
                assert not any(secret in answer.text for secret in SECRETS)
        assert tries >= 88
        assert await stored() == before


async def invited(prey: Target) -> list[str]:
    """The tokens of the links that were sent for the nurse's session."""
    found = []
    for notice in await outbox(prey.server):
        found += [link.group().removeprefix("/i/") for link in LINK.finditer(notice.text)]
    read = prey.server.app[STORE].read
    invites = {token: await read.invites.by_token(token) for token in found}
    return [
        token
        for token, invite in invites.items()
        if invite is not None and invite.consultation_id == prey.consultation_id
    ]


HEAD = "POST /language HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
SECOND = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
CHUNKED = HEAD + "Transfer-Encoding: chunked\r\n\r\n"
GET = "GET /signin HTTP/1.1\r\nHost: localhost\r\n"
ODDITIES = {
    "two lengths": HEAD + f"Content-Length: 0\r\nContent-Length: {len(SECOND)}\r\n\r\n" + SECOND,
    "two lengths, the other way": HEAD + "Content-Length: 44\r\nContent-Length: 0\r\n\r\n" + SECOND,
    "lengths in a list": HEAD + "Content-Length: 0, 44\r\n\r\n" + SECOND,
    "length with sign": HEAD + "Content-Length: +0\r\n\r\n" + SECOND,
    "length in hex": HEAD + "Content-Length: 0x0\r\n\r\n" + SECOND,
    "negative length": HEAD + "Content-Length: -1\r\n\r\n" + SECOND,
    "length with underscore": HEAD + "Content-Length: 0_0\r\n\r\n" + SECOND,
    "endless length": HEAD + "Content-Length: " + "9" * 400 + "\r\n\r\n" + SECOND,
    "empty length": HEAD + "Content-Length: \r\n\r\n" + SECOND,
    "length in Arabic digits": HEAD + "Content-Length: \u0660\r\n\r\n" + SECOND,
    "length and chunks": HEAD + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SECOND,
    "chunks and length": HEAD + "Transfer-Encoding: chunked\r\nContent-Length: 44\r\n\r\n0\r\n\r\n" + SECOND,
    "unknown coding": HEAD + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + SECOND,
    "chunked, then another": HEAD + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + SECOND,
    "chunked twice": HEAD + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SECOND,
    "space before the colon": HEAD + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + SECOND,
    "tab before the coding": HEAD + "Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n" + SECOND,
    "folded header": HEAD + "X: a\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SECOND,
    "folded first header": "GET /signin HTTP/1.1\r\n Host: localhost\r\n\r\n" + SECOND,
    "bare LF": GET.replace("\r\n", "\n") + "X: y\n\n" + SECOND,
    "bare CR": GET + "X: a\rY: b\r\n\r\n" + SECOND,
    "NUL in a value": GET + "X: a\0b\r\n\r\n" + SECOND,
    "NUL in a name": GET + "X\0: a\r\n\r\n" + SECOND,
    "chunk size in C": CHUNKED + "0x0\r\n\r\n" + SECOND,
    "negative chunk": CHUNKED + "-0\r\n\r\n" + SECOND,
    "chunk size with underscore": CHUNKED + "0_0\r\n\r\n" + SECOND,
    "chunk that is longer than it says": CHUNKED + "1\r\nab\r\n0\r\n\r\n" + SECOND,
    "chunk with bare LF": CHUNKED + "0\n\n" + SECOND,
    "chunk size beyond all numbers": CHUNKED + "f" * 100 + "\r\n" + SECOND,
    "endless extension": CHUNKED + "0;" + "x" * 20_000 + "\r\n\r\n",
    "LF in an extension": CHUNKED + "0;x\n\r\n\r\n" + SECOND,
    "trailer with a length": CHUNKED + "0\r\nContent-Length: 44\r\n : \r\n\r\n" + SECOND,
    "two spaces": "GET  /signin  HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a third word": "GET /signin HTTP/1.1 x\r\nHost: localhost\r\n\r\n" + SECOND,
    "no version": "GET /signin\r\n\r\n" + SECOND,
    "version 9": "GET /signin HTTP/9.9\r\n\r\n" + SECOND,
    "preface of HTTP/2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + SECOND,
    "no colon": GET + "X\r\n\r\n" + SECOND,
    "no name": GET + ": x\r\n\r\n" + SECOND,
    "odd method": "G@T\x7f /signin HTTP/1.1\r\nHost: localhost\r\n\r\n" + SECOND,
    "long line": "GET /" + "x" * 20_000 + " HTTP/1.1\r\nHost: localhost\r\n\r\n" + SECOND,
    "many headers": GET + "".join(f"X-{n}: y\r\n" for n in range(500)) + "\r\n" + SECOND,
}  # fmt: skip


async def test_raw_oddities_are_never_taken_for_two_requests(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    clock = MovableClock(moment("2026-12-07 12:00"))
    async with target(tmp_path, clock) as prey, asyncio.timeout(PATIENCE):
        work: list[asyncio.Task[str]] = []
        for octets in ODDITIES.values():
            reader, writer = await asyncio.open_connection("127.0.0.1", prey.server.config.port)
            writer.write(octets.encode())
            for _ in range(5):  # after which this has been read
                await prey.stranger.get("/healthz")
            work.append(asyncio.create_task(everything(reader, writer)))
        clock.move(timedelta(minutes=6))
        await prey.server.app[WAITS].run_due()
        await asyncio.wait(work)
        nothing_is_told(caplog, prey.secrets)
    assert len(ODDITIES) >= 38
    for name, task in zip(ODDITIES, work, strict=True):
        said = task.result()
        assert not said.startswith(("HTTP/1.1 5", "HTTP/1.0 5")), name
        assert '{"status": "ok"}' not in said, name
        assert "Traceback" not in said, name


async def everything(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
    """Everything received until the server closes the connection."""
    said = b""
    with contextlib.suppress(ConnectionError):
        while block := await reader.read(65536):
            said += block
    writer.close()
    return said.decode("utf-8", "replace")


HOSTS = ["evil.example", "localhost.evil.example", "localhost:1@evil.example", "[::1].evil.example"]
UNUSUAL = [
    "HEAD",
    "OPTIONS",
    "TRACE",
    "CONNECT",
    "PUT",
    "PATCH",
    "DELETE",
    "PROPFIND",
    "PURGE",
    "X",
]


async def test_no_link_follows_the_host_and_no_method_changes_anything(
    still_prey: Target,
) -> None:
    prey = still_prey
    for host in HOSTS:
        for path in ("/signin", prey.link):
            answer = await prey.stranger.get(path, Host=host)
            assert "evil.example" not in answer.text + str(answer.headers)
    session = f"/sessions/{prey.consultation_id}"
    before = await prey.nurse.get("/invites")
    once = re.compile(r'(name="once" value=")[\w-]+')  # another one in each page
    addresses = [
        "/", "/invites/new", session, f"{session}/cancel", f"{session}/reopen", prey.link,
        f"/invites/{prey.seat}/remove", "/signout",
    ]  # fmt: skip
    for method in UNUSUAL:
        for path in addresses:
            answer = await prey.nurse.ask(method, path, data=b"")
            assert answer.status in (200, 303, 400, 404, 405), (method, path)
    after = await prey.nurse.get("/invites")
    assert once.sub(r"\1", after.text) == once.sub(r"\1", before.text)


async def test_only_our_own_origins_open_a_socket(prey: Target) -> None:
    port = prey.server.config.port
    own = [f"http://{name}:{port}" for name in ("localhost", "127.0.0.1", "[::1]")]
    foreign = [
        "https://evil.example", "null", f"https://localhost:{port}", "http://localhost",
        f"http://localhost:{port}.evil.example", f"http://evil.localhost:{port}", "",
    ]  # fmt: skip
    assert len(own) + len(foreign) == 10
    for origin in own:
        await (await prey.zubaida.connect(Origin=origin)).ws.close()
    for origin in foreign:
        with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
            await prey.zubaida.connect(Origin=origin)


@pytest.mark.parametrize("count", [8, pytest.param(180, marks=pytest.mark.soak)])
async def test_no_token_is_guessed(prey: Target, count: int) -> None:
    guess = random.Random(count)
    letters = string.ascii_letters + string.digits + "-_"
    statuses = set()
    for number in range(count):
        token = "".join(guess.choices(letters, k=22))
        where = {"X-Forwarded-For": f"192.0.2.{number // 50}"}
        for path in (f"/i/{token}", f"/r/{token}", f"/setup/{token}", f"/seat/{token}"):
            statuses.add((await prey.stranger.get(path, **where)).status)
        answer = await prey.stranger.ask(
            "POST", f"/device-test/relay/{token}", json={"sdp": "v=0"}, headers=where
        )
        statuses.add(answer.status)
    assert statuses <= {404, 409, 410, 429, 503}
