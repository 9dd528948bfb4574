"""A server and browsers in network namespaces of their own, with a firewall between them."""

import asyncio
import base64
import contextlib
import hashlib
import os
import re
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import trustme
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_pem_x509_certificate
from playwright._impl._driver import compute_driver_executable
from playwright.async_api import Browser, async_playwright

from scripts.traffic.network import Network
from tests.browser.harness.firefox import FIREFOX, PREFERENCES

SERVER = "10.77.0.1"
HOSTS = {"server": SERVER, "chromium": "10.77.0.2", "firefox": "10.77.0.3"}
PAGES, TURN = "tele.example.org", "turn.example.org"
DOCUMENT = Path(__file__).parents[3] / "docs" / "one-port.md"
RULES = re.compile("--host-resolver-rules=")


class Certificates:
    """One certificate for both names, in the files that the servers want."""

    def __init__(self, folder: Path) -> None:
        self.authority = folder / "authority.pem"
        self.chain, self.key, self.both = folder / "chain.pem", folder / "key", folder / "both.pem"
        issuer = trustme.CA()
        issued = issuer.issue_cert(PAGES, TURN)
        issuer.cert_pem.write_to_path(str(self.authority))
        issued.cert_chain_pems[0].write_to_path(str(self.chain))
        issued.private_key_pem.write_to_path(str(self.key))
        issued.private_key_and_cert_chain_pem.write_to_path(str(self.both))

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the public key, as Chromium's command line wants it."""
        public = load_pem_x509_certificate(self.chain.read_bytes()).public_key()
        der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(hashlib.sha256(der).digest()).decode()


def haproxy_configuration(certificates: Certificates) -> str:
    """The one of the document, with another file for its certificates and nothing else changed."""
    (text,) = re.findall(r"```haproxy\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    changed: str = text
    for name in (PAGES, TURN):
        assert f"/etc/haproxy/{name}.pem" in changed
        changed = changed.replace(f"/etc/haproxy/{name}.pem", str(certificates.both))
    return changed


@asynccontextmanager
async def haproxy(
    network: Network, folder: Path, certificates: Certificates
) -> AsyncIterator[None]:
    """HAProxy on the server's port 443, as documented."""
    file = folder / "haproxy.cfg"
    file.write_text(haproxy_configuration(certificates), "utf-8")
    program = shutil.which("haproxy") or "/usr/sbin/haproxy"
    process = await asyncio.create_subprocess_exec(
        *network.command("server"), program, "-db", "-f", str(file)
    )
    try:
        yield
        assert process.returncode is None, "HAProxy ended by itself"
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


def _script(file: Path, command: Sequence[str]) -> Path:
    file.write_text(f'#!/bin/sh\nexec {" ".join(command)} "$@"\n', "utf-8")
    file.chmod(0o755)
    return file


@asynccontextmanager
async def chromium(
    network: Network, folder: Path, program: str, arguments: list[str], certificates: Certificates
) -> AsyncIterator[Browser]:
    """Chromium in its namespace; both names lead to the server, whose certificate it trusts."""
    names = f"MAP {PAGES} {SERVER} , MAP {TURN} {SERVER} , "
    arguments = [RULES.sub(f"--host-resolver-rules={names}", each) for each in arguments]
    arguments.append(f"--ignore-certificate-errors-spki-list={certificates.fingerprint}")
    inside = _script(folder / "chromium", [*network.command("chromium"), program])
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=inside, args=arguments)
        yield browser
        await browser.close()


def _trusting_firefox(folder: Path, certificates: Certificates) -> Path:
    """A script that runs it. It trusts an authority, also for TURN, if its own folder says so."""
    assert FIREFOX is not None, "scripts/setup --test installs Firefox"
    policies = folder / "policies"
    policies.mkdir()
    (policies / "policies.json").write_text(
        f'{{"policies": {{"Certificates": {{"Install": ["{certificates.authority}"]}}}}}}'
    )
    there = Path(FIREFOX).resolve().parent / "distribution"
    mounting = f'mount --bind {policies} {there} && exec {FIREFOX} "$@"'
    return _script(folder / "firefox", ["unshare", "--mount", "sh", "-c", f"'{mounting}'", "--"])


@asynccontextmanager
async def firefox(
    network: Network, folder: Path, certificates: Certificates
) -> AsyncIterator[Browser]:
    """The same of Firefox, whose driver speaks to it over loopback and so is in there too."""
    program = _trusting_firefox(folder, certificates)
    node, _ = compute_driver_executable()
    inside = _script(folder / "node", [*network.command("firefox"), node])
    before = os.environ.get("PLAYWRIGHT_NODEJS_PATH")
    os.environ["PLAYWRIGHT_NODEJS_PATH"] = str(inside)
    try:
        driver = await async_playwright().start()
    finally:
        del os.environ["PLAYWRIGHT_NODEJS_PATH"]
        if before is not None:
            os.environ["PLAYWRIGHT_NODEJS_PATH"] = before
    try:
        browser = await driver.firefox.launch(
            channel="moz-firefox",
            executable_path=program,
            firefox_user_prefs={**PREFERENCES, "network.dns.forceResolve": SERVER},
            env={**os.environ, "MOZ_REMOTE_SETTINGS_DEVTOOLS": "1"},
        )
        yield browser
        await browser.close()
    finally:
        await driver.stop()
