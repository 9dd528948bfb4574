"""Deleting what a killed server left of files: parts that no row knows, and rows of no use.

A row is stored after the files of an attachment, and before the first byte of an upload. So what is
on disk without a row was never shown to anybody, and an upload beside its attachment is over.
"""

import logging

from signaling.attachment import ORIGINAL, UPLOAD, Attachment
from signaling.ports.store import Store

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
    """Delete what no row knows, before anybody is served."""
    swept = await sweep_folders(store)
    for consultation_id in await store.files.consultations():
        attachments = await store.read.attachments.of_consultation(consultation_id)
        kept = {(each.id, part) for each in attachments for part in _parts(each)}
        attached = {each.id for each in attachments}
        for upload in await store.read.uploads.of_consultation(consultation_id):
            if upload.id in attached:
                await _forget(store, consultation_id, upload.id)
            else:
                kept.add((upload.id, UPLOAD))
        swept += await store.files.sweep(consultation_id, kept)
    if swept:
        _log.info("files that a killed server had left were deleted", extra={"count": swept})


async def _forget(store: Store, consultation_id: str, upload_id: str) -> None:
    await store.write(lambda records: records.uploads.delete(consultation_id, upload_id))


def _parts(attachment: Attachment) -> list[str]:
    original = [ORIGINAL] if attachment.kind == "pdf" else []
    return original + [each.name for each in attachment.renditions]
