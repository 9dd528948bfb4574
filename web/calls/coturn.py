"""coturn as a child of the server: started, watched, started again, ended with the server.

It relays for participants behind networks that let no UDP out. Its secret is made anew at each start
of the server; browsers get credentials made with it (`media/turn_credentials.py`).
"""

import asyncio
import contextlib
import logging
import os
import re
import secrets
import shutil
import signal
import socket
import ssl
import sys
from asyncio.subprocess import Process
from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from typing import Literal

from media.transport.addresses import (
    local_addresses,
    local_networks,
    public_addresses,
    versions_behind_nat,
)
from media.turn_credentials import TurnService
from web.calls.coturn_configuration import Plan, Reach, configuration
from web.environment.turn_settings import STANDARD_PORTS, STANDARD_TLS_PORTS, CoturnSettings

PROGRAM = "turnserver"
"Of Debian's package coturn."
READY_SECONDS = 20.0
STOP_SECONDS = 3.0
LOOK_SECONDS = 60.0
"Between two looks at the certificate and the addresses of this machine."
PAUSES = (0.5, 2.0, 10.0, 60.0)
"Seconds before each successive attempt to start it again; the last one repeats."
STABLE_SECONDS = 60.0
"One that ran this long is started again after the first pause."
GIVEN_UP = 2
"After as many failures in a row browsers are no longer sent to it, until it runs again."
LONGEST_LINE = 400

State = Literal["starting", "ok", "failing"]
_VERSION = re.compile(r"Version Coturn-(\S+)")
_TROUBLE = re.compile(r"\b(ERROR|WARNING|FATAL|CRITICAL)\b:? *(.*)")
_log = logging.getLogger("web.calls.coturn")


class Coturn:
    """One coturn; `folder` is its own, `name` the host at which browsers reach this machine."""

    def __init__(
        self,
        settings: CoturnSettings,
        folder: Path,
        name: str,
        addresses: tuple[str, ...],
        environment: Mapping[str, str],
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self.state: State = "starting"
        self.version = ""
        "As it names itself; empty before it ran."
        self.process_id = 0
        "Of the present process; 0 while there is none."
        self.starts = 0
        self._settings = settings
        self._folder = folder
        self._name = name
        self._addresses = addresses
        self._environment = environment
        self._look_seconds = look_seconds
        self._secret = secrets.token_urlsafe(32)
        self._port = self._tls_port = 0
        self._secure = False
        "Whether it serves TLS."
        self._public: tuple[str, ...] = ()
        "The public addresses of the name when it last resolved."
        self._reached: Reach | None = None
        self._local: tuple[str, ...] = ()
        "This machine's addresses then."
        self._failures = 0
        self._said = ""
        "The last trouble that it logged."
        self._certificate_problem = ""
        self._supervisor: asyncio.Task[None] | None = None

    async def program(self) -> str | None:
        """Its path; None where it is not installed."""
        path = self._environment.get("PATH")
        return await asyncio.to_thread(shutil.which, PROGRAM, path=path)

    async def start(self) -> None:
        """Choose the ports and begin to start it; does not wait until it listens."""
        self._port = free_port(self._settings.port, STANDARD_PORTS)
        self._tls_port = free_port(self._settings.tls_port, STANDARD_TLS_PORTS)
        self._secure = await self._certified()
        self._supervisor = asyncio.create_task(self._supervise(), name="coturn")

    async def stop(self) -> None:
        """End it and remove its folder."""
        if self._supervisor is not None:
            self._supervisor.cancel()
            await asyncio.wait([self._supervisor])
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)

    @property
    def service(self) -> TurnService:
        """What browsers are told; nothing while it fails."""
        return TurnService(() if self.state == "failing" else self.urls, self._secret)

    @property
    def urls(self) -> tuple[str, ...]:
        """How browsers reach it."""
        if self._settings.urls:
            return self._settings.urls
        host = f"[{self._name}]" if ":" in self._name else self._name
        ways = ("udp", "tcp") if self._settings.proxy_port is None else ("udp",)
        plain = [f"turn:{host}:{self._port}?transport={way}" for way in ways]
        secure = [f"turns:{host}:{self._tls_port}?transport=tcp"] if self._secure else []
        return (*plain, *secure)

    async def _supervise(self) -> None:
        """Keep it running until canceled."""
        loop = asyncio.get_running_loop()
        while True:
            began_at = loop.time()
            try:
                changed = await self._run()
            except OSError as error:
                changed, self._said = False, str(error)
            if changed or loop.time() - began_at > STABLE_SECONDS:
                self._failures = 0
            if changed:
                continue
            pause = PAUSES[min(self._failures, len(PAUSES) - 1)]
            self._failures += 1
            if self._failures >= GIVEN_UP:
                self.state = "failing"
            _log.warning("coturn ended (%s); it is started again in %g seconds.", self._said, pause)
            await asyncio.sleep(pause)

    async def _run(self) -> bool:
        """Run it once. Whether it was ended because of what it has to be told."""
        plan = await self._plan()
        self._secure = plan.tls is not None
        await asyncio.to_thread(_check_ports, plan)
        await asyncio.to_thread(_write, self._folder, configuration(plan))
        process = await self._spawn()
        reading = asyncio.create_task(self._read(process), name="coturn log")
        try:
            await self._listens(process)
            return await self._watch(process, plan)
        finally:
            if process.returncode is not None and not self._said:
                self._said = f"status {process.returncode}"
            self.process_id = 0
            if self.state == "ok":
                self.state = "starting"
            await _end(process)
            await reading

    async def _plan(self) -> Plan:
        """What it would be started with now."""
        settings = self._settings
        proxy = settings.proxy_port and (settings.proxy_host, settings.proxy_port)
        tls = None
        if await self._certified() and settings.certificate and settings.key:
            tls = (self._tls_port, settings.certificate, settings.key)
        reach = await asyncio.to_thread(self._reach)
        return Plan(
            folder=self._folder.absolute(),
            secret=self._secret,
            realm=self._name,
            port=self._port,
            relay_ports=settings.relay_ports,
            reach=reach,
            tls=tls,
            proxy=proxy or None,
            local=self._local if proxy else (),
        )

    def _reach(self) -> Reach:
        local, networks = local_addresses(), local_networks()
        if self._reached is not None and ip_address(local[0]).is_loopback:
            # A network that is gone for a moment need not end calls, nor lay loopback open.
            return self._reached
        if not self._addresses and versions_behind_nat(local):
            # A name that does not resolve at the moment keeps its last addresses.
            self._public = public_addresses(self._name) or self._public
        self._local = local
        self._reached = Reach.of(local, self._addresses or self._public, networks)
        return self._reached

    async def _certified(self) -> bool:
        """Whether certificate and key can be read and belong together."""
        if self._settings.certificate is None or self._settings.key is None:
            return False
        try:
            await asyncio.to_thread(_load, self._settings.certificate, self._settings.key)
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            if str(error) != self._certificate_problem:
                self._certificate_problem = str(error)
                _log.warning("coturn's certificate cannot be used: %s", error)
            return False
        self._certificate_problem = ""
        return True

    async def _spawn(self) -> Process:
        program = await self.program()
        if program is None:
            raise FileNotFoundError(f"{PROGRAM} is not installed")
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "web.calls.tied",
            str(os.getpid()),
            program,
            "-c",
            str(self._folder.absolute() / "turnserver.conf"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=self._environment,
            cwd=Path(__file__).parents[2],
        )
        self.starts += 1
        self._said = ""
        self.process_id = process.pid
        return process

    async def _listens(self, process: Process) -> None:
        """Wait until it listens, has ended, or took too long."""
        settings = self._settings
        host, port = "127.0.0.1", settings.proxy_port or self._port
        if settings.proxy_port and not ip_address(settings.proxy_host).is_unspecified:
            host = settings.proxy_host
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(READY_SECONDS):
                while process.returncode is None:
                    try:
                        _, writer = await asyncio.open_connection(host, port)
                    except OSError:
                        await asyncio.sleep(0.05)
                        continue
                    writer.close()
                    self.state = "ok"
                    _log.info("coturn %s serves %s", self.version, ", ".join(self.urls))
                    return

    async def _watch(self, process: Process, plan: Plan) -> bool:
        """Until it ends; True if something changed that it learns by a new start alone."""
        seen = await asyncio.to_thread(_times, plan)
        while process.returncode is None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._look_seconds):
                    await process.wait()
                    return False
            now = await self._plan()
            # It goes on with the certificate that it has, as long as nothing else changes.
            broken = plan.tls is not None and now.tls is None
            if now != (replace(plan, tls=None) if broken else plan):
                _log.info("what coturn serves has changed: it is started again")
                return True
            if broken:
                continue
            times = await asyncio.to_thread(_times, now)
            if times != seen:
                _log.info("coturn's certificate was renewed")
                seen = times
                with contextlib.suppress(ProcessLookupError):
                    process.send_signal(signal.SIGUSR2)
        return False

    async def _read(self, process: Process) -> None:
        """Log its troubles until it serves: what it says later names the addresses of people."""
        assert process.stdout is not None
        while True:
            try:
                octets = await process.stdout.readline()
            except ValueError:  # a line beyond all measure, which is dropped
                continue
            if not octets:
                return
            line = octets.decode("utf-8", "replace").strip()[:LONGEST_LINE]
            version = _VERSION.search(line)
            if version is not None:
                self.version = version[1]
            trouble = _TROUBLE.search(line)
            if trouble is not None and self.state != "ok":
                self._said = trouble[2]
                _log.warning("coturn: %s", trouble[2])


