"""10,000 due reminders handed to a mail server, against bare aiosmtplib loops.

The mail server is a process of its own that takes everything. A bare loop hands mails over by
aiosmtplib on the same number of connections and stores nothing; the server under test also reads,
opens and settles every notice durably. There are three of them: one makes each mail by the standard
library's `EmailMessage`, as programs do; one by this program's own code; one sends octets that were
made once. The rate is that of the arrivals, first to last. Beside it stands the processor time of
the sending process for each mail, which a machine with other work changes less.
"""

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import aiosmtplib

from scripts.benchmarks._figures import lines
from scripts.benchmarks.invites import assembled, plan
from scripts.traffic.server import add_scheduler, serving, temporary_folder
from signaling.delivery import mail
from signaling.delivery.smtp import CONNECTIONS
from signaling.identifier import new_id
from signaling.notices.notice import Envelope, Outgoing
from storage.store import Records

NOTICES = 10_000
OF_ONE_SCHEDULER = 250
BARE_MAILS = 3_000
"Enough to measure a bare loop, whose rate does not depend on the number."
MAIL_FROM = "Clinic <noreply@clinic.example>"
FROM = mail.sender(MAIL_FROM)
DUE_IN = timedelta(seconds=15)
"After they were queued: by then the server has started and its memory has settled."


@contextlib.asynccontextmanager
async def _sink(count: int) -> AsyncIterator[tuple[int, asyncio.StreamReader]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "scripts.traffic.smtp_sink",
        str(count),
        cwd=Path(__file__).parents[2],
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        yield int(await process.stdout.readline()), process.stdout
    finally:
        process.kill()
        await process.wait()


async def _queue(data_dir: Path) -> tuple[Outgoing, datetime, float]:
    """Plan sessions; returns one reminder, when all are due, and sessions planned per second."""
    async with assembled(data_dir) as (store, inviting):
        planned_at = datetime.now(UTC) + timedelta(hours=1)
        started = time.perf_counter()
        for number in range(NOTICES):
            if number % OF_ONE_SCHEDULER == 0:
                scheduler = await add_scheduler(store, f"nurse{number}@example.org")
            await inviting.invite(scheduler, plan(number, planned_at))
        took = time.perf_counter() - started
        due_at = datetime.now(UTC) + DUE_IN

        async def only_reminders(records: Records) -> Envelope:
            queued = [
                due.notice for due in await records.notices.due(planned_at, {"email": 2 * NOTICES})
            ]
            reminders = [notice for notice in queued if notice.occasion == "reminder"]
            invitations = [notice for notice in queued if notice.occasion != "reminder"]
            assert len(reminders) == len(invitations) == NOTICES
            await records.notices.change((notice.after("drop"), None) for notice in invitations)
            await records.notices.change((notice, due_at) for notice in reminders)
            return await records.notices.envelope(reminders[-1])

        envelope = await store.write(only_reminders)
    outgoing = Outgoing(
        notice_id=new_id(),
        attempt_id=new_id(),
        channel="email",
        address=envelope.address,
        language=envelope.language,
        content=envelope.content,
    )
    return outgoing, due_at, NOTICES / took


def _by_the_library(outgoing: Outgoing) -> bytes:
    """A mail as programs write it."""
    made = EmailMessage(policy=SMTP)
    made["From"] = MAIL_FROM
    made["To"] = outgoing.address
    made["Subject"] = outgoing.content.subject
    made["Date"] = format_datetime(datetime.now(UTC))
    made["Message-ID"] = f"<{outgoing.notice_id}@clinic.example>"
    made["Auto-Submitted"] = "auto-generated"
    made["X-Auto-Response-Suppress"] = "All"
    made.set_content(outgoing.content.text)
    made.add_alternative(outgoing.content.html, subtype="html")
    made["Content-Language"] = outgoing.language
    return made.as_bytes()


def _by_this_program(outgoing: Outgoing) -> bytes:
    return mail.build(outgoing, FROM).octets


async def _bare(outgoing: Outgoing, make: Callable[[Outgoing], bytes]) -> tuple[float, float]:
    """(mails per second, ms of processor time for each)."""
    used = time.process_time()
    async with _sink(BARE_MAILS) as (port, told):

        async def hand_over(numbers: range) -> None:
            client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False)
            await client.connect()
            for number in numbers:
                recipient = f"amina{number}@example.org"
                one = replace(outgoing, notice_id=f"notice-{number:08}", address=recipient)
                await client.sendmail("noreply@clinic.example", [recipient], make(one))
            await client.quit()

        await asyncio.gather(
            *(hand_over(range(start, BARE_MAILS, CONNECTIONS)) for start in range(CONNECTIONS))
        )
        figures = json.loads(await told.readline())
    used = time.process_time() - used
    return figures["mails"] / figures["seconds"], used / BARE_MAILS * 1000


