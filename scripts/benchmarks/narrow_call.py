"""The sound of a call on 64 kbit/s with a round trip of 600 ms.

Server and browsers are hosts of an emulated network (network namespaces; needs root). The pages are
those of a session as people get them; the line of one of them, "far", becomes narrow before the
call. Two people speak directly, three over the relay. All send 640x360 at 15 fps, as far as the
page sends at all, and sound. Counted is from the first sound on, for a minute: the share of the
audio samples that a browser had to conceal (W3C webrtc-stats), of what the far one hears and of
what is heard of it, how long video ran, and what the line carried.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, expect

from scripts.benchmarks._figures import lines
from scripts.benchmarks._relay.network_page import write_busy_camera
from scripts.traffic.browser import chromium, installed, person, sign_in, until
from scripts.traffic.network import Network, NetworkUnavailable
from scripts.traffic.server import Place, Server, furnish, serving, temporary_folder
from signaling.identifier import new_id
from signaling.invite import Invite, Person
from signaling.token import token_digest
from storage.store import Records, Store
from web.routes import path

HOSTS = {"server": "10.77.0.1", "near": "10.77.0.2", "far": "10.77.0.3"}
LINE: dict[str, Any] = {"rate_kbps": 64, "delay_ms": 300}
"Of the far browser, in both directions; the delay is one way's."
PORT = 8700
ADDRESS = f"http://{HOSTS['server']}:{PORT}"
SECONDS = 60.0
SETTLING = 10.0
"Seconds from the first sound on that are given apart: until then nothing is known of the line."
WAYS = ("direct", "relay")
MODES = ("video", "save data")
LONGEST_WAIT = 120.0
NARROW = "narrow"
"Printed by the part within the network when the line is to become narrow; any line answers it."
ARGUMENTS = (
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost , EXCLUDE 10.77.0.*",
    # cameras are for secure pages, and TLS would only add a proxy
    f"--unsafely-treat-insecure-origin-as-secure={ADDRESS}",
)
COLLECT = """
(() => {
  const Native = window.RTCPeerConnection, peers = [];
  window.RTCPeerConnection = class extends Native {
    constructor(...settings) { super(...settings); peers.push(this); }
  };
  const last = {samples: new Map(), concealed: new Map(), frames: new Map()};
  window.look = async () => {
    const sum = {frames: 0, octets: 0, sent: 0, uplink: 0, roundTrip: 0, height: 0};
    for (const peer of peers) {
      if (peer.connectionState === "closed") continue;
      for (const one of (await peer.getStats()).values()) {
        const key = `${peers.indexOf(peer)} ${one.id}`;
        if (one.type === "inbound-rtp" && one.kind === "audio") {
          last.samples.set(key, one.totalSamplesReceived ?? 0);
          last.concealed.set(key, one.concealedSamples ?? 0);
        } else if (one.type === "inbound-rtp") {
          last.frames.set(key, one.framesDecoded ?? 0);
        } else if (one.type === "outbound-rtp" && one.kind === "video") {
          sum.height = Math.max(sum.height, one.frameHeight ?? 0);
        } else if (one.type === "candidate-pair" && one.nominated) {
          sum.octets += one.bytesReceived; sum.sent += one.bytesSent;
          sum.uplink = one.availableOutgoingBitrate ?? 0;
          sum.roundTrip = one.currentRoundTripTime ?? 0;
        }
      }
    }
    for (const name of ["samples", "concealed", "frames"])
      sum[name] = [...last[name].values()].reduce((one, other) => one + other, 0);
    return {...sum, words: document.querySelector(".call-words").innerText,
      tiles: [...document.querySelectorAll("#tiles .status")].map((one) => one.textContent).join()};
  };
})();
"""


async def add_colleague(data_dir: Path, place: Place) -> str:
    """Somebody else with a link to the session. Returns the token of the link."""
    store = await Store.open(data_dir, None)
    now = datetime.now(UTC)

    async def add(records: Records) -> str:
        invite_id = new_id()
        token = await records.invites.token(place.consultation_id, invite_id)
        one = Person("Lee", "", "none", "", "en")
        await records.invites.add(
            Invite(invite_id, place.consultation_id, "colleague", one, token_digest(token), now)
        )
        return token

    try:
        return await store.write(add)
    finally:
        await store.close()


@asynccontextmanager
async def browser_on(folder: Path, host: str) -> AsyncIterator[Browser]:
    """A browser on one host of the network."""
    camera = f"--use-file-for-fake-video-capture={folder / 'camera.y4m'}"
    async with chromium(camera, *ARGUMENTS, program=str(folder / host)) as browser:
        yield browser


async def enter(browser: Browser, server: Server, token: str) -> Page:
    """The page of somebody who has come by link."""
    context, page = await person(browser, server, "en")
    await context.add_init_script(COLLECT)
    await page.goto(path("landing", token=token))
    await page.get_by_role("button", name="Join the session").click()
    await expect(page.locator("#heading")).to_be_visible()
    return page


async def at_desk(browser: Browser, server: Server, place: Place) -> Page:
    """The scheduler's page."""
    context, page = await person(browser, server, "en")
    await context.add_init_script(COLLECT)
    await sign_in(context, server, place)
    await page.goto(path("session", consultation_id=place.consultation_id))
    return page


async def heard(pages: Sequence[Page]) -> None:
    """Return once sound has arrived at every page."""
    for page in pages:
        await until(page, "async () => (await look()).samples > 0", timeout=LONGEST_WAIT)


def concealed(before: dict[str, Any], after: dict[str, Any]) -> float:
    """Share of the samples of a span that were concealed."""
    samples = after["samples"] - before["samples"]
    return float((after["concealed"] - before["concealed"]) / max(samples, 1))


