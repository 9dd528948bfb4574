"""Purging a consultation: its key is destroyed before a row is deleted (crypto-shredding).

When a consultation is purged, and that its sealed files go after the commit, is decided in
`signaling/flows/retention/purging.py`.
"""

from storage.engine.executor import Executor
from storage.engine.vault import Vault
from storage.folder.purged_list import PurgedList


async def purge(executor: Executor, vault: Vault, purged: PurgedList, consultation_id: str) -> None:
    """Record the purge, destroy the key, then delete every row of the consultation.

    Web sessions of browsers without a seat elsewhere are deleted too; the caller ends what is open
    in the room.
    """
    await purged.add([consultation_id])
    await vault.destroy(executor, consultation_id)
    await executor.rows(
        "DELETE FROM web_session WHERE account_id IS NULL AND token_digest IN ("
        " SELECT web_session_digest FROM invite JOIN seat ON seat.invite_id = invite.id"
        " WHERE invite.consultation_id = ?1)"
        " AND NOT EXISTS (SELECT 1 FROM seat JOIN invite ON invite.id = seat.invite_id"
        " WHERE seat.web_session_digest = web_session.token_digest"
        " AND invite.consultation_id <> ?1)",
        (consultation_id,),
    )
    await executor.rows("DELETE FROM consultation WHERE id = ?", (consultation_id,))
    await executor.rows(  # what waited for the last session of a deleted account
        "DELETE FROM account WHERE deleted_at IS NOT NULL AND NOT EXISTS ("
        " SELECT 1 FROM consultation WHERE scheduler_id = account.id)"
    )