async def _run() -> dict[str, Any]:
    with temporary_folder() as folder:
        data_dir = folder / "data"
        outgoing, due_at, planned_per_second = await _queue(data_dir)
        async with (
            _sink(NOTICES) as (port, told),
            serving(
                data_dir,
                TELECONNECT_SMTP_URL=f"smtp://127.0.0.1:{port}?starttls=never",
                TELECONNECT_MAIL_FROM=MAIL_FROM,
            ) as server,
        ):
            pause = (due_at - datetime.now(UTC)).total_seconds() - 1
            if pause < 1:
                raise RuntimeError("The server started too late to read its memory before.")
            await asyncio.sleep(pause)
            before = server.memory_bytes()
            used = server.cpu_seconds()
            memory: list[int] = []
            arrived = asyncio.create_task(told.readline())
            async with asyncio.timeout(300):
                while not arrived.done():
                    memory.append(server.memory_bytes())
                    await asyncio.sleep(0.2)
            figures = json.loads(arrived.result())
            cpu_ms = (server.cpu_seconds() - used) / NOTICES * 1000
    once = _by_this_program(outgoing)
    bare = {
        "library": await _bare(outgoing, _by_the_library),
        "own": await _bare(outgoing, _by_this_program),
        "once": await _bare(outgoing, lambda _: once),
    }
    rate = figures["mails"] / figures["seconds"]
    middle = len(memory) // 2
    return {
        "notices": NOTICES,
        "connections": CONNECTIONS,
        "mail_bytes": len(once),
        "mail_bytes_by_library": len(_by_the_library(outgoing)),
        "different_message_ids": figures["message_ids"],
        "planned_per_second": planned_per_second,
        "notices_per_second": rate,
        "cpu_ms": cpu_ms,
        **{f"bare_{name}_per_second": each for name, (each, _) in bare.items()},
        **{f"bare_{name}_cpu_ms": each for name, (_, each) in bare.items()},
        **{f"ratio_to_{name}": rate / each for name, (each, _) in bare.items()},
        "memory_before_bytes": before,
        "memory_peak_growth_bytes": max(memory) - before,
        "memory_second_half_growth_bytes": max(memory[middle:]) - max(memory[:middle]),
    }


def run() -> dict[str, Any]:
    return asyncio.run(_run())


def _compared(result: dict[str, Any], name: str, what: str, target: str = "") -> list[list[Any]]:
    return [
        [f"bare loop per second, {what}", result[f"bare_{name}_per_second"]],
        ["processor time for each, ms", result[f"bare_{name}_cpu_ms"]],
        [f"ratio of the rates{target}", result[f"ratio_to_{name}"]],
    ]


def table(result: dict[str, Any]) -> str:
    return lines(
        [
            [f"{result['notices']:,} reminders of {result['mail_bytes']:,} bytes", ""],
            ["sessions planned per second, invitation and reminder", result["planned_per_second"]],
            ["reminders handed over per second", result["notices_per_second"]],
            ["processor time for each, ms", result["cpu_ms"]],
            *_compared(result, "library", "mails by the standard library", " (at least 0.70)"),
            *_compared(result, "own", "mails by this program's code"),
            *_compared(result, "once", "one mail made once"),
            ["different Message-IDs", result["different_message_ids"]],
            ["memory before, MB", result["memory_before_bytes"] / 1e6],
            ["growth at the peak, MB", result["memory_peak_growth_bytes"] / 1e6],
            [
                "growth from first to second half, MB",
                result["memory_second_half_growth_bytes"] / 1e6,
            ],
        ]
    )
