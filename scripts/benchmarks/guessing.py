"""A thousand guesses at one account while its owner signs in, in a browser that was there before.

The guesses come from one network, ten, fifty or 250, twenty at a time, each as soon as the one before it
was answered; the owner signs in again and again meanwhile. At the end the owner signs in with the right
password in a browser and a network that were never there.
"""

import asyncio
import time
from collections import Counter
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp

from scripts.benchmarks._figures import lines, percentile
from scripts.traffic.server import PASSWORD, furnish, serving, temporary_folder
from web.routes import path

GUESSES = 1000
AT_ONCE = 20
NETWORKS = (1, 10, 50, 250)
OWNER = "scheduler0@example.org"
QUIET = 5
"The owner's sign-ins before the attack."
PAUSE = 0.2
"Seconds between two of them."


class Browser:
    """Cookies of its own, in a network of its own behind the proxy of this machine."""

    def __init__(self, url: str, network: str) -> None:
        jar = aiohttp.CookieJar(unsafe=True)
        self._http = aiohttp.ClientSession(cookie_jar=jar, headers={"Accept": "text/html"})
        self._url = url + path("sign_in")
        self._network = network

    async def sign_in(self, password: str, network: str = "") -> tuple[int, float, str]:
        """(status, milliseconds, Retry-After)."""
        form = {"email": OWNER, "password": password}
        headers = {"X-Forwarded-For": network or self._network}
        started = time.perf_counter()
        async with self._http.post(
            self._url, data=form, headers=headers, allow_redirects=False
        ) as answer:
            await answer.read()
            spent = (time.perf_counter() - started) * 1000
            return answer.status, spent, answer.headers.get("Retry-After", "")

    async def close(self) -> None:
        await self._http.close()


async def _attack(url: str, networks: int) -> dict[str, Any]:
    owner, attacker = Browser(url, "198.51.100.1"), Browser(url, "")
    stranger = Browser(url, "198.51.100.2")
    numbers, answers = count(), Counter[int]()

    async def guess() -> None:
        while (number := next(numbers)) < GUESSES:
            place = number % networks
            status, _, _ = await attacker.sign_in("a guess", f"203.0.113.{place}")
            answers[status] += 1

    try:
        await owner.sign_in(PASSWORD)
        quiet = [await owner.sign_in(PASSWORD) for _ in range(QUIET)]
        guessing = [asyncio.create_task(guess()) for _ in range(AT_ONCE)]
        attacked = []
        while not all(task.done() for task in guessing):
            attacked.append(await owner.sign_in(PASSWORD))
            await asyncio.sleep(PAUSE)
        await asyncio.gather(*guessing)
        new_status, _, new_wait = await stranger.sign_in(PASSWORD)
    finally:
        for browser in (owner, attacker, stranger):
            await browser.close()
    return {
        "networks": networks,
        "tries": answers.total(),
        "checked": answers[401],
        "refused": answers[429],
        "owner_sign_ins": len(attacked),
        "owner_let_in": sum(status == 303 for status, _, _ in attacked),
        "quiet_ms": percentile((spent for _, spent, _ in quiet), 0.5),
        "median_ms": percentile((spent for _, spent, _ in attacked), 0.5),
        "slowest_ms": max(spent for _, spent, _ in attacked),
        "new_browser": "at once" if new_status == 303 else f"after {new_wait} s",
    }


async def _run(folder: Path) -> dict[str, Any]:
    rows = []
    for networks in NETWORKS:
        data_dir = folder / str(networks)
        await furnish(data_dir, 1, seated=False)
        async with serving(data_dir, TELECONNECT_RELAY_WORKERS="0") as server:
            rows.append(await _attack(server.url, networks))
    return {"rows": rows}


def run() -> dict[str, Any]:
    with temporary_folder() as folder:
        return asyncio.run(_run(folder))


def table(result: dict[str, Any]) -> str:
    heading = [
        "networks", "tries", "checked", "refused", "owner's sign-ins", "let in",
        "quiet, ms", "attacked, ms", "slowest, ms", "new browser",
    ]  # fmt: skip
    keys = [
        "networks", "tries", "checked", "refused", "owner_sign_ins", "owner_let_in",
        "quiet_ms", "median_ms", "slowest_ms", "new_browser",
    ]  # fmt: skip
    return lines([heading, *([row[key] for key in keys] for row in result["rows"])])
