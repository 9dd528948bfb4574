"""Comparing files with their rows at a start: what a killed server left of files is deleted, and what
is missing of attachments is noted with them.

A row is stored after the files of an attachment; before the first byte of an upload that comes in
pieces, and after the last one of an upload that comes by a form. So what is on disk without a row was
never shown to anybody, and an upload beside its attachment is over.
"""

import logging
from collections.abc import Collection

from signaling.attachment import ORIGINAL, UPLOAD, Attachment
from signaling.ports.store import Records, Store

_log = logging.getLogger(__name__)


async def sweep_folders(store: Store) -> int:
    """Delete the files of consultations that do not exist any more; returns of how many."""
    found = await store.files.consultations()
    # looked up after the listing: a consultation is stored before its files
    gone = found - (await store.read.consultations.holders(found)).keys()
    for consultation_id in gone:
        await store.files.delete_all(consultation_id)
    return len(gone)


async def sweep_files(store: Store) -> None:
    """Delete what no row knows, and note what is missing."""
    swept, seen = 0, set()
    async for consultation_id, sweep in store.files.sweeps():
        seen.add(consultation_id)
        attachments, kept = await _known(store, consultation_id)
        # looked up after the listing: a consultation is stored before its files
        if not kept and not await store.read.consultations.holders([consultation_id]):
            await store.files.delete_all(consultation_id)
            swept += 1
            continue
        if any(each.damaged for each in attachments):
            continue  # its parts are not known; they go with the session
        found = await sweep(kept)
        await _compare(store, consultation_id, attachments, found.stored)
        swept += found.deleted
    for consultation_id in await store.read.attachments.consultations() - seen:
        attachments, _ = await _known(store, consultation_id)
        await _compare(store, consultation_id, attachments, ())
    if swept:
        _log.info("files that a killed server had left were deleted", extra={"count": swept})


async def _known(
    store: Store, consultation_id: str
) -> tuple[list[Attachment], set[tuple[str, str]]]:
    """(attachments of a consultation, the parts that its rows know); uploads that are over are forgotten."""
    attachments = await store.read.attachments.of_consultation(consultation_id)
    kept = {(each.id, part) for each in attachments for part in _parts(each)}
    attached = {each.id for each in attachments}
    for upload in await store.read.uploads.of_consultation(consultation_id):
        if upload.id in attached:
            await _forget(store, consultation_id, upload.id)
        else:
            kept.add((upload.id, UPLOAD))
    return attachments, kept


async def _compare(
    store: Store,
    consultation_id: str,
    attachments: list[Attachment],
    stored: Collection[tuple[str, str]],
) -> None:
    """Note which of them are lost, or not any more: a disk may have been missing at the last start."""
    if not _changed(attachments, stored):
        return
    # what was listed before the rows were read does not have what another host has stored between
    changed = _changed(attachments, await store.files.parts(consultation_id))
    if not changed:
        return

    async def work(records: Records) -> None:
        for each in changed:
            await records.attachments.change(each)

    await store.write(work, consultation_id)
    lost = sum("lost" in each.notes for each in changed)
    if lost:
        _log.error(
            "stored files are missing", extra={"consultation_id": consultation_id, "count": lost}
        )


def _changed(
    attachments: list[Attachment], stored: Collection[tuple[str, str]]
) -> list[Attachment]:
    """Those that are not as they were, if that is what is stored."""
    found = [
        each.as_found({part for file_id, part in stored if file_id == each.id})
        for each in attachments
    ]
    return [now for now, before in zip(found, attachments, strict=True) if now != before]


async def _forget(store: Store, consultation_id: str, upload_id: str) -> None:
    await store.write(
        lambda records: records.uploads.delete(consultation_id, upload_id), consultation_id
    )


def _parts(attachment: Attachment) -> list[str]:
    original = [ORIGINAL] if attachment.kind == "pdf" else []
    return original + [each.name for each in attachment.renditions]
