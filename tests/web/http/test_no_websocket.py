"""What keeps a page from its live line: said to the page, and to the operator."""

import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from signaling.wire.messages import PROTOCOL_VERSION
from tests.clock import MovableClock
from tests.people import Person
from tests.serving import Server, moment, serving
from web.keys import WAITS
from web.pages.list_rows import CONNECT_WITHIN
from web.websocket_warnings import WARN_EVERY

HERE = "https://tele.example"
STRIPPED = {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version": "13"}
"What is left of a handshake behind a proxy that keeps Upgrade and Connection to itself."


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(moment("2026-12-07 14:30"))


@pytest.fixture
async def server(tmp_path: Path, clock: MovableClock) -> AsyncIterator[Server]:
    settings = {
        "TELECONNECT_PUBLIC_URL": HERE,
        "TELECONNECT_OTHER_HOSTS": "www.tele.example, tele.example:8443, Klinik-Zürich.example:443",
    }
    async with serving(tmp_path, clock, **settings) as running:
        await running.account()
        yield running


@pytest.fixture
async def nurse(server: Server) -> AsyncIterator[Person]:
    async with Person(server) as person:
        answer = await person.sign_in()
        # Secure cookies, and this client speaks plain HTTP
        cookies = [each.partition(";")[0] for each in answer.headers.getall("Set-Cookie")]
        person.http.headers["Cookie"] = "; ".join(cookies)
        yield person


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        record.getMessage()
        for record in caplog.records
        if record.name == "web.websocket_warnings" and record.levelno == logging.WARNING
    ]


async def why(person: Person, origin: str, language: str = "en") -> dict[str, Any]:
    """What the server says of a page that was opened under `origin` and gets no line."""
    answer = await person.get(f"/socket?from={origin}&language={language}")
    assert answer.status == 200
    found: dict[str, Any] = json.loads(answer.text)
    return found


@pytest.mark.parametrize(
    "name",
    ["www.tele.example", "tele.example:8443", "tele.example", "xn--klinik-zrich-klb.example"],
)
async def test_a_page_under_any_listed_name_has_its_line_and_its_forms(
    server: Server, nurse: Person, name: str
) -> None:
    wire = await nurse.connect(Origin=f"https://{name}")
    await wire.send("hello", version=PROTOCOL_VERSION, stream="lobby", peer_id="peer-0001")
    assert (await wire.frame())["type"] == "lobby"
    # as a browser without Fetch Metadata sends it
    assert (
        await nurse.post("/language", {"language": "fr"}, Origin=f"https://{name}")
    ).status == 303


async def test_a_page_under_another_name_is_told_and_the_operator_once_in_a_while(
    server: Server, nurse: Person, clock: MovableClock, caplog: pytest.LogCaptureFixture
) -> None:
    async def knock() -> None:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await nurse.connect(Origin="https://old.tele.example")
        assert refused.value.status == 403

    for _ in range(3):
        await knock()
    [line] = told(caplog)
    assert "https://old.tele.example" in line
    assert "TELECONNECT_OTHER_HOSTS" in line
    clock.move(WARN_EVERY)
    await knock()
    assert len(told(caplog)) == 2
    found = await why(nurse, "https://old.tele.example")
    assert "https://old.tele.example" in found["text"]
    assert found["address"] == HERE
    assert "https://tele.example" in (await why(nurse, "https://old.tele.example", "fr"))["text"]


@pytest.mark.parametrize("origin", ["null", "https://a\u2028b.example", "x" * 3000, "https://"])
async def test_what_is_no_name_of_a_server_stands_in_no_log(
    server: Server, nurse: Person, origin: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await nurse.connect(Origin=origin.encode().decode("latin-1"))
    assert told(caplog) == []


async def test_a_proxy_that_takes_upgrade_away_is_told_to_the_operator_and_to_the_scheduler(
    server: Server, nurse: Person, caplog: pytest.LogCaptureFixture
) -> None:
    assert "proxy" not in (await why(nurse, HERE))["text"]
    async with Person(server) as stranger:
        for _ in range(3):
            answer = await stranger.get("/socket", **STRIPPED)
            assert answer.status == 426
            assert answer.headers["Upgrade"] == "websocket"
        guest = await why(stranger, HERE)
    [line] = told(caplog)
    assert "Upgrade" in line
    assert "proxy" in (await why(nurse, HERE))["text"]
    assert "proxy" not in guest["text"]
    assert "another network" in guest["text"]


async def test_a_stranger_who_looks_at_the_address_is_no_broken_proxy(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    async with Person(server) as stranger:
        assert (await stranger.get("/socket")).status == 426
    assert told(caplog) == []


async def test_the_scheduler_sees_who_has_joined_and_got_no_line(
    server: Server, nurse: Person, clock: MovableClock
) -> None:
    sentence = "Has opened the link, but is not connected."
    link = await nurse.invite()
    lobby = await nurse.connect(Origin=HERE)
    await lobby.send("hello", version=PROTOCOL_VERSION, stream="lobby", peer_id="peer-0001")
    await lobby.until("lobby")
    assert sentence not in (await nurse.get("/")).text
    async with Person(server) as phone:
        answer = await phone.post(link)
        seat = answer.location.rpartition("/")[2]
        phone.http.headers["Cookie"] = answer.headers["Set-Cookie"].partition(";")[0]
        assert sentence not in (await nurse.get("/")).text, "its page may be on the way"
        clock.move(CONNECT_WITHIN)
        await server.app[WAITS].run_due()
        await lobby.until("list_changed")
        assert sentence in (await nurse.get("/")).text
        assert sentence in (await nurse.get("/invites")).text
        await phone.enter(invite_id=seat)
        assert sentence not in (await nurse.get("/")).text
