"""Networks that let no UDP out: calls of Chromium and Firefox by each way around that.

Server and browsers are in network namespaces with a firewall between them. Nothing of TURN is set up
but what the case names: the server finds coturn and starts it. Pages come through HAProxy, by the
configuration of `docs/one-port.md`.
"""

import asyncio
import contextlib
import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from scripts.traffic.network import Network, why_none
from tests.browser.calls.gathering import sees
from tests.browser.conftest import HEADLESS_SHELL, PATIENCE_MS, chromium_path
from tests.browser.harness.firefox import FIREFOX
from tests.browser.harness.guarded import (
    HOSTS,
    PAGES,
    SERVER,
    TURN,
    Certificates,
    chromium,
    firefox,
    haproxy,
)
from tests.browser.harness.probes import (
    COLLECT_PEERS,
    PATIENT_TIMEOUTS,
    PLAIN_MICROPHONE,
    SMALL_CAMERA,
    audio_arrives,
)
from tests.browser.harness.visits import link_to
from tests.forking import Starter
from tests.serving import PASSWORD, serving
from tests.web_process import starting_elsewhere, web_process
from web.routes import path

LACKING = why_none(HOSTS)
REMARK = f"Calls on networks without UDP are not tried. {LACKING}" if LACKING else ""
URL = f"https://{PAGES}"
WITH_CERTIFICATE = ("TELECONNECT_COTURN_CERTIFICATE", "TELECONNECT_COTURN_KEY")
SELECTED = """
async () => {
  const found = [];
  for (const peer of window.__peers.filter((each) => each.connectionState === "connected")) {
    const all = await peer.getStats();
    const reports = [...all.values()];
    const chosen = reports.find((each) => each.type === "transport")?.selectedCandidatePairId;
    const pair = reports.find((each) => each.type === "candidate-pair" && each.selected) ??
      all.get(chosen);
    if (!pair) continue;
    const [local, remote] = [all.get(pair.localCandidateId), all.get(pair.remoteCandidateId)];
    found.push({
      by: local.candidateType === "relay" ? `turn ${local.relayProtocol}` : `ice ${local.protocol}`,
      to: remote.address,
    });
  }
  return found;
}
"""


@dataclass(frozen=True)
class Case:
    """What the firewall lets out, what is set, and what a call goes by then."""

    conditions: dict[str, Any]
    settings: dict[str, str]
    by: str
    certified: bool = False


NO_UDP = ("udp", None)
STUTTERS = "Warning.*Calls work on this network, but may stutter"
CASES = {
    "ICE-TCP": Case({"block": [NO_UDP]}, {"TELECONNECT_COTURN": "no"}, "ice tcp"),
    "TURN by TCP": Case({"block": [NO_UDP]}, {"TELECONNECT_RELAY_TCP": "no"}, "turn tcp"),
    "TURN by TLS": Case(
        {"block": [NO_UDP, ("tcp", 3478)]},
        {
            "TELECONNECT_RELAY_TCP": "no",
            "TELECONNECT_COTURN_URLS": f"turn:{PAGES}:3478?transport=tcp,turns:{TURN}:5349",
        },
        "turn tls",
        certified=True,
    ),
    "port 443 alone": Case(
        {"only": [("tcp", 443)]},
        {
            "TELECONNECT_COTURN_PROXY_PORT": "3480",
            "TELECONNECT_COTURN_URLS": f"turns:{TURN}:443?transport=tcp",
        },
        "turn tls",
    ),
}


@dataclass
class Clinic:
    """The namespaces with HAProxy and both browsers in them."""

    network: Network
    servers: Starter
    certificates: Certificates
    browsers: dict[str, Browser]

    @contextlib.asynccontextmanager
    async def page(self, name: str) -> AsyncIterator[Page]:
        """A page of one browser."""
        context = await self.browsers[name].new_context(
            base_url=URL, locale="en-GB", ignore_https_errors=True
        )
        context.set_default_timeout(PATIENCE_MS)
        for script in (COLLECT_PEERS, PLAIN_MICROPHONE, SMALL_CAMERA):
            await context.add_init_script(script)
        yield await context.new_page()
        await context.close()


