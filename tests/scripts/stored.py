"""A data folder with sessions in it, for the commands that work on one."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from signaling.account import Account
from signaling.consultation import Consultation, ConsultationState
from signaling.identifier import new_id
from signaling.invite import Invite, Person
from signaling.token import token_digest
from storage import data_folder
from storage.folder.lock import DataFolderLock
from storage.store import Records, Store
from tests.serving import audit_lines

NURSE = Account(
    "account-nurse", "nurse@example.org", "Nurse Joy", "scheduler", None, "en", "UTC",
    datetime(2026, 1, 1, tzinfo=UTC),
)  # fmt: skip
NUMBER = "+41791234567"


@dataclass(frozen=True)
class Seen:
    """What a data folder holds, read as a server reads it."""

    notes: dict[str, str]
    "Session id -> its note, which is sealed."
    states: dict[str, str]
    audit: list[str]
    number_known: bool


def fill(
    data_dir: Path, sessions: int, state: ConsultationState = "planned", key: str | None = None
) -> None:
    """Sessions "session-0000" ... with a note and somebody who has a mobile number."""
    now = datetime.now(UTC)
    planned_at = now + timedelta(days=1) if state == "planned" else None

    async def work(records: Records) -> None:
        if not await records.accounts.exists():
            await records.accounts.add(NURSE)
        for number in range(sessions):
            one = f"session-{number:04}"
            await records.consultations.add(
                Consultation(one, NURSE.id, "remote", state, now, planned_at, note=f"note of {one}")
            )
            person = Person("Amina", "", "sms", NUMBER, "en", "UTC")
            token = token_digest(new_id())
            await records.invites.add(
                Invite(f"invite-{number:04}", one, "service_user", person, token, now)
            )

    async def run() -> None:
        store = await Store.open(data_dir, key)
        try:
            await store.write(work)
        finally:
            await store.close()

    asyncio.run(run())


def look(data_dir: Path, key: str | None = None) -> Seen:
    """Open the folder as a server does at its start. Raises StorageError."""

    async def run() -> Seen:
        store = await Store.open(data_dir, key)
        try:
            assert (await store.read.audit.check()).holds
            found = await store.read.consultations.in_states(
                ("planned", "waiting", "active", "kept_open", "closed")
            )
            return Seen(
                {one.id: one.note for one in found},
                {one.id: one.state for one in found},
                [line.action for line in await audit_lines(store)],
                await store.read.invites.latest_of_number(NUMBER) is not None,
            )
        finally:
            await store.close()

    with DataFolderLock.serve(data_dir):
        data_folder.prepare(data_dir)
        return asyncio.run(run())


def notes(sessions: int) -> dict[str, str]:
    return {f"session-{number:04}": f"note of session-{number:04}" for number in range(sessions)}
