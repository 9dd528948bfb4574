"""How long somebody on a slow line waits, in this build and in another, and beside a peer.

    scripts/bench reach --against COMMIT --galene FOLDER --rounds 3

Both builds run at once behind one proxy with TLS and HTTP/2, in network namespaces with a line of the
given rate and round trip between them and the phone (needs root, Debian's caddy, libnss3-tools and
openssl). The phone is the installed Chromium as a small phone, with an empty profile for each visit, that
trusts the proxy's certificate. Visits alternate: before, after, before, after; the figures are medians.
"landing" is when Join is painted and can be pressed; "live" is when the socket has brought the room and
the page says so, counted from the press on Join, at once or after eight seconds of reading. Bytes are
those of plain HTTP/1.1 on loopback, headers included, without frames of sockets, until the waiting room
is live and the page has been quiet for half a second. The peer is the client of Galene out of FOLDER, a
checkout of it, as static files behind the same proxy, to its first usable screen. Beside them stands how
long a page with nothing but a button takes there.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.benchmarks._engines.phone import free_port
from scripts.benchmarks._figures import lines
from scripts.benchmarks._reach import proxy, visit
from scripts.benchmarks._reach.builds import ROOT, Build, unpacked
from scripts.benchmarks._reach.wire import waterfall
from scripts.traffic.browser import installed
from scripts.traffic.network import Network, NetworkUnavailable
from scripts.traffic.server import temporary_folder
from web.routes import path
from web.texts.catalogs import OWN_NAMES

HOSTS = {"server": "10.77.0.1", "phone": "10.77.0.2"}
LINKS: dict[str, tuple[float, float]] = {"2G": (64, 600), "EDGE": (200, 400), "3G": (1000, 200)}
"kbit/s, and milliseconds of a round trip."
QUEUE_MS = 4000
"A narrow line has a long queue: it loses nothing, and is late."
READING = (0, 8)
"Seconds between the landing page and the press on Join."
FIRST_PORT = 8101
"Of the servers, within a namespace in which all ports are free."
PEER, EMPTY = "peer.test", "empty.test"
NAMES = ("before", "after")
USABLE = {"empty": visit.EMPTY_USABLE, "peer": visit.PEER_USABLE}


def _host(build: Build) -> str:
    return f"{build.name}.test"


@dataclass
class Bench:
    """Everything that runs while visits are made."""

    network: Network
    folder: Path
    program: Path
    trust: Path
    links: dict[str, list[str]]
    "Tokens of links that nobody has opened yet, by build."

    def visit(self, **order: Any) -> dict[str, Any]:
        """What a phone found, from within its namespace."""
        rules = f"MAP *.test {HOSTS['server']}, MAP * ~NOTFOUND, EXCLUDE {HOSTS['server']}"
        given = {
            "program": str(self.program),
            "trust": str(self.trust),
            "flags": [f"--host-resolver-rules={rules}"],
            **order,
        }
        return _inside(self.network.command("phone"), given)

    def come(self, build: Build, think: float) -> dict[str, Any]:
        token = self.links[build.name].pop()
        url = f"https://{_host(build)}{path('landing', token=token)}"
        return self.visit(url=url, think=think)

    def shape(self, link: str) -> None:
        rate, round_trip = LINKS[link]
        self.network.shape("phone", rate_kbps=rate, delay_ms=round_trip / 2, queue_ms=QUEUE_MS)


def _inside(prefix: Sequence[str], order: dict[str, Any]) -> dict[str, Any]:
    module = "scripts.benchmarks.reach"
    command = [*prefix, sys.executable, "-m", module, json.dumps(order)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        return {"failed": done.stdout.strip().rpartition("\n")[2] or "the visit broke"}
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@contextlib.contextmanager
def bench(
    builds: Sequence[Build], folder: Path, program: Path, visits: int, galene: Path | None
) -> Iterator[Bench]:
    """Servers, proxy and line. Raises NetworkUnavailable."""
    with Network(HOSTS, seed=1) as network, contextlib.ExitStack() as running:
        prefix = network.command("server")
        hosts = [_host(build) for build in builds]
        trust = proxy.certify(folder, [*hosts, PEER, EMPTY])
        tokens = {}
        ports = {_host(build): FIRST_PORT + number for number, build in enumerate(builds)}
        for build in builds:
            data_dir = folder / f"{build.name}-wire"
            tokens[build.name] = build.furnished(data_dir, ["en"] * visits)
            url = f"https://{_host(build)}"
            port = ports[_host(build)]
            running.enter_context(build.serving(data_dir, port, prefix, TELECONNECT_PUBLIC_URL=url))
        peer = (PEER, galene / "static") if galene else None
        running.enter_context(proxy.proxying(folder, ports, peer, EMPTY, prefix))
        yield Bench(network, folder, program, trust, tokens)


def weigh(build: Build, folder: Path, program: Path, languages: Sequence[str]) -> dict[str, Any]:
    """Bytes until somebody waits, by language."""
    data_dir = folder / f"{build.name}-plain"
    tokens = build.furnished(data_dir, languages)
    weights: dict[str, Any] = {}
    port = free_port()
    with build.serving(data_dir, port):
        for language, token in zip(languages, tokens, strict=True):
            url = f"http://localhost:{port}{path('landing', token=token)}"
            order = {"url": url, "think": 0, "language": language, "program": str(program)}
            found = _inside([], {"trust": None, "flags": [], **order})
            weights[language] = (
                found
                if "failed" in found
                else {"bytes": found["settled_bytes"], "requests": found["settled_requests"]}
            )
    return weights


def run(
    against: str, galene: Path | None, rounds: int, links: Sequence[str] = tuple(LINKS)
) -> dict[str, Any]:
    """All visits in turn; figures ready for JSON."""
    browser = installed()
    missing = [*proxy.missing(), *([] if browser else ["chromium"])]
    result: dict[str, Any] = {
        "against": against, "missing": missing, "visits": [], "peer": [], "empty": [], "weights": {},
    }  # fmt: skip
    if browser is None or missing:
        return result
    try:
        with temporary_folder() as folder:
            builds = (unpacked(against, folder / "before"), Build("after", ROOT))
            program = Path(browser)
            visits = rounds * len(links) * len(READING)
            with bench(builds, folder, program, visits, galene) as one:
                for link in links:
                    one.shape(link)
                    for _ in range(rounds):
                        _round(one, builds, link, result, peer=galene is not None)
            for build in builds:
                result["weights"][build.name] = weigh(build, folder, program, list(OWN_NAMES))
    except NetworkUnavailable as reason:
        missing.append(str(reason))
    return result


def _round(
    one: Bench, builds: Sequence[Build], link: str, result: dict[str, Any], *, peer: bool
) -> None:
    """Each build once with each time of reading, the peer once, and a page without anything."""
    for think in READING:
        for build in builds:
            found = {"link": link, "build": build.name, "think": think, **one.come(build, think)}
            result["visits"].append(found)
            shown = {key: value for key, value in found.items() if key != "waterfall"}
            print(json.dumps(shown), file=sys.stderr, flush=True)
    others = {"empty": f"https://{EMPTY}/"}
    if peer:
        others["peer"] = f"https://{PEER}{proxy.PEER_GROUP}"
    for name, url in others.items():
        found = one.visit(url=url, usable=USABLE[name])
        result[name].append({"link": link, **found})
        print(json.dumps({name: found.get("usable")}), file=sys.stderr, flush=True)


def failed(result: dict[str, Any]) -> bool:
    """Whether a visit did not come to its end."""
    found = [
        *result["visits"],
        *result["peer"],
        *result["empty"],
        *(one for _, one in _weights(result)),
    ]
    return bool(result["missing"]) or any("failed" in one for one in found)


def _weights(result: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """(build and language, what was found of them)."""
    return [
        (f"{build}, bytes in {language}", one)
        for build, by_language in result["weights"].items()
        for language, one in by_language.items()
    ]


def _median(result: dict[str, Any], key: str, **where: Any) -> float | None:
    values = [
        visit[key] for visit in result["visits"] if where.items() <= visit.items() and key in visit
    ]
    return statistics.median(values) if values else None


def _pair(before: float | None, after: float | None) -> list[str]:
    """Both figures and their ratio."""
    if before is None or after is None:
        return ["-", "-", "-"]
    return [f"{before:.2f}", f"{after:.2f}", f"{after / before:.2f}"]


def _times(result: dict[str, Any]) -> list[list[object]]:
    rows: list[list[object]] = []
    for link in dict.fromkeys(one["link"] for one in result["visits"]):
        measures: list[tuple[str, str, dict[str, int]]] = [("landing usable", "landing", {})]
        measures += [
            (f"Join to live, {think} s of reading", "live", {"think": think}) for think in READING
        ]
        for title, key, where in measures:
            found = [_median(result, key, link=link, build=name, **where) for name in NAMES]
            rows.append([link, title, *_pair(*found)])
    return rows


def _sizes(result: dict[str, Any]) -> list[list[object]]:
    rows: list[list[object]] = []
    weights = {
        name: {key: one for key, one in by_language.items() if "bytes" in one}
        for name, by_language in result["weights"].items()
    }
    if all(weights.get(name) for name in NAMES):
        english = [weights[name]["en"]["bytes"] / 1000 for name in NAMES if "en" in weights[name]]
        if len(english) == len(NAMES):
            rows.append(["kB until waiting, HTTP/1.1, en", *_pair(*english)])
        heaviest = [max(weights[name].items(), key=lambda one: one[1]["bytes"]) for name in NAMES]
        languages = " / ".join(language for language, _ in heaviest)
        kilobytes = [one["bytes"] / 1000 for _, one in heaviest]
        rows.append([f"kB until waiting, HTTP/1.1, heaviest ({languages})", *_pair(*kilobytes)])
    for think in READING:
        counts = [_median(result, "on_the_wire", build=name, think=think) for name in NAMES]
        rows.append([f"requests on the wire until live, {think} s of reading", *_pair(*counts)])
    return rows


def _beside_peer(result: dict[str, Any]) -> list[list[object]]:
    rows: list[list[object]] = []
    for link in dict.fromkeys(one["link"] for one in result["peer"]):
        found = [one["usable"] for one in result["peer"] if one["link"] == link and "usable" in one]
        ours = _median(result, "landing", link=link, build="after")
        if found and ours is not None:
            peer = statistics.median(found)
            rows.append([link, f"{peer:.2f}", f"{ours:.2f}", f"{ours / peer:.2f}"])
    return rows


def _beside_nothing(result: dict[str, Any]) -> list[list[object]]:
    """What the round trips of TCP, TLS and one request take, however small a page is."""
    rows: list[list[object]] = []
    for link in dict.fromkeys(one["link"] for one in result["empty"]):
        found = [
            one["usable"] for one in result["empty"] if one["link"] == link and "usable" in one
        ]
        ours = _median(result, "landing", link=link, build="after")
        if found and ours is not None:
            least = statistics.median(found)
            rows.append([link, f"{least:.2f}", f"{ours:.2f}", f"{ours - least:.2f}"])
    return rows


def _waterfalls(result: dict[str, Any]) -> list[str]:
    """The first visit of each build on the slowest line, with reading."""
    texts = []
    for name in NAMES:
        for visit_found in result["visits"]:
            at = (visit_found["build"], visit_found["link"], visit_found["think"])
            if at == (name, "2G", READING[-1]) and "waterfall" in visit_found:
                texts.append(f"{name}, 2G, seconds:\n" + waterfall(visit_found["waterfall"]))
                break
    return texts


def table(result: dict[str, Any]) -> str:
    """Times, sizes, the peer, and what one visit was made of."""
    if result["missing"]:
        return f"nothing was run; not there: {', '.join(result['missing'])}"
    parts = [
        lines([["line", "seconds", *NAMES, "ratio"], *_times(result)]),
        lines([["until a service user waits", *NAMES, "ratio"], *_sizes(result)]),
    ]
    if empty := _beside_nothing(result):
        heading = ["landing usable, s", "an empty page", "after", "more"]
        parts.append(lines([heading, *empty]))
    if peer := _beside_peer(result):
        heading = ["first usable screen, s", "Galene", "after", "ratio"]
        parts.append(lines([heading, *peer]))
    broken = [
        f"{what}: {one['failed']}"
        for what, one in (
            *((f"{one['build']}, {one['link']}", one) for one in result["visits"]),
            *(
                (f"{name}, {one['link']}", one)
                for name in ("peer", "empty")
                for one in result[name]
            ),
            *_weights(result),
        )
        if "failed" in one
    ]
    return "\n\n".join([*parts, *broken, *_waterfalls(result)])


def options(parser: argparse.ArgumentParser) -> None:
    """What this benchmark takes on the command line."""
    parser.add_argument("--against", metavar="COMMIT", required=True, help="the build before")
    parser.add_argument("--galene", metavar="FOLDER", type=Path, help="a checkout of the peer")
    parser.add_argument("--rounds", type=int, default=3, help="visits of each kind")
    parser.add_argument("--lines", default=",".join(LINKS), help="of 2G,EDGE,3G")


def run_with(chosen: argparse.Namespace) -> dict[str, Any]:
    """Run as the command line says. Raises ValueError for what is unknown."""
    links = chosen.lines.split(",")
    if unknown := [name for name in links if name not in LINKS]:
        raise ValueError(f"no line {', '.join(unknown)}; there are: {', '.join(LINKS)}")
    if chosen.galene and not (chosen.galene / "static/galene.html").is_file():
        raise ValueError(f"no static/galene.html in {chosen.galene}")
    return run(chosen.against, chosen.galene, chosen.rounds, links)


async def _visit(order: dict[str, Any]) -> dict[str, Any]:
    program, url, flags = Path(order["program"]), order["url"], order["flags"]
    trust = Path(order["trust"]) if order["trust"] else None
    if usable := order.get("usable"):
        return await visit.look(url, program, trust, flags, usable=usable)
    language = order.get("language", "en")
    return await visit.come(
        url, program, trust, think=order["think"], language=language, flags=flags
    )


if __name__ == "__main__":
    try:
        print(json.dumps(asyncio.run(_visit(json.loads(sys.argv[1])))))
    except (RuntimeError, TimeoutError, OSError) as error:
        print(f"{type(error).__name__}: {error}")
        sys.exit(1)
