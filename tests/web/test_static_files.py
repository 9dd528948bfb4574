"""What phones fetch is small, and equals the source."""

import gzip
import json
import re
import subprocess
import zlib
from pathlib import Path
from posixpath import dirname, join, normpath

import aiohttp
import brotli
import pytest
from aiohttp import hdrs

from tests.people import Person
from tests.serving import Server
from web import keys
from web.routes import path
from web.static_files import as_written, read_sources
from web.texts.catalogs import OWN_NAMES

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "web/static"
SMALL = {"br": 38_000, "gzip": 42_000}
"""Bytes, compressed, that a page for people who come by link may load before it is used, in either build;
only browsers without Brotli get gzip."""
IN_A_CALL = {"br": 65_000, "gzip": 75_000}
"The same, with everything that a call needs, and the sentences of all that is loaded later."
_LOADED = re.compile(r'(?:src|href|data-[a-z]+)="(/(?:static|catalog)/[^"#]+)["#]')
_UNPACK = {"br": brotli.decompress, "gzip": gzip.decompress, "deflate": zlib.decompress}
_IMPORTED = re.compile(rb"""(?:from|import) ?["'](\.[^"']+)["']""")
"At once."
_IMPORTED_LATER = re.compile(rb"""import\(["'](\.[^"']+)["']\)""")
_NOT_FOR_CALLS = re.compile(
    r"/files/|/greenroom/|/keeping\.js|/unread\.js|/reading\.js|/chime\.js|photos\.js|left-behind\.js|/own-sign-in\.js|/room/offline\.js"
)
"""Loaded for chat, files and the look at oneself when these are used, with or without a call; the last
one, and most around a call, by schedulers only."""


async def loaded(
    person: Person, page: str, encodings: str, browser: str, *, call: bool = False
) -> dict[str, int]:
    """Everything that a page loads at once, imported modules too: address -> compressed bytes.

    With `call` also what it loads for a call.
    """
    found: dict[str, int] = {}
    waiting = [page]
    headers = {"Accept-Encoding": encodings, "Accept": "text/html", "User-Agent": browser}
    async with aiohttp.ClientSession(
        person.url, cookie_jar=person.http.cookie_jar, auto_decompress=False
    ) as http:
        while waiting:
            address = waiting.pop()
            if address in found:
                continue
            async with http.get(address, headers=headers) as answer:
                assert answer.status == 200, address
                body = await answer.read()
            found[address] = len(body)
            if unpack := _UNPACK.get(answer.headers.get("Content-Encoding", "")):
                body = unpack(body)
            if answer.content_type == "text/html":
                waiting += _LOADED.findall(body.decode())
                catalogs = [name for name in waiting if call and name.endswith(".json")]
                waiting += [re.sub(r"(-way-in)?\.json", "-files.json", name) for name in catalogs]
            if answer.content_type == "text/javascript":
                names = _IMPORTED.findall(body)
                names += _IMPORTED_LATER.findall(body) if call else []
                found_here = [normpath(join(dirname(address), name.decode())) for name in names]
                waiting += [
                    name for name in found_here if not (call and _NOT_FOR_CALLS.search(name))
                ]
    return found


@pytest.mark.slow
@pytest.mark.parametrize("encodings", ["gzip, deflate", "gzip, deflate, br, zstd"])
@pytest.mark.parametrize("browser", ["Chrome/119.0.0.0", "Chrome/76.0.3809.132"])
async def test_pages_by_link_are_small_in_every_language(
    server: Server, encodings: str, browser: str
) -> None:
    async with Person(server) as nurse, Person(server) as amina:
        await nurse.sign_in()
        link = await nurse.invite("Amina")
        coding = "br" if "br" in encodings else "gzip"
        seat = await amina.join(link)
        for language in OWN_NAMES:
            await amina.post("/language", {"language": language, "next": link})
            for page in (
                link,
                f"/seat/{seat}",
                path("landing_test", token=link.removeprefix("/i/")),
            ):
                sizes = await loaded(amina, page, encodings, browser)
                assert any("/js/" in address for address in sizes), (page, sizes)
                assert sum(sizes.values()) <= SMALL[coding], (language, page, sizes)
            sizes = await loaded(amina, f"/seat/{seat}", encodings, browser, call=True)
            assert any("/call-controller.js" in address for address in sizes), sizes
            assert sum(sizes.values()) <= IN_A_CALL[coding], (language, sizes)


async def test_pictures_are_sent_as_they_are(server: Server) -> None:
    static = server.app[keys.STATIC].current
    pictures = [name for name in static.files if name.endswith(".webp")]
    assert pictures
    async with aiohttp.ClientSession(server.url, auto_decompress=False) as http:
        for name in pictures:
            headers = {"Accept-Encoding": "gzip, br"}
            async with http.get(static.address(name), headers=headers) as answer:
                assert hdrs.CONTENT_ENCODING not in answer.headers, name
                assert await answer.read() == (STATIC / name).read_bytes()


@pytest.mark.slow
def test_without_a_compiler_the_scripts_that_are_sent_are_the_programs_that_were_written() -> None:
    files = as_written(read_sources())
    programs = {
        name: [(STATIC / name).read_text("utf-8"), files.plain(name).decode()]
        for name in (str(path.relative_to(STATIC)) for path in STATIC.rglob("*.js"))
    }
    compared = subprocess.run(
        ["node", "tests/javascript/same_program.js"],
        cwd=ROOT,
        input=json.dumps(programs),
        capture_output=True,
        text=True,
    )
    assert (compared.stderr, compared.stdout) == ("", "")
    assert sum(len(sent) for _, sent in programs.values()) < 0.7 * sum(
        len(source) for source, _ in programs.values()
    ), "the comments are gone"


@pytest.mark.parametrize(
    ("accepted", "used"),
    [
        ("gzip, deflate, br", "br"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("GZIP", "gzip"),
        ("gzip;q=0, br ; Q=0.000", None),
        ("x-br, nogzip", None),
        ("identity, *;q=0", None),
        ("", None),
    ],
)
async def test_nothing_is_packed_as_the_client_does_not_take_it(
    server: Server, nurse: Person, phone: Person, accepted: str, used: str | None
) -> None:
    landing = await nurse.invite()
    page = await phone.get(landing, **{"Accept-Encoding": accepted})
    found = re.search(r'href="(/static/[^"]+\.css)"', page.text)
    assert found is not None
    sheet = await phone.get(found.group(1), **{"Accept-Encoding": accepted})
    for answer in (page, sheet):
        assert answer.headers.get("Content-Encoding") == used