def free_port(given: int | None, standard: tuple[int, int]) -> int:
    """The port that is given, a free one for 0, or for None the first standard one that is free."""
    if given is not None:
        return given or _bindable(0)
    return next((number for number in standard if _bindable(number)), standard[0])


def _bindable(number: int) -> int:
    """The number, or a free one for 0, if both UDP and TCP can be bound to it; else 0."""
    for _ in range(20):
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            # Connections of a server that has just ended do not count, listeners do.
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tcp.bind(("", number))
                tcp.listen()
                udp.bind(("", tcp.getsockname()[1]))
                found: int = tcp.getsockname()[1]
                return found
            except OSError:
                if number:
                    return 0
    return 0


def _check_ports(plan: Plan) -> None:
    """Raise OSError if another program has one: it would be taken for coturn, which waits for it."""
    for number in (plan.port, plan.tls and plan.tls[0], plan.proxy and plan.proxy[1]):
        if number is not None and not _bindable(number):
            raise OSError(f"another program has port {number}")


def _write(folder: Path, text: str) -> None:
    """The configuration, which has the secret in it, for this user's eyes alone."""
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    file = folder / "turnserver.conf"
    file.touch(0o600)
    file.chmod(0o600)
    file.write_text(text, "utf-8")


def _load(certificate: Path, key: Path) -> None:
    """Raises OSError or ValueError unless the two are a pair."""
    # A key with a passphrase must not have somebody asked for it.
    ssl.create_default_context().load_cert_chain(certificate, key, password="")


def _times(plan: Plan) -> tuple[int, ...]:
    """When certificate and key were written."""
    try:
        return tuple(file.stat().st_mtime_ns for file in plan.tls[1:]) if plan.tls else ()
    except OSError:
        return ()


async def _end(process: Process) -> None:
    """End it, and wait for that."""
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
