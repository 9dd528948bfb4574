"""The browser harness itself, on small pages of its own: it sees what lives and what is wrong."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page

from tests.browser.conftest import NewContext, Watch
from tests.browser.harness.probes import audio_arrives, audio_energy, video_moves
from tests.serving import serving

PAGE = """<!doctype html><html lang="en"><title>Call</title><link rel="icon" href="data:,">
<video id="own" autoplay playsinline muted></video>
<video id="other" autoplay playsinline></video>
<script type="module">
const socket = new WebSocket("/relay");
const sockets = new Promise((resolve) => { socket.onopen = resolve; });
const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
document.querySelector("#own").srcObject = stream;
const peer = new RTCPeerConnection();
peer.ontrack = ({ streams }) => { document.querySelector("#other").srcObject = streams[0]; };
for (const track of stream.getTracks()) peer.addTrack(track, stream);
const send = (data) => socket.send(JSON.stringify(data));
const describe = async () => {
  await peer.setLocalDescription();
  while (peer.iceGatheringState !== "complete") {
    await new Promise((resolve) => { peer.onicegatheringstatechange = resolve; });
  }
  send(peer.localDescription);
};
socket.onmessage = async ({ data }) => {
  const message = JSON.parse(data);
  if (message.type === "ready") return describe();
  await peer.setRemoteDescription(message);
  if (message.type === "offer") await describe();
};
await sockets;
if (location.hash === "#answerer") send({ type: "ready" });
window.freeze = () => { for (const track of stream.getTracks()) track.enabled = false; };
</script></html>"""

SILENT_PAGE = '<!doctype html><title>None</title><link rel="icon" href="data:,"><video></video>'


async def call_page(request: web.Request) -> web.Response:
    return web.Response(text=PAGE, content_type="text/html")


async def silent_page(request: web.Request) -> web.Response:
    return web.Response(text=SILENT_PAGE, content_type="text/html")


SOCKETS: web.AppKey[set[web.WebSocketResponse]] = web.AppKey("sockets", set)


async def relay(request: web.Request) -> web.WebSocketResponse:
    """Passes each message on to the others."""
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    sockets = request.app[SOCKETS]
    sockets.add(socket)
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            for other in sockets - {socket}:
                await other.send_str(message.data)
    sockets.discard(socket)
    return socket


@pytest.fixture
async def server() -> AsyncIterator[TestServer]:
    app = web.Application()
    app[SOCKETS] = set()
    app.router.add_get("/call", call_page)
    app.router.add_get("/silent", silent_page)
    app.router.add_get("/relay", relay)
    server = TestServer(app)
    async with server:
        yield server
        sockets = app[SOCKETS]
        for socket in list(sockets):
            await socket.close()


async def open_page(new_context: NewContext, server: TestServer, address: str) -> Page:
    context = await new_context(base_url=str(server.make_url("/")))
    page = await context.new_page()
    await page.goto(address)
    return page


async def test_two_pages_see_and_hear_each_other(
    new_context: NewContext, server: TestServer
) -> None:
    caller = await open_page(new_context, server, "/call")
    await caller.wait_for_function("() => document.querySelector('#own').srcObject !== null")
    answerer = await open_page(new_context, server, "/call#answerer")
    for page in (caller, answerer):
        assert await video_moves(page, "#other")
        assert await audio_arrives(page)

    # The same probes notice when picture and sound stop.
    await answerer.evaluate("window.freeze()")
    async with asyncio.timeout(60):  # what was under way still arrives
        while await video_moves(caller, "#other", timeout=1):
            pass
        while await audio_energy(caller) >= 1e-6:
            pass
    assert await video_moves(answerer, "#other")


async def test_a_page_without_a_call_neither_moves_nor_sounds(
    new_context: NewContext, server: TestServer
) -> None:
    page = await open_page(new_context, server, "/silent")
    assert not await video_moves(page, "video", timeout=1)
    assert not await audio_arrives(page, timeout=1)


async def test_a_context_has_the_wanted_surroundings(
    new_context: NewContext, server: TestServer
) -> None:
    context = await new_context(
        locale="ar-EG", timezone="Africa/Cairo", viewport=(360, 740), dark=True
    )
    page = await context.new_page()
    await page.goto(str(server.make_url("/silent")))
    assert await page.evaluate("[navigator.language, innerWidth, innerHeight]") == [
        "ar-EG",
        360,
        740,
    ]
    assert await page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone") == "Africa/Cairo"
    assert await page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")


@pytest.mark.parametrize(
    ("script", "fault"),
    [
        ("console.error('planted')", "console: planted"),
        ("setTimeout(() => { throw new Error('planted') })", "uncaught: planted"),
        ("fetch('https://example.org/pixel', {mode: 'no-cors'}).catch(() => 0)", "third party: "),
        ("void new WebSocket('wss://example.org/socket')", "third party: wss://example.org"),
        ("fetch('/missing')", "404"),
    ],
)
async def test_what_a_page_does_wrong_is_noticed(
    browser: Browser, server: TestServer, script: str, fault: str
) -> None:
    context = await browser.new_context(base_url=str(server.make_url("/")))
    watch = Watch(str(server.make_url("/")).rstrip("/"), [])
    watch.follow(context)
    page = await context.new_page()
    await page.goto("/silent")
    assert watch.faults == []
    await page.evaluate(script)
    async with asyncio.timeout(60):
        while not any(fault in found for found in watch.faults):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    await context.close()


async def test_an_allowed_error_is_allowed(new_context: NewContext, server: TestServer) -> None:
    context = await new_context(
        base_url=str(server.make_url("/")), allowed_errors=[r"status of 404"]
    )
    page = await context.new_page()
    await page.goto("/silent")
    await page.evaluate("fetch('/missing')")


async def test_a_page_may_outlive_its_server_but_not_do_wrong(
    tmp_path: Path, browser: Browser
) -> None:
    async with serving(tmp_path) as running:
        context = await browser.new_context(base_url=running.url)
        watch = Watch(running.url, [])
        watch.follow(context)
        page = await context.new_page()
        await page.goto("/signin")
    async with page.expect_console_message() as refused:
        await page.evaluate("fetch('/readyz').catch(() => 0)")
    assert "ERR_CONNECTION_REFUSED" in (await refused.value).text
    await page.evaluate("console.error('planted')")
    async with asyncio.timeout(60):
        while not watch.faults:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert [fault.partition(" (")[0] for fault in watch.faults] == ["console: planted"]
    await context.close()
