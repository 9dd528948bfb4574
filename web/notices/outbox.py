"""Reads what was written to the outbox folder, to be shown."""

import asyncio
import json
from collections.abc import Iterable
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from signaling.delivery.outbox_folder import OutboxFile, OutboxFolder
from web.view_models import OutboxNotice


async def read_outbox(folder: OutboxFolder) -> list[OutboxNotice]:
    """Every notice, newest first."""
    return await read_files(folder, await folder.list())


async def read_files(folder: OutboxFolder, files: Iterable[OutboxFile]) -> list[OutboxNotice]:
    """The notices in these files, but for those that have been deleted meanwhile."""
    notices = []
    for file in files:
        try:
            body = await folder.read(file.name)
        except FileNotFoundError:  # purged meanwhile
            continue
        notices.append(await asyncio.to_thread(_notice, file, body))
    return notices


def _notice(file: OutboxFile, body: bytes) -> OutboxNotice:
    if file.name.endswith(".json"):
        record = json.loads(body)
        return OutboxNotice(
            to=record["to"], subject=record["channel"], text=record["text"], at=file.written_at
        )
    mail = message_from_bytes(body, _class=EmailMessage, policy=default)
    plain = mail.get_body(("plain",))
    return OutboxNotice(
        to=str(mail["To"]),
        subject=str(mail["Subject"]),
        text=plain.get_content() if plain is not None else "",
        at=file.written_at,
    )
