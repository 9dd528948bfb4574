"""10,000 due notices handed to a mail server, against a bare aiosmtplib loop.

The mail server is a process of its own that takes everything. The bare loop makes each mail by the
standard library and hands it over by aiosmtplib, on the same number of connections, and stores
nothing; the server under test also reads, opens, writes and settles every notice durably. A second
bare loop sends octets that were made once, to show what making a mail costs. The rate is that of
the arrivals, first to last.
"""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiosmtplib

from scripts.benchmarks._figures import lines
from scripts.benchmarks._server import add_scheduler, serving, temporary_folder
from scripts.benchmarks.invites import assembled, plan
from signaling.consultation import Consultation
from signaling.delivery import mail
from signaling.delivery.smtp import CONNECTIONS
from signaling.identifier import new_id
from signaling.invite import Invite
from signaling.notice import Notice, Outgoing, dedupe_key
from signaling.token import token_digest
from storage.store import Records

NOTICES = 10_000
MAIL_FROM = "Clinic <noreply@clinic.example>"
DUE_IN = timedelta(seconds=15)
"After they were queued: by then the server has started and its memory has settled."


@contextlib.asynccontextmanager
async def _sink(count: int) -> AsyncIterator[tuple[int, asyncio.StreamReader]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "scripts.benchmarks._smtp_sink",
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


async def _queue(data_dir: Path) -> tuple[Outgoing, datetime]:
    """Fill the outbox; returns one such mail, and when all of them are due."""
    async with assembled(data_dir) as (store, inviting):
        scheduler = await add_scheduler(store)
        consultation, _ = await inviting.invite(scheduler, plan(0))
        first = (await store.read.notices.of_consultation(consultation.id))[0]
        envelope = await store.read.notices.envelope(first)
        await store.write(
            lambda records: records.notices.drop_pending(consultation.id, [first.occasion])
        )
        now = datetime.now(UTC)

        async def one(records: Records, number: int) -> None:
            made = Consultation(new_id(), scheduler.id, "remote", "planned", now)
            await records.consultations.add(made)
            invite_id = new_id()
            token = await records.invites.token(made.id, invite_id)
            person = plan(number).people[0][1]
            await records.invites.add(
                Invite(invite_id, made.id, "service_user", person, token_digest(token), now)
            )
            notice = Notice(
                id=new_id(),
                consultation_id=made.id,
                invite_id=invite_id,
                occasion="invitation",
                dedupe_key=dedupe_key(invite_id, "invitation"),
                due_at=now,
            )
            await records.notices.add(notice, replace(envelope, address=person.address), now)

        for start in range(0, NOTICES, 500):

            async def some(records: Records, start: int = start) -> None:
                for number in range(start, start + 500):
                    await one(records, number)

            await store.write(some)

        due_at = datetime.now(UTC) + DUE_IN

        async def later(records: Records) -> None:
            notices = await records.notices.due(now, NOTICES)
            assert len(notices) == NOTICES
            await records.notices.change([(notice, due_at) for notice in notices])

        await store.write(later)
    outgoing = Outgoing(
        notice_id=new_id(),
        attempt_id=new_id(),
        channel="email",
        address=envelope.address,
        language=envelope.language,
        content=envelope.content,
    )
    return outgoing, due_at


async def _bare_per_second(outgoing: Outgoing, *, made_once: bool) -> float:
    sender = mail.sender(MAIL_FROM)
    octets = mail.as_bytes(mail.build(outgoing, sender)) if made_once else None
    async with _sink(NOTICES) as (port, told):

        async def hand_over(numbers: range) -> None:
            client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False)
            await client.connect()
            for number in numbers:
                recipient = f"amina{number}@example.org"
                one = replace(outgoing, notice_id=f"notice-{number:06}", address=recipient)
                body = octets or mail.as_bytes(mail.build(one, sender))
                await client.sendmail("noreply@clinic.example", [recipient], body)
            await client.quit()

        await asyncio.gather(
            *(hand_over(range(start, NOTICES, CONNECTIONS)) for start in range(CONNECTIONS))
        )
        figures = json.loads(await told.readline())
    return float(figures["mails"] / figures["seconds"])


async def _run() -> dict[str, Any]:
    with temporary_folder() as folder:
        data_dir = folder / "data"
        outgoing, due_at = await _queue(data_dir)
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
            memory: list[int] = []
            arrived = asyncio.create_task(told.readline())
            async with asyncio.timeout(300):
                while not arrived.done():
                    memory.append(server.memory_bytes())
                    await asyncio.sleep(0.2)
            figures = json.loads(arrived.result())
    bare = await _bare_per_second(outgoing, made_once=False)
    bare_made_once = await _bare_per_second(outgoing, made_once=True)
    rate = figures["mails"] / figures["seconds"]
    middle = len(memory) // 2
    return {
        "notices": NOTICES,
        "connections": CONNECTIONS,
        "mail_bytes": len(mail.as_bytes(mail.build(outgoing, mail.sender(MAIL_FROM)))),
        "different_message_ids": figures["message_ids"],
        "notices_per_second": rate,
        "bare_mails_per_second": bare,
        "ratio_to_bare_loop": rate / bare,
        "bare_made_once_per_second": bare_made_once,
        "ratio_to_mails_made_once": rate / bare_made_once,
        "memory_before_bytes": before,
        "memory_peak_growth_bytes": max(memory) - before,
        "memory_second_half_growth_bytes": max(memory[middle:]) - max(memory[:middle]),
    }


def run() -> dict[str, Any]:
    return asyncio.run(_run())


def table(result: dict[str, Any]) -> str:
    return lines(
        [
            [f"{result['notices']:,} notices of {result['mail_bytes']:,} bytes", ""],
            ["notices per second", result["notices_per_second"]],
            [
                f"bare mails per second, {result['connections']} connections too",
                result["bare_mails_per_second"],
            ],
            ["ratio (at least 0.70)", result["ratio_to_bare_loop"]],
            ["bare mails per second, made once", result["bare_made_once_per_second"]],
            ["ratio to mails made once", result["ratio_to_mails_made_once"]],
            ["different Message-IDs", result["different_message_ids"]],
            ["memory before, MB", result["memory_before_bytes"] / 1e6],
            ["growth at the peak, MB", result["memory_peak_growth_bytes"] / 1e6],
            [
                "growth from first to second half, MB",
                result["memory_second_half_growth_bytes"] / 1e6,
            ],
        ]
    )
