"""Pages for people who come by link are packed as their reader takes them."""

import gzip

import aiohttp
import brotli
import pytest

from tests.people import Person
from tests.serving import Server

UNPACK = {"br": brotli.decompress, "gzip": gzip.decompress, "": bytes}


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [("gzip, deflate, br, zstd", "br"), ("gzip, deflate", "gzip"), ("identity", "")],
)
async def test_a_page_by_link_is_packed_as_its_reader_takes_it(
    server: Server, nurse: Person, accepted: str, coding: str
) -> None:
    link = await nurse.invite()
    async with aiohttp.ClientSession(server.url, auto_decompress=False) as http:
        headers = {"Accept": "text/html", "Accept-Encoding": accepted}
        async with http.get(link, headers=headers) as answer:
            assert answer.status == 200
            assert answer.headers.get("Content-Encoding", "") == coding
            assert answer.headers["Vary"] == "Accept-Encoding"
            page = UNPACK[coding](await answer.read()).decode()
    assert page.startswith("<!doctype html>")
    assert page.endswith("</html>")


async def test_a_page_of_an_account_is_not_packed(server: Server, nurse: Person) -> None:
    async with aiohttp.ClientSession(
        nurse.url, cookie_jar=nurse.http.cookie_jar, auto_decompress=False
    ) as http:
        headers = {"Accept": "text/html", "Accept-Encoding": "gzip, deflate, br"}
        async with http.get("/", headers=headers) as answer:
            assert answer.status == 200
            assert "Content-Encoding" not in answer.headers
