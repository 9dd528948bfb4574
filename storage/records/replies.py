"""Replies to phone messages, their text sealed."""

from collections.abc import Sequence

from signaling.invite import Invite
from signaling.moments.milliseconds import from_ms, to_ms
from signaling.notices.reply import Reply, StoredReply
from storage.engine.executor import Executor, marks
from storage.engine.vault import Vault


def _place(reply_id: str) -> str:
    return f"reply.text.{reply_id}"


class Replies:
    def __init__(self, executor: Executor, vault: Vault) -> None:
        self._executor = executor
        self._vault = vault

    async def add(self, invite: Invite, reply: Reply) -> bool:
        """Store a reply with its invite; False if it is stored already."""
        key = await self._vault.key(self._executor, invite.consultation_id)
        return bool(
            await self._executor.rows(
                "INSERT INTO reply (id, consultation_id, invite_id, channel, kind, text, at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING RETURNING id",
                (
                    reply.provider_id, invite.consultation_id, invite.id, reply.channel,
                    reply.kind, key.seal(_place(reply.provider_id), reply.text.encode()),
                    to_ms(reply.at),
                ),
            )
        )  # fmt: skip

    async def of_invites(self, invite_ids: Sequence[str]) -> list[StoredReply]:
        """Replies of these invites, in the order they were written."""
        rows = await self._executor.rows(
            f"SELECT * FROM reply WHERE invite_id IN ({marks(invite_ids)}) ORDER BY at, rowid",
            tuple(invite_ids),
        )
        replies = []
        for row in rows:
            key = await self._vault.key(self._executor, row["consultation_id"])
            text = key.text(_place(row["id"]), row["text"])
            replies.append(
                StoredReply(row["invite_id"], row["channel"], text, row["kind"], from_ms(row["at"]))
            )
        return replies
