"""Strangers who only occupy connections, in a process whose processor time is not the server's.

    async with strangers(port, silent=300, forms=40, pinging=20) as crowd:
        await crowd.ended(300)
        ...
    crowd.figures

They are renewed as they are ended, from one address, until their standard input is closed.
"""

import argparse
import asyncio
import contextlib
import json
import os
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp

LETTER_EVERY = 1.0
"Seconds between two writes of a stranger."
COME_AGAIN_AFTER = 0.2
NICE = 10
"The strangers' niceness: here they share the server's processors, outside they have their own."
PARTS = 950
SILENCES = (
    b"",
    b"GET /signin HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
    b"POST /language HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\n\r\nlanguage=",
)
"No byte, half a head, half a body; what has begun continues byte by byte."


def multipart_form(parts: int = PARTS) -> bytes:
    """A request that posts so many fields to an address that anybody may post to."""
    part = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
    body = part * parts + b"--x--\r\n"
    head = (
        "POST /language HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@dataclass
class Storm:
    """Counts of what the strangers experienced."""

    port: int
    opened: int = 0
    ended: int = 0
    sockets_ended: int = 0
    first_ended_seconds: float | None = None
    forms: Counter[str] = field(default_factory=Counter)
    "How many were answered by each status; empty: not answered."

    async def stay_silent(self, said: bytes) -> None:
        started = time.monotonic()
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.opened += 1
        over = asyncio.ensure_future(reader.read())
        try:
            writer.write(said)
            while not over.done():
                await asyncio.wait([over], timeout=LETTER_EVERY)
                if said:
                    writer.write(b"x")
        finally:
            over.cancel()
            writer.close()
            await asyncio.wait([over])
        self.ended += 1
        if self.first_ended_seconds is None:
            self.first_ended_seconds = time.monotonic() - started

    async def post_forms(self, count: int) -> None:
        form = multipart_form()
        posts = (self.post_form(form) for _ in range(count))
        await asyncio.gather(*posts, return_exceptions=True)

    async def post_form(self, form: bytes) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        status = ""
        try:
            writer.write(form)
            status = (await reader.readline()).decode().partition(" ")[2][:3]
        finally:
            self.forms[status] += 1
            writer.close()

    async def ping(self, http: aiohttp.ClientSession) -> None:
        async with http.ws_connect(f"http://127.0.0.1:{self.port}/socket", autoping=False) as ws:
            while not ws.closed:
                await ws.ping()
                with contextlib.suppress(TimeoutError):
                    await ws.receive(LETTER_EVERY)
        self.sockets_ended += 1

    async def blow(self, *, silent: int, forms: int, pinging: int) -> None:
        async with (
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http,
            asyncio.TaskGroup() as group,
        ):
            for number in range(silent):
                said = SILENCES[number % len(SILENCES)]
                group.create_task(_for_ever(partial(self.stay_silent, said)))
            for _ in range(pinging):
                group.create_task(_for_ever(partial(self.ping, http)))
            group.create_task(_for_ever(partial(self.post_forms, forms)))

    def figures(self) -> dict[str, Any]:
        return {
            "opened": self.opened,
            "ended": self.ended,
            "sockets_ended": self.sockets_ended,
            "first_ended_seconds": self.first_ended_seconds,
            "forms": dict(self.forms),
        }


async def _for_ever(once: Callable[[], Awaitable[Any]]) -> None:
    while True:
        with contextlib.suppress(OSError, aiohttp.ClientError):
            await once()
        await asyncio.sleep(COME_AGAIN_AFTER)


class Crowd:
    """The strangers' process, seen from outside."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.figures: dict[str, Any] = {}
        "The latest that they told."

    async def hear(self) -> None:
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError("The strangers are gone.")
        self.figures = json.loads(line)

    async def until(self, enough: Callable[[dict[str, Any]], bool]) -> None:
        while not (self.figures and enough(self.figures)):
            await self.hear()


@contextlib.asynccontextmanager
async def strangers(port: int, *, silent: int, forms: int, pinging: int) -> AsyncIterator[Crowd]:
    """Start the strangers' process, and end it afterwards."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __name__, str(port), str(silent), str(forms), str(pinging),
        cwd=Path(__file__).parents[2],
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    crowd = Crowd(process)
    try:
        yield crowd
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            async with asyncio.timeout(20):
                while process.stdout and not process.stdout.at_eof():
                    with contextlib.suppress(RuntimeError):
                        await crowd.hear()
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


async def _main(port: int, silent: int, forms: int, pinging: int) -> None:
    os.nice(NICE)
    storm = Storm(port)
    blowing = asyncio.create_task(storm.blow(silent=silent, forms=forms, pinging=pinging))
    loop = asyncio.get_running_loop()
    over = loop.run_in_executor(None, sys.stdin.read)
    while not over.done():
        await asyncio.wait([over, blowing], timeout=0.5, return_when=asyncio.FIRST_COMPLETED)
        print(json.dumps(storm.figures()), flush=True)
        if blowing.done():
            blowing.result()
    blowing.cancel()
    await asyncio.wait([blowing])
    print(json.dumps(storm.figures()), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    for name in ("port", "silent", "forms", "pinging"):
        parser.add_argument(name, type=int)
    asyncio.run(_main(**vars(parser.parse_args())))
