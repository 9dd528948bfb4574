"""What tells a host's transactions apart, so that whoever ends the host ends them too.

A process that is stopped within a transaction, with its machine or by itself, keeps what the transaction has
locked until PostgreSQL ends it. Each transaction of a host therefore holds a shared advisory lock whose key
is made of the host's id: nobody ever waits for it, but `pg_locks` shows whose it is.
"""

from signaling.identifier import NEW_ID
from storage.engine.database import NOBODY

HOLDERS = 0x7E1EC0
"First half of the key of these locks; those of sessions have a key of one number."
WITHIN_MS = 500
"Milliseconds that an ended transaction has to be gone."


def holding(host_id: str) -> str:
    """A statement by which a transaction is this host's."""
    assert NEW_ID.fullmatch(host_id) or host_id == NOBODY
    return f"SELECT pg_advisory_xact_lock_shared({HOLDERS}, hashtext('{host_id}'))"


END_TRANSACTIONS = f"""
    SELECT pg_terminate_backend(pid, {WITHIN_MS}) AS ended FROM pg_locks
    WHERE locktype = 'advisory' AND objsubid = 2 AND classid = {HOLDERS}
    AND objid = (hashtext(?1)::bigint & 4294967295)::oid AND granted AND pid <> pg_backend_pid()
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND EXISTS (SELECT 1 FROM host WHERE id = ?1 AND renewals = ?2)"""
"""Ends what a host has open in its transactions, if it has not renewed its lease since: (id, renewals). Of its own
role's processes anybody may."""
