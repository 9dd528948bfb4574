"""Signing in: whether the time of an answer tells which accounts exist.

A wrong password is tried for an account that is there, for one that is not and for one that is
suspended, in turn, so that a machine whose speed drifts treats all three alike.
"""

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp

from scripts.benchmarks._figures import lines, percentile
from scripts.traffic.server import client, furnish, serving, temporary_folder
from storage.store import Records, Store
from web.routes import path

ROUNDS = 8
"Fewer than the failures after which all networks together are delayed at an account."
KINDS = {
    "there": "scheduler0@example.org",
    "not there": "nobody@example.org",
    "suspended": "scheduler1@example.org",
}


async def _time(session: aiohttp.ClientSession, url: str, email: str, place: int) -> float:
    """Milliseconds until a wrong password from one of many networks is refused."""
    form = {"email": email, "password": "not the right one, and long enough"}
    started = time.perf_counter()
    headers = {"X-Forwarded-For": f"203.0.113.{place}"}
    async with session.post(url, data=form, headers=headers, allow_redirects=False) as answer:
        await answer.read()
        if answer.status != 401:
            raise RuntimeError(f"A wrong password was answered with {answer.status}.")
    return (time.perf_counter() - started) * 1000


async def _run() -> dict[str, Any]:
    times: dict[str, list[float]] = {kind: [] for kind in KINDS}
    with temporary_folder() as folder:
        data_dir = folder / "data"
        await furnish(data_dir, 2, seated=False)
        await _disable(data_dir)
        async with serving(data_dir, TELECONNECT_RELAY_WORKERS="0") as server, client() as session:
            for place in range(ROUNDS):
                for kind, email in KINDS.items():
                    url = server.url + path("sign_in")
                    times[kind].append(await _time(session, url, email, place))
    medians = {kind: percentile(found, 0.5) for kind, found in times.items()}
    return {
        "rounds": ROUNDS,
        "median_ms": medians,
        "ratio": {kind: median / medians["there"] for kind, median in medians.items()},
    }


async def _disable(data_dir: Path) -> None:
    store = await Store.open(data_dir, None)

    async def work(records: Records) -> None:
        account = await records.accounts.by_email(KINDS["suspended"])
        assert account is not None
        await records.accounts.change(replace(account, suspended_at=datetime.now(UTC)))

    await store.write(work)
    await store.close()


def run() -> dict[str, Any]:
    return asyncio.run(_run())


def table(result: dict[str, Any]) -> str:
    rows = [
        [kind, result["median_ms"][kind], result["ratio"][kind]] for kind in result["median_ms"]
    ]
    return lines([["account", "median ms", "ratio (near 1)"], *rows])
