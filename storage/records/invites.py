"""Invites and the seats taken with them. The invited person is sealed."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from hmac import compare_digest

import msgspec

from signaling.invite import Invite, Person
from signaling.moments.milliseconds import from_ms, maybe_from_ms, maybe_ms, to_ms
from signaling.text import UNREADABLE
from signaling.token import token_digest
from storage.engine.commit_hooks import CommitHooks
from storage.engine.executor import Executor, Row, batched, marks
from storage.engine.vault import Vault

DAMAGED = Person(UNREADABLE, "", "none", "", "en")
"Whoever was invited, where that cannot be read any more."


def _place(invite_id: str) -> str:
    return f"invite.person.{invite_id}"


class Invites:
    def __init__(self, executor: Executor, vault: Vault, hooks: CommitHooks) -> None:
        self._executor = executor
        self._vault = vault
        self._hooks = hooks

    async def _invite(self, row: Row) -> Invite:
        key = await self._vault.key(self._executor, row["consultation_id"])
        sealed = key.read(_place(row["id"]), row["person"])
        person = DAMAGED if sealed is None else msgspec.json.decode(sealed, type=Person)
        return Invite(
            id=row["id"],
            consultation_id=row["consultation_id"],
            role=row["role"],
            person=person,
            token_digest=row["token_digest"],
            created_at=from_ms(row["created_at"]),
            state=row["state"],
            joined_at=maybe_from_ms(row["joined_at"]),
            link_number=row["link_number"],
        )

    async def token(self, consultation_id: str, invite_id: str, link_number: int = 0) -> str:
        """The token of an invite, derived from the consultation's key."""
        key = await self._vault.key(self._executor, consultation_id)
        link = f".{link_number}" if link_number else ""  # no id has a dot
        return key.token(f"invite:{invite_id}{link}")

    async def add(self, invite: Invite) -> None:
        key = await self._vault.key(self._executor, invite.consultation_id)
        await self._executor.post(
            "INSERT INTO invite (id, consultation_id, role, state, token_digest, person,"
            " address_digest, created_at, joined_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                invite.id, invite.consultation_id, invite.role, invite.state, invite.token_digest,
                key.seal(_place(invite.id), msgspec.json.encode(asdict(invite.person))),
                self._address_digest(invite.person), to_ms(invite.created_at),
                maybe_ms(invite.joined_at),
            ),
        )  # fmt: skip

    async def get(self, invite_id: str) -> Invite | None:
        row = await self._executor.row("SELECT * FROM invite WHERE id = ?", (invite_id,))
        return await self._invite(row) if row else None

    async def consultation_of(self, invite_id: str) -> str | None:
        """The id of the consultation that an invite belongs to."""
        row = await self._executor.row(
            "SELECT consultation_id FROM invite WHERE id = ?", (invite_id,)
        )
        return row["consultation_id"] if row else None

    async def with_holder(self, invite_id: str) -> tuple[Invite, bytes | None] | None:
        """An invite, and the digest of the browser that holds its seat."""
        row = await self._executor.row(
            "SELECT invite.*, seat.web_session_digest FROM invite"
            " LEFT JOIN seat ON seat.invite_id = invite.id WHERE invite.id = ?",
            (invite_id,),
        )
        return (await self._invite(row), row["web_session_digest"]) if row else None

    async def by_token(self, token: str) -> Invite | None:
        row = await self._executor.row(
            "SELECT * FROM invite WHERE token_digest = ?", (token_digest(token),)
        )
        return await self._invite(row) if row else None

    async def of_consultation(self, consultation_id: str) -> list[Invite]:
        """The awaited person first, then in the order they were added."""
        rows = await self._executor.rows(
            "SELECT * FROM invite WHERE consultation_id = ?"
            " ORDER BY role <> 'service_user', created_at, rowid",
            (consultation_id,),
        )
        return [await self._invite(row) for row in rows]

    async def change(self, invite: Invite) -> None:
        """Store state, join time and person; of one that cannot be read no person."""
        if invite.person == DAMAGED:
            await self._executor.post(
                "UPDATE invite SET state = ?, joined_at = ? WHERE id = ?",
                (invite.state, maybe_ms(invite.joined_at), invite.id),
            )
            return
        key = await self._vault.key(self._executor, invite.consultation_id)
        await self._executor.post(
            "UPDATE invite SET state = ?, joined_at = ?, person = ?, address_digest = ?"
            " WHERE id = ?",
            (
                invite.state, maybe_ms(invite.joined_at),
                key.seal(_place(invite.id), msgspec.json.encode(asdict(invite.person))),
                self._address_digest(invite.person), invite.id,
            ),
        )  # fmt: skip

    async def replace_link(self, invite: Invite) -> None:
        """Store another token: the one before opens nothing, and who took the seat by it loses it."""
        await self._executor.post(
            "UPDATE invite SET token_digest = ?, link_number = ? WHERE id = ?",
            (invite.token_digest, invite.link_number, invite.id),
        )
        await self._executor.post("DELETE FROM seat WHERE invite_id = ?", (invite.id,))

    async def mark_sent(self, invite_ids: Iterable[str]) -> None:
        """Something was sent to these people; other states than `created` stay."""
        await self._executor.post_many(
            "UPDATE invite SET state = 'sent' WHERE id = ? AND state = 'created'",
            [(invite_id,) for invite_id in invite_ids],
        )

    def _address_digest(self, person: Person) -> bytes | None:
        if not person.address.startswith("+"):
            return None
        return self._vault.address_digest(person.address)

    async def latest_of_number(self, number: str) -> Invite | None:
        """The invite made last for this E.164 number, of a session that is still open."""
        row = await self._executor.row(
            "SELECT invite.* FROM invite JOIN consultation"
            " ON consultation.id = invite.consultation_id"
            " WHERE invite.address_digest = ? AND invite.state NOT IN ('revoked', 'expired')"
            " AND consultation.state IN ('planned', 'waiting', 'active', 'kept_open')"
            " ORDER BY invite.created_at DESC, invite.rowid DESC LIMIT 1",
            (self._vault.address_digest(number),),
        )
        return await self._invite(row) if row else None

    async def take_seat(self, invite_id: str, web_session_digest: bytes, now: datetime) -> None:
        """Give the seat to this browser; another browser that held it loses it."""
        before = await self._holder(invite_id)
        if before is not None and before != web_session_digest:
            self._hooks.seat_taken(self._executor, invite_id, before)
        await self._executor.post(
            "INSERT INTO seat (invite_id, web_session_digest, taken_at) VALUES (?, ?, ?)"
            " ON CONFLICT (invite_id) DO UPDATE SET"
            " web_session_digest = excluded.web_session_digest, taken_at = excluded.taken_at",
            (invite_id, web_session_digest, to_ms(now)),
        )

    async def holds_seat(self, invite_id: str, web_session_digest: bytes) -> bool:
        holder = await self._holder(invite_id)
        return holder is not None and compare_digest(holder, web_session_digest)

    async def seats_of(self, web_session_digest: bytes) -> list[Invite]:
        """The invites whose seats this browser holds."""
        rows = await self._executor.rows(
            "SELECT invite.* FROM seat JOIN invite ON invite.id = seat.invite_id"
            " WHERE seat.web_session_digest = ? ORDER BY seat.taken_at",
            (web_session_digest,),
        )
        return [await self._invite(row) for row in rows]

    async def leave_seats(self, web_session_digest: bytes) -> None:
        """This browser gives up its seats; nobody else takes them."""
        self._hooks.seats_left(self._executor, web_session_digest)
        await self._executor.rows(
            "DELETE FROM seat WHERE web_session_digest = ?", (web_session_digest,)
        )

    async def leave_ended(self, web_session_digest: bytes) -> None:
        """This browser gives up its seats in sessions that are over, even if these are reopened."""
        await self._executor.rows(
            "DELETE FROM seat WHERE web_session_digest = ? AND invite_id IN (SELECT invite.id"
            " FROM invite JOIN consultation ON consultation.id = invite.consultation_id"
            " WHERE consultation.state NOT IN ('planned', 'waiting', 'active', 'kept_open'))",
            (web_session_digest,),
        )

    async def holders(self, invite_ids: Iterable[str]) -> dict[str, bytes | None]:
        """Usable invite id -> digest of the browser that holds its seat, if any does."""
        found: dict[str, bytes | None] = {}
        for ids in batched(invite_ids):
            for row in await self._executor.rows(
                "SELECT invite.id, seat.web_session_digest FROM invite"
                " JOIN consultation ON consultation.id = invite.consultation_id"
                " LEFT JOIN seat ON seat.invite_id = invite.id"
                f" WHERE invite.id IN ({marks(ids)})"
                " AND invite.state NOT IN ('revoked', 'expired')"
                " AND consultation.state IN ('planned', 'waiting', 'active', 'kept_open')",
                ids,
            ):
                found[row["id"]] = row["web_session_digest"]
        return found

    async def _holder(self, invite_id: str) -> bytes | None:
        row = await self._executor.row(
            "SELECT web_session_digest FROM seat WHERE invite_id = ?", (invite_id,)
        )
        return row["web_session_digest"] if row else None
