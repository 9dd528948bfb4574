"""`scripts/serve --development`: what is edited is served, on this machine alone."""

import asyncio
import os
import re
import shutil
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from tests.people import LINK, Person
from tests.serving import PASSWORD, Server
from web.config import load

ROOT = Path(__file__).parents[2]
PACKAGES = ("media", "signaling", "storage", "web")
WITHIN = 120.0
"Seconds until an edit must be served; some two on a machine of one's own."
LISTENING = " web: Listening at "
"What a server writes at each start."


@dataclass
class Checkout:
    """A copy of the source that is being served."""

    folder: Path
    server: Server
    http: aiohttp.ClientSession
    log: Path

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.folder / file
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new), "utf-8")

    async def page(self, path: str, **headers: str) -> str:
        """A page as it is served now; empty while nothing is."""
        try:
            async with self.http.get(path, headers=headers) as answer:
                return await answer.text()
        except aiohttp.ClientConnectionError:
            return ""

    async def until(self, pattern: str, path: str, **headers: str) -> re.Match[str]:
        """The first match of a pattern in a page that may still change."""
        async with asyncio.timeout(WITHIN):
            while True:
                if found := re.search(pattern, await self.page(path, **headers)):
                    return found
                await asyncio.sleep(0.05)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@asynccontextmanager
async def developing(folder: Path) -> AsyncIterator[Checkout]:
    """A checkout whose environment is set up, served by its own script."""
    for package in PACKAGES:
        # with what Python has compiled: doing so again takes longer than all the rest of a start
        shutil.copytree(ROOT / package, folder / package)
    (folder / "scripts").mkdir()
    shutil.copy(ROOT / "scripts/serve", folder / "scripts/serve")
    (folder / "scripts/setup").write_text("#!/bin/sh\n")
    (folder / "scripts/setup").chmod(0o755)
    (folder / ".venv").symlink_to(sys.prefix)
    settings = {
        "PORT": str(free_port()),
        "TELECONNECT_DATA_DIR": str(folder / "data"),
        "TELECONNECT_RELAY_WORKERS": "0",
        "TELECONNECT_SMTP_URL": "smtp://127.0.0.1:9",  # nobody listens, and nobody may be asked
    }
    config = load(settings)
    log = folder / "log"
    with log.open("wb") as written:
        running = await asyncio.create_subprocess_exec(
            folder / "scripts/serve", "--development",
            env={**os.environ, **settings}, stdout=written, stderr=written,
        )  # fmt: skip
    try:
        url = f"http://127.0.0.1:{config.port}"
        async with aiohttp.ClientSession(url) as http:
            checkout = Checkout(folder, Server(None, url, config), http, log)  # type: ignore[arg-type]
            await checkout.until("<html", "/signin")
            yield checkout
    finally:
        if running.returncode is None:
            running.send_signal(signal.SIGTERM)
        async with asyncio.timeout(WITHIN):
            await running.wait()


@pytest.fixture(scope="module")
async def checkout(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Checkout]:
    """One for all: copying it and starting it twice takes longer than what is tested."""
    async with developing(tmp_path_factory.mktemp("checkout")) as served:
        yield served


async def test_styles_catalogs_and_python_are_served_as_they_were_edited(
    checkout: Checkout,
) -> None:
    starts = checkout.log.read_text().count(LISTENING)
    style = r"/static/(\w+)/css/base\.css"
    digest = (await checkout.until(style, "/signin"))[1]
    with (checkout.folder / "web/static/css/base.css").open("a") as css:
        css.write("\n.edited { color: teal; }\n")
    changed = await checkout.until(style.replace(r"(\w+)", rf"(?!{digest}/)\w+"), "/signin")
    assert ".edited" in await checkout.page(changed[0])

    french = {"Accept-Language": "fr"}
    checkout.edit("signaling/locales/fr.po", 'msgstr "Se connecter"', 'msgstr "Entrez ici"')
    await checkout.until("Entrez ici", "/signin", **french)

    checkout.edit("web/texts/catalogs.py", '"fr": "Français"', '"fr": "Français édité"')
    await checkout.until("Français édité", "/signin", **french)
    written = checkout.log.read_text()
    assert '"message"' not in written
    assert written.count(LISTENING) == starts + 1


async def test_mail_stays_on_the_page_and_an_exception_is_told_in_full(checkout: Checkout) -> None:
    async with Person(checkout.server, url=checkout.server.url) as nurse:
        setup = re.findall(r"/setup/[\w-]+", checkout.log.read_text())[-1]
        form = {"name": "Boss", "email": "boss@example.org", "password": PASSWORD}
        assert (await nurse.post(setup, form)).status == 303
        link = await nurse.invite()
        async with asyncio.timeout(WITHIN):
            while True:
                if link in LINK.findall((await nurse.get("/admin/outbox")).text):
                    break
                await asyncio.sleep(0.05)
        with (checkout.folder / "web/pages/monitoring.py").open("a") as source:
            source.write("\n\nasync def health(_):\n    raise ValueError('seen at the desk')\n")
        async with asyncio.timeout(WITHIN):
            while "ValueError: seen at the desk" not in checkout.log.read_text():
                await checkout.page("/healthz")
                await asyncio.sleep(0.05)
        assert "Traceback (most recent call last)" in checkout.log.read_text()