@pytest.fixture(scope="module")
async def clinic(
    tmp_path_factory: pytest.TempPathFactory, chromium_arguments: list[str]
) -> AsyncIterator[Clinic]:
    folder = tmp_path_factory.mktemp("clinic")
    certificates = Certificates(folder)
    program = shutil.which(HEADLESS_SHELL) or chromium_path()
    async with contextlib.AsyncExitStack() as stack:
        network = stack.enter_context(Network(HOSTS))
        servers = stack.enter_context(starting_elsewhere(network.command("server")))
        await stack.enter_async_context(haproxy(network, folder, certificates))
        browsers = {
            "chromium": await stack.enter_async_context(
                chromium(network, folder, program, chromium_arguments, certificates)
            )
        }
        if FIREFOX is not None:
            browsers["firefox"] = await stack.enter_async_context(
                firefox(network, folder, certificates)
            )
        yield Clinic(network, servers, certificates, browsers)


@contextlib.asynccontextmanager
async def served(clinic: Clinic, folder: Path, case: Case) -> AsyncIterator[str]:
    """The server in its namespace behind the firewall; the path of a link to a session."""
    async with serving(folder) as server:
        await server.account()
        link = await link_to(server)
    settings = {
        "TELECONNECT_PUBLIC_URL": URL,
        "TELECONNECT_MEDIA_POLICY": "relay",
        "TELECONNECT_RELAY_ADDRESS": SERVER,
        "TELECONNECT_RELAY_WORKERS": "1",
        **case.settings,
    }
    if case.certified:
        files = (str(clinic.certificates.chain), str(clinic.certificates.key))
        settings |= dict(zip(WITH_CERTIFICATE, files, strict=True))
    async with web_process(folder, 8080, starter=clinic.servers, **settings):
        for name in clinic.browsers:
            clinic.network.reset(name)
            clinic.network.shape(name, "up", **case.conditions)
        yield link


async def goes_by(page: Page, by: str) -> None:
    """The page is connected with the relay, and only by this."""
    async with asyncio.timeout(PATIENCE_MS / 1000):
        while True:
            found = await page.evaluate(SELECTED)
            if found and {each["by"] for each in found} == {by}:
                assert {each["to"] for each in found} == {SERVER}
                return
            await page.wait_for_timeout(100)


async def start(desk: Page) -> None:
    """The scheduler signs in and starts the session for which somebody waits."""
    await desk.goto(path("sign_in"))
    await desk.get_by_label("Email").fill("nurse@example.org")
    await desk.get_by_label("Password", exact=True).fill(PASSWORD)
    await desk.get_by_role("button", name="Sign in", exact=True).click()
    await desk.get_by_role("button", name="Start next consultation").click()
    await desk.get_by_role("button", name="Start the session").click()
    await desk.get_by_role("button", name="Start video call").click()


if not LACKING:

    @pytest.mark.parametrize("name", CASES)
    async def test_chromium_and_firefox_call_each_other(
        clinic: Clinic, tmp_path: Path, name: str
    ) -> None:
        case = CASES[name]
        other = "firefox" if FIREFOX else "chromium"
        async with (
            served(clinic, tmp_path, case) as link,
            clinic.page("chromium") as desk,
            clinic.page(other) as phone,
        ):
            await phone.goto(link)
            await phone.get_by_role("button", name="Join the session").click()
            await start(desk)
            await phone.get_by_role("button", name="Accept", exact=True).click()
            for page in (desk, phone):
                await sees(page, 1)
                assert await audio_arrives(page)
                await goes_by(page, case.by)

    @pytest.mark.parametrize("name", ["ICE-TCP", "port 443 alone"])
    async def test_the_device_test_says_that_only_tcp_gets_through(
        clinic: Clinic, tmp_path: Path, name: str
    ) -> None:
        async def is_told(link: str, browser: str) -> None:
            async with clinic.page(browser) as phone:
                await phone.add_init_script(PATIENT_TIMEOUTS)
                await phone.goto(f"{link}/test")
                await phone.get_by_role("button", name="Start the test").click()
                speaker = phone.locator("[data-step=speaker]")
                await speaker.get_by_role("button", name="Skip").click()
                media_path = phone.locator("[data-step=media_path]")
                await expect(media_path).to_contain_text(re.compile(STUTTERS))
                await expect(phone.locator("#result")).to_be_visible()

        async with served(clinic, tmp_path, CASES[name]) as link:
            await asyncio.gather(*(is_told(link, browser) for browser in clinic.browsers))
