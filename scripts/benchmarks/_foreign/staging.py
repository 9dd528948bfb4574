"""A run: namespaces, the driver, the clients and the capture, all for a bounded time."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from scripts.benchmarks._engines.phone import Program
from scripts.benchmarks._foreign.clips import write_clips
from scripts.benchmarks._foreign.door import PORT
from scripts.benchmarks._foreign.driver import RELAY_PORT, Order
from scripts.benchmarks._foreign.programs import ROOT
from scripts.traffic.network import Network

HOST = "10.79.0.1"
CAPTURE = "room.pcap"
RUN = "run.json"


class RunFailed(RuntimeError):
    """The driver ended without a result."""


def stage(
    commands: Mapping[str, Sequence[str]],
    folder: Path,
    loss: float,
    order: Callable[[dict[str, str]], Order],
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Run the clients of these commands; leaves ``run.json`` and ``room.pcap`` in the folder.

    ``order`` makes the driver's order of the clients' addresses; ``loss`` is what each link loses
    each way in the room's lossy part. Raises NetworkUnavailable, RunFailed.
    """
    write_clips(folder)
    addresses = {name: f"10.79.0.{number}" for number, name in enumerate(commands, 2)}
    told = json.dumps(asdict(order(addresses)))
    with contextlib.ExitStack() as resources:
        hosts = {_host(at): address for at, address in enumerate(addresses.values())}
        network = resources.enter_context(Network({"server": HOST, **hosts}))
        driver = resources.enter_context(_driver(network, told, folder))
        _wait_for_door(network)
        resources.callback(_captured(network, folder))
        for at, (name, command) in enumerate(commands.items()):
            program = _client(network, _host(at), name, command, folder)
            resources.callback(program.end)
        assert driver.stdout is not None
        for line in driver.stdout:
            match json.loads(line):
                case {"said": said}:
                    say(said)
                case {"lossy": lossy}:
                    for at in range(len(addresses)):
                        network.shape(_host(at), loss=loss if lossy else 0.0)
                    say("the links lose packets" if lossy else "the links are whole again")
        if driver.wait(30):
            raise RunFailed((folder / "driver.log").read_text()[-2000:])
    result: dict[str, Any] = json.loads((folder / RUN).read_text())
    return result


def _client(
    network: Network, host: str, name: str, command: Sequence[str], folder: Path
) -> Program:
    """The client, started on its host; its log is in a folder with its name."""
    # Firefox offers no address where there is no way out, even one to nowhere
    way_out = ["ip", "-n", network.namespace(host), "route", "add", "default", "dev", "eth0"]
    subprocess.run(way_out, check=True)
    place = folder / name
    place.mkdir()
    told = [f"http://{HOST}:{PORT}", name, str(folder)]
    whole = [*network.command(host), *command, *told]
    return Program(whole, {"PYTHONPATH": str(ROOT)}, place)


def _host(at: int) -> str:
    """A namespace's name, short enough for the kernel."""
    return f"c{at}"


def _driver(network: Network, order: str, folder: Path) -> subprocess.Popen[str]:
    with (folder / "driver.log").open("w") as log:
        return subprocess.Popen(
            [
                *network.command("server"),
                sys.executable,
                "-m",
                "scripts.benchmarks._foreign.driver",
                order,
            ],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            cwd=ROOT,
        )


def _wait_for_door(network: Network) -> None:
    """Until the driver listens. Raises RunFailed."""
    end = time.monotonic() + 30
    listening = [*network.command("server"), "ss", "-Htln", f"sport = :{PORT}"]
    while not subprocess.run(listening, capture_output=True, check=True).stdout:
        if time.monotonic() > end:
            raise RunFailed("the driver did not start")
        time.sleep(0.1)


def _captured(network: Network, folder: Path) -> Callable[[], None]:
    """Capture the relay's datagrams until the returned function is called."""
    command = ["tcpdump", "-i", "eth0", "-n", "-U", "-B", "32768", "-w", str(folder / CAPTURE)]
    with (folder / "tcpdump.log").open("w") as log:
        process = subprocess.Popen(
            [*network.command("server"), *command, "-Z", "root", "udp", "port", str(RELAY_PORT)],
            stderr=log,
        )

    def end() -> None:
        process.terminate()
        process.wait(10)

    return end