async def hold(pages: dict[str, Page], seconds: float) -> dict[str, dict[str, Any]]:
    """Watch a call; page -> what it received."""

    async def look() -> dict[str, dict[str, Any]]:
        return {name: await page.evaluate("window.look()") for name, page in pages.items()}

    began = time.monotonic()
    looks = [(0.0, await look())]
    settled = looks[0]
    while (passed := time.monotonic() - began) < seconds:
        await asyncio.sleep(min(1.0, max(0.0, seconds - passed)))
        looks.append((time.monotonic() - began, await look()))
        if looks[-1][0] <= SETTLING:
            settled = looks[-1]
    (_, first), (passed, last) = looks[0], looks[-1]
    pairs = list(itertools.pairwise(looks))
    return {
        name: {
            "concealed": concealed(first[name], last[name]),
            "settled": concealed(settled[1][name], last[name]),
            "pictured": sum(b[1][name]["frames"] > a[1][name]["frames"] for a, b in pairs)
            / max(len(pairs), 1),
            "kbps": (last[name]["octets"] - first[name]["octets"]) * 8 / passed / 1000,
            "round_trip_ms": last[name]["roundTrip"] * 1000,
            "words": last[name]["words"].strip(),
        }
        for name in pages
    }


async def measure(way: str, mode: str, folder: Path, seconds: float) -> dict[str, Any]:
    """A call, from within the server's host."""
    data_dir = folder / f"data-{new_id()}"
    (place,) = await furnish(data_dir, 1, seated=False)
    colleague = await add_colleague(data_dir, place)
    async with (
        serving(
            data_dir,
            PORT=str(PORT),
            TELECONNECT_HOST=HOSTS["server"],
            TELECONNECT_PUBLIC_URL=ADDRESS,
            TELECONNECT_RELAY_ADDRESS=HOSTS["server"],
        ) as server,
        browser_on(folder, "near") as near,
        browser_on(folder, "far") as far,
    ):
        phone = await enter(far, server, place.invite_token)
        desk = await at_desk(near, server, place)
        pages = {"far": phone, "near": desk}
        if way == "relay":
            pages["third"] = await enter(near, server, colleague)
        if mode == "save data":
            await phone.get_by_label("Save data").check()
        await expect(phone.get_by_role("button", name="Start audio call")).to_be_visible()
        print(NARROW, flush=True)
        sys.stdin.readline()
        await desk.get_by_role("button", name="Start video call").click()
        for name in pages.keys() - {"near"}:
            page = pages[name]
            await page.get_by_role("button", name="Accept", exact=True).click(timeout=60_000)
        await heard(list(pages.values()))
        received = await hold(pages, seconds)
        topology = await desk.locator("#call").get_attribute("data-topology")
        return {"topology": topology, **received}


def _call(network: Network, way: str, mode: str, folder: Path, seconds: float) -> dict[str, Any]:
    network.reset("far")
    module = "scripts.benchmarks.narrow_call"
    command = [sys.executable, "-m", module, "--inside", str(folder), way, mode, str(seconds)]
    with subprocess.Popen(
        [*network.command("server"), *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        if process.stdout.readline().strip() == NARROW:
            network.shape("far", **LINE)
            process.stdin.write("\n")
            process.stdin.flush()
        said = process.stdout.read()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    figures: dict[str, Any] = json.loads(said)
    return figures


def run(
    ways: Sequence[str] = WAYS, modes: Sequence[str] = MODES, seconds: float = SECONDS
) -> dict[str, Any]:
    """Every way with and without Save data; figures ready for JSON."""
    rows: list[dict[str, Any]] = []
    browser = installed()
    if browser is None:
        return {"missing": "chromium", "rows": rows}
    try:
        with temporary_folder() as folder, Network(HOSTS, seed=1) as network:
            write_busy_camera(folder / "camera.y4m")
            for host in ("near", "far"):
                network.wrapper(host, browser, folder / host)
            for way in ways:
                for mode in modes:
                    row = _call(network, way, mode, folder, seconds)
                    rows.append({"way": way, "mode": mode, **row})
    except NetworkUnavailable as reason:
        return {"missing": str(reason), "rows": rows}
    return {"missing": "", "rows": rows}


HEADING = (
    "topology", "far hears: concealed", "after 10 s", "heard of far: concealed", "after 10 s",
    "far saw video", "far's was seen", "kbit/s to far",
)  # fmt: skip


def table(result: dict[str, Any]) -> str:
    body = [
        [
            f"{row['way']}, {row['mode']}",
            row["topology"],
            f"{row['far']['concealed']:.1%}",
            f"{row['far']['settled']:.1%}",
            f"{row['near']['concealed']:.1%}",
            f"{row['near']['settled']:.1%}",
            f"{row['far']['pictured']:.0%} of the time",
            f"{row['near']['pictured']:.0%}",
            round(row["far"]["kbps"]),
        ]
        for row in result["rows"]
    ]
    missing = f"\nnot measured: {result['missing']}" if result["missing"] else ""
    return lines([["way, far's page", *HEADING], *body]) + missing


def main() -> None:
    """The part within the network, or all of it with fewer ways."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--inside", nargs=4, metavar=("FOLDER", "WAY", "MODE", "SECONDS"))
    parser.add_argument("--way", choices=WAYS, action="append")
    parser.add_argument("--mode", choices=MODES, action="append")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    options = parser.parse_args()
    if options.inside:
        folder, way, mode, seconds = options.inside
        print(json.dumps(asyncio.run(measure(way, mode, Path(folder), float(seconds)))))
        return
    print(table(run(options.way or WAYS, options.mode or MODES, options.seconds)))


if __name__ == "__main__":
    main()
