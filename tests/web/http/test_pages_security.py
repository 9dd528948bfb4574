"""The headers of every response, and what no page of another site can do."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.people import Answer, Person
from tests.serving import Server, serving
from web.handlers import HANDLERS
from web.http.same_origin import OPAQUE_ORIGINS, SECRET_ADDRESSES
from web.http.security_headers import ASSET_HEADERS, HEADERS, PICTURE_HEADERS
from web.routes import PATHS

POSTS = sorted(name for method, name in HANDLERS if method == "POST")
CHANGES = sorted(key for key in HANDLERS if key[0] not in ("GET", "HEAD"))
GETS = sorted(name for method, name in HANDLERS if method == "GET" and name != "socket")


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    async with serving(tmp_path_factory.mktemp("data")) as running:
        await running.account()
        await running.account("boss@example.org", "The Boss", "administrator")
        yield running


@pytest.fixture(scope="module")
async def boss(server: Server) -> AsyncIterator[Person]:
    """An administrator, signed in."""
    async with Person(server) as person:
        await person.sign_in("boss@example.org")
        yield person


@pytest.fixture(scope="module")
async def other_site(server: Server) -> AsyncIterator[Person]:
    """A browser that shows another site, and is never given a cookie of ours."""
    async with Person(server) as person:
        yield person
        assert not list(person.http.cookie_jar)


def address(name: str) -> str:
    """An address of the route, for things that do not exist."""
    return PATHS[name].replace(":.+", "").replace("{", "").replace("}", "")


def carries_the_headers(answer: Answer) -> bool:
    kind = answer.headers.get("Content-Type", "").partition(";")[0]
    asset = "Server" not in answer.headers
    expected = HEADERS
    if asset:
        assert kind in ("text/javascript", "text/css", "application/json") or kind.startswith(
            "image/"
        )
        expected = PICTURE_HEADERS if kind.startswith("image/") else ASSET_HEADERS
    return all(name in answer.headers for name in expected) and "Cache-Control" in answer.headers


@pytest.mark.parametrize("name", GETS)
async def test_every_page_carries_the_headers_signed_in_or_not(
    server: Server, boss: Person, name: str
) -> None:
    async with Person(server) as stranger:
        for person, method in itertools.product((stranger, boss), ("GET", "HEAD")):
            answer = await person.ask(method, address(name))
            assert carries_the_headers(answer), answer.headers
            assert answer.status < 500
            assert "unsafe" not in answer.headers.get("Content-Security-Policy", "")
            assert "aiohttp" not in answer.headers.get("Server", "")


async def test_a_page_may_open_its_socket_where_self_does_not_cover_it(server: Server) -> None:
    async with Person(server) as stranger:
        answer = await stranger.ask("GET", PATHS["sign_in"])
        here = str(stranger.url).rstrip("/").replace("http", "ws", 1)
        assert f"; connect-src 'self' {here}" in answer.headers["Content-Security-Policy"]
        foreign = {"Host": "elsewhere.example"}
        answer = await stranger.ask("GET", PATHS["sign_in"], headers=foreign)
        assert "connect-src" not in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nowhere"),
        ("PUT", "/signin"),
        ("DELETE", "/"),
        ("OPTIONS", "/signin"),
        ("POST", "/healthz"),
        ("GET", "/i/" + "x" * 5000),
        ("GET", "/i/%00%ff%fe"),
        ("GET", "/sessions/%2e%2e%2f%2e%2e"),
        ("GET", "/invites?search=%00%ff&page=99999999999999999999&state=%F0%9F"),
        ("GET", "/new?kind=<script>"),
    ],
)
async def test_errors_carry_the_headers_too(server: Server, method: str, path: str) -> None:
    async with Person(server) as person:
        answer = await person.ask(method, path)
        assert carries_the_headers(answer)
        assert answer.status < 500
        assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    "octets",
    [
        b"GET /i/\xff\xfe HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 20_000 + b"\r\n\r\n",
        b"POST /signin HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
        b"POST /signin HTTP/1.1\r\nHost: localhost\r\nExpect: magic\r\nContent-Length: 0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nCookie: teleconnect=\xff\xfe\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nAccept-Language: \xff;q=nan,fr;q=1e999\r\n\r\n",
    ],
)
async def test_malformed_requests_are_answered_without_a_trace(
    server: Server, octets: bytes
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.config.port)
    writer.write(octets)
    async with asyncio.timeout(60):
        head = (await reader.read(4000)).decode("utf-8", "replace")
    writer.close()
    assert head.startswith("HTTP/1.")
    assert not head.startswith(("HTTP/1.1 5", "HTTP/1.0 5"))
    assert "Traceback" not in head
    assert ".py" not in head


async def test_over_tls_browsers_are_told_to_stay_there(tmp_path: Path) -> None:
    async with (
        serving(tmp_path, TELECONNECT_PUBLIC_URL="https://tele.example") as server,
        Person(server) as person,
    ):
        await server.account()
        assert "Strict-Transport-Security" in (await person.get("/signin")).headers
        answer = await person.post(
            "/signin",
            {"email": "nurse@example.org", "password": "correct horse battery staple"},
            Origin="https://tele.example",
        )
        cookies = answer.headers.getall("Set-Cookie")
        [cookie] = [each for each in cookies if each.startswith("__Host-teleconnect=")]
        for flag in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
            assert flag in cookie
        assert "Domain" not in cookie


FORGERIES = {
    "an origin of another site": {"Origin": "https://evil.example"},
    "an origin that looks like ours": {"Origin": "http://localhost.evil.example"},
    "our host on another port": {"Origin": "http://127.0.0.1:1"},
    "an opaque origin": {"Origin": "null"},
    "a cross-site request": {"Sec-Fetch-Site": "cross-site"},
    "a same-site request": {"Sec-Fetch-Site": "same-site"},
    "a forged site": {"Sec-Fetch-Site": "Same-Origin"},
}


@pytest.mark.parametrize(
    ("method", "name", "forgery"),
    [
        (method, name, forgery)
        for (method, name), forgery in itertools.product(CHANGES, FORGERIES)
        if forgery != "an opaque origin" or PATHS[name] not in OPAQUE_ORIGINS
    ],
)
async def test_no_other_site_can_change_anything(
    other_site: Person, method: str, name: str, forgery: str
) -> None:
    answer = await other_site.ask(method, address(name), headers=FORGERIES[forgery])
    assert answer.status == 403
    assert "was not sent from a page of this service" in answer.text
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("name", POSTS)
async def test_our_own_pages_and_programs_may(server: Server, name: str) -> None:
    origin = f"http://localhost:{server.config.port}"
    proofs: tuple[dict[str, str], ...] = (
        {"Origin": origin, "Sec-Fetch-Site": "same-origin"},
        {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
        {"Origin": origin},
        {},
    )
    async with Person(server) as person:
        for headers in proofs:
            answer = await person.post(address(name), **headers)
            assert answer.status != 403
            assert answer.status < 500


@pytest.mark.parametrize("name", [name for name in POSTS if PATHS[name] in OPAQUE_ORIGINS])
async def test_a_form_of_a_secret_address_passes_with_all_that_older_safari_sends(
    server: Server, name: str
) -> None:
    async with Person(server) as person:
        answer = await person.post(address(name), Origin="null")
        assert answer.status != 403
        for site in ("cross-site", "same-site"):
            forged = {"Origin": "null", "Sec-Fetch-Site": site}
            assert (await person.post(address(name), **forged)).status == 403


async def test_the_referrer_policy_hides_secret_addresses_and_lets_forms_name_their_origin(
    server: Server,
) -> None:
    secret = {name for name in GETS if PATHS[name] in SECRET_ADDRESSES}
    assert {"landing", "landing_test", "interpreter_request", "setup"} <= secret
    async with Person(server) as person:
        for name in GETS:
            answer = await person.get(address(name))
            if "Referrer-Policy" in answer.headers:
                expected = "no-referrer" if name in secret else "same-origin"
                assert answer.headers["Referrer-Policy"] == expected, name
            assert 'name="referrer"' not in answer.text


BROKEN_BODIES = {
    "no UTF-8": (b"email=\xff\xfe", "application/x-www-form-urlencoded"),
    "an unknown charset": (b"email=a", "application/x-www-form-urlencoded; charset=klingon"),
    "no boundary": (b"--x\r\n", "multipart/form-data"),
    "a cut multipart": (b"--x\r\nContent-Disposition: form-data\r\n", "multipart/form-data; boundary=x"),
    "a part without a name": (b"--x\r\n\r\nhello\r\n--x--\r\n", "multipart/form-data; boundary=x"),
    "JSON": (b'{"email": 1}', "application/json"),
    "another type": (b"\0\1\2", "text/plain"),
    "a file": (
        b'--x\r\nContent-Disposition: form-data; name="email"; filename="../../x"\r\n'
        b"Content-Type: text/plain\r\n\r\nhello\r\n--x--\r\n",
        "multipart/form-data; boundary=x",
    ),
}  # fmt: skip


@pytest.mark.parametrize("broken", BROKEN_BODIES)
async def test_a_body_that_is_no_form_is_refused_and_nothing_breaks(
    server: Server, broken: str
) -> None:
    body, content_type = BROKEN_BODIES[broken]
    async with Person(server) as nurse:
        await nurse.sign_in()
        for path in ("/signin", "/language", "/invites/new"):
            answer = await nurse.ask(
                "POST", path, data=body, headers={"Content-Type": content_type}
            )
            assert answer.status < 500, (path, answer.text)
            assert carries_the_headers(answer)


async def test_a_body_that_is_too_large_is_refused_with_its_sentence(server: Server) -> None:
    async with Person(server) as person:
        answer = await person.post("/signin", {"email": "x" * 300_000})
        assert answer.status == 413
        assert "too large" in answer.text


@pytest.mark.parametrize(
    "goal",
    [
        "//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil.example",
        "\\\\evil.example", "//[", "/%0d%0aSet-Cookie:x=1", "/\r\nSet-Cookie: x=1", "javascript:alert(1)",
        "///evil.example", "/.//evil.example", "http:evil.example", "\0//evil.example", "",
    ],
)  # fmt: skip
async def test_choosing_a_language_leads_to_this_server_only(server: Server, goal: str) -> None:
    async with Person(server) as person:
        answer = await person.post("/language", {"language": "fr", "next": goal})
        assert answer.status == 303
        assert answer.location.startswith("/")
        assert not answer.location.startswith(("//", "/\\"))
        assert answer.headers.getall("Set-Cookie")[0].startswith("language=fr")
        assert len(answer.headers.getall("Set-Cookie")) == 1


@pytest.mark.parametrize(
    "path",
    [
        "../../../etc/passwd", "..%2f..%2fapp.py", "%2e%2e/%2e%2e/app.py", "/etc/passwd",
        "js/../../app.py", "css/base.css/", "css//base.css", "css/base.css%00", ".", "js",
    ],
)  # fmt: skip
async def test_no_path_leads_out_of_the_static_files(server: Server, path: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.config.port)
    writer.write(f"GET /static/x/{path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    status = (await reader.readline()).split()[1]
    writer.close()
    assert status in (b"404", b"400")


async def test_figures_are_for_this_machine_only_and_not_for_whom_a_proxy_speaks(
    server: Server,
) -> None:
    async with Person(server) as person:
        assert "teleconnect_rooms" in (await person.get("/metrics")).text
        forwarded = {"X-Forwarded-For": "127.0.0.1, 203.0.113.9"}
        assert (await person.get("/metrics", **forwarded)).status == 404


async def test_health_and_readiness_answer_without_signing_in(server: Server) -> None:
    async with Person(server) as person:
        assert (await person.get("/healthz")).status == 200
        assert (await person.get("/readyz")).status == 200
