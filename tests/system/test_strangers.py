"""Strangers who only occupy connections shut nobody out, and fill no disk."""

import asyncio
import json
from pathlib import Path

from yarl import URL

from scripts.traffic.server import Place, client, connect, furnish, serving
from scripts.traffic.strangers import strangers

DESCRIPTORS = 256
SILENT = 300
ROOMS = 3
JOINING = 12


async def test_silent_connections_shut_nobody_out_and_fill_no_log(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    places = await furnish(data_dir, ROOMS + JOINING)
    async with (
        asyncio.timeout(120),
        serving(data_dir, descriptors=DESCRIPTORS, TELECONNECT_RELAY_WORKERS="0") as server,
        client() as http,
    ):
        inside = [await connect(http, server, place, scheduler=False) for place in places[:ROOMS]]
        port = URL(server.url).port
        assert port is not None
        async with strangers(port, silent=SILENT, forms=40, pinging=9) as crowd:
            await crowd.until(lambda seen: seen["opened"] >= SILENT and seen["ended"] >= SILENT)

            async def join(place: Place) -> None:
                async with client() as browser:  # none of what it opens is there already
                    link = f"{server.url}/i/{place.invite_token}"
                    async with browser.get(link) as page:
                        assert page.status == 200
                    socket = await connect(browser, server, place, scheduler=False)
                    await acknowledged(socket, "hello")

            await asyncio.gather(*map(join, places[ROOMS:]))
            for number in range(10):
                for socket in inside:
                    await acknowledged(socket, f"text {number}")
            await crowd.until(lambda seen: seen["forms"].get("415", 0) >= 40)
        assert set(crowd.figures["forms"]) <= {"415", ""}
        log = (tmp_path / "server.log").read_text()
    assert len(log) < 200_000
    assert not [line for line in log.splitlines() if json.loads(line)["level"] != "info"]
    spoken = [line for line in log.splitlines() if "Listening at" not in line]
    assert not [line for line in spoken if "127.0.0.1" in line]


async def acknowledged(socket, text: str) -> None:  # type: ignore[no-untyped-def]
    """Send a message and wait until it is durable."""
    message_id = f"message-{text.replace(' ', '-')}"
    await socket.send_str(json.dumps({"type": "chat_send", "id": message_id, "text": text}))
    while (frame := json.loads(await socket.receive_str()))["type"] != "ack":
        assert frame["type"] != "error", frame
    assert frame["id"] == message_id
