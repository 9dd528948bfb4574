"""Accounts and web sessions."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from signaling.account import Account
from signaling.errors import N_, InvalidInput
from signaling.moments.milliseconds import from_ms, maybe_from_ms, maybe_ms, to_ms
from signaling.preferences import Preferences
from storage.engine.commit_hooks import CommitHooks
from storage.engine.executor import Executor, Row, batched, marks


def _account(row: Row) -> Account:
    return Account(
        id=row["id"],
        email=row["email"],
        name=row["name"],
        role=row["role"],
        password_hash=row["password_hash"],
        language=row["language"],
        time_zone=row["time_zone"],
        created_at=from_ms(row["created_at"]),
        suspended_at=maybe_from_ms(row["suspended_at"]),
        preferences=msgspec.json.decode(row["preferences"], type=Preferences),
        deletion_requested_at=maybe_from_ms(row["deletion_requested_at"]),
    )


def folded(written: str) -> bytes:
    """Equal for what differs in the case of ASCII letters alone."""
    return written.encode("utf-8", "surrogatepass").lower()  # of bytes: ASCII letters alone


class Accounts:
    def __init__(self, executor: Executor, web_sessions: "WebSessions") -> None:
        self._executor = executor
        self._web_sessions = web_sessions

    async def add(self, account: Account) -> None:
        """Raises InvalidInput if the email is taken."""
        added = await self._executor.rows(
            "INSERT INTO account (id, email, name, role, password_hash, language, time_zone,"
            " created_at, suspended_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING RETURNING id",
            (
                account.id, account.email, account.name, account.role, account.password_hash,
                account.language, account.time_zone, to_ms(account.created_at),
                maybe_ms(account.suspended_at),
            ),
        )  # fmt: skip
        if not added:
            raise InvalidInput("email", N_("There is an account with this email already."))

    async def get(self, account_id: str) -> Account | None:
        row = await self._executor.row(
            "SELECT * FROM account WHERE id = ? AND deleted_at IS NULL", (account_id,)
        )
        return _account(row) if row else None

    async def by_email(self, email: str) -> Account | None:
        """The account with this address, but for the case of ASCII letters."""
        rows = await self._executor.rows("SELECT * FROM account WHERE email = ?", (email,))
        # PostgreSQL takes more for alike than SQLite does, as \u00e9 and \u00c9
        same = [row for row in rows if folded(row["email"]) == folded(email)]
        return _account(same[0]) if same else None

    async def all(self) -> list[Account]:
        """All accounts: those who may sign in first, then by name."""
        rows = await self._executor.rows(
            "SELECT * FROM account WHERE deleted_at IS NULL"
            " ORDER BY suspended_at IS NOT NULL, name COLLATE NOCASE, id"
        )
        return [_account(row) for row in rows]

    async def exists(self) -> bool:
        """Whether there is any account."""
        return bool(
            await self._executor.rows("SELECT 1 FROM account WHERE deleted_at IS NULL LIMIT 1")
        )

    async def remove(self, account_id: str, now: datetime) -> None:
        """Delete an account with everything that belongs to it, and sign it out everywhere.

        While closed sessions of it are kept, a row without name and address stays for them; it goes
        with the last of them, see `Consultations.purge`.
        """
        await self._web_sessions.remove_all_of(account_id)
        # the row is gone for a moment, in which its sessions refer to nothing
        async with self._executor.late_references():
            await self._executor.rows("DELETE FROM account WHERE id = ?", (account_id,))
            await self._executor.rows(
                "INSERT INTO account (id, email, name, role, language, time_zone, created_at,"
                " suspended_at, deleted_at)"
                " SELECT ?1, 'deleted:' || ?1, '', 'scheduler', '', '', ?2, ?2, ?2"
                " WHERE EXISTS (SELECT 1 FROM consultation WHERE scheduler_id = ?1)",
                (account_id, to_ms(now)),
            )

    async def change(self, account: Account) -> None:
        """Store what may change: all but the id, the email, and when it was made.

        A suspended account, or one with another role, is signed out everywhere.
        """
        before = await self.get(account.id)
        await self._executor.rows(
            "UPDATE account SET name = ?, role = ?, password_hash = ?, language = ?,"
            " time_zone = ?, suspended_at = ?, preferences = ?, deletion_requested_at = ?"
            " WHERE id = ?",
            (
                account.name, account.role, account.password_hash, account.language,
                account.time_zone, maybe_ms(account.suspended_at),
                msgspec.json.encode(account.preferences).decode(),
                maybe_ms(account.deletion_requested_at), account.id,
            ),
        )  # fmt: skip
        if account.suspended_at or (before and before.role != account.role):
            await self._web_sessions.remove_all_of(account.id)

    async def remove_unused(self, account_id: str) -> bool:
        """Delete an account to which nobody has ever signed in; False if it is in use."""
        rows = await self._executor.rows(
            "DELETE FROM account WHERE id = ? AND password_hash IS NULL AND NOT EXISTS"
            " (SELECT 1 FROM identity WHERE account_id = account.id) AND NOT EXISTS"
            " (SELECT 1 FROM consultation WHERE scheduler_id = account.id) RETURNING id",
            (account_id,),
        )
        return bool(rows)


MILLISECOND = timedelta(milliseconds=1)
Term = tuple[timedelta, timedelta]
"(from now, at most from its creation)."


class WebSessions:
    """Who is signed in: rows by the digest of the cookie's token.

    Removing a row ends what is open on its strength, see `storage/engine/commit_hooks.py`.
    """

    def __init__(self, executor: Executor, hooks: CommitHooks) -> None:
        self._executor = executor
        self._hooks = hooks

    async def load(self, digest: bytes, now: datetime) -> tuple[str, datetime, datetime] | None:
        """(data, created_at, expires_at) of a session that has not expired."""
        row = await self._executor.row(
            "SELECT * FROM web_session WHERE token_digest = ? AND expires_at > ?",
            (digest, to_ms(now)),
        )
        if row is None:
            return None
        return row["data"], from_ms(row["created_at"]), from_ms(row["expires_at"])

    async def owner(self, digest: bytes) -> tuple[str | None, str] | None:
        """(account id, data) of a session, even if it has expired, as long as it is stored."""
        row = await self._executor.row(
            "SELECT account_id, data FROM web_session WHERE token_digest = ?", (digest,)
        )
        return (row["account_id"], row["data"]) if row else None

    async def ends(self, digests: Iterable[bytes]) -> dict[bytes, datetime]:
        """When each expires, or has expired; only those whose account, if any, is not suspended."""
        found: dict[bytes, datetime] = {}
        for group in batched(digests):
            rows = await self._executor.rows(
                "SELECT token_digest, expires_at FROM web_session"
                " LEFT JOIN account ON account.id = web_session.account_id"
                f" WHERE token_digest IN ({marks(group)}) AND account.suspended_at IS NULL",
                group,
            )
            found.update((row["token_digest"], from_ms(row["expires_at"])) for row in rows)
        return found

    async def next_expiry(self, now: datetime) -> datetime | None:
        """When the next one expires."""
        row = await self._executor.row(
            "SELECT MIN(expires_at) AS expires_at FROM web_session WHERE expires_at > ?",
            (to_ms(now),),
        )
        return maybe_from_ms(row["expires_at"]) if row else None

    async def save(
        self, digest: bytes, account_id: str | None, data: str, now: datetime, expires_at: datetime
    ) -> None:
        await self._executor.post(
            "INSERT INTO web_session (token_digest, account_id, data, created_at, expires_at)"
            " VALUES (?, ?, ?, ?, ?) ON CONFLICT (token_digest) DO UPDATE SET"
            " account_id = excluded.account_id, data = excluded.data,"
            " expires_at = excluded.expires_at",
            (digest, account_id, data, to_ms(now), to_ms(expires_at)),
        )

    async def change(self, digest: bytes, account_id: str | None, data: str) -> None:
        """Store what a session holds, unless it was ended meanwhile."""
        await self._executor.post(
            "UPDATE web_session SET account_id = ?, data = ? WHERE token_digest = ?",
            (account_id, data, digest),
        )

    async def note_provider(
        self, digest: bytes, issuer: str, subject: str, session_id: str | None
    ) -> None:
        """Store by which session at the provider of sign-in this one began."""
        await self._executor.rows(
            "UPDATE web_session SET issuer = ?, subject = ?, provider_session = ?"
            " WHERE token_digest = ?",
            (issuer, subject, session_id, digest),
        )

    async def provider_of(self, digest: bytes) -> str | None:
        """The issuer that this one began at; None if it began otherwise."""
        row = await self._executor.row(
            "SELECT issuer FROM web_session WHERE token_digest = ?", (digest,)
        )
        return row["issuer"] if row else None

    async def remove_of_provider(
        self, issuer: str, subject: str | None, session_id: str | None
    ) -> list[str]:
        """End what began by a session at the provider of sign-in; the ids of the accounts.

        Without a `session_id` all of the subject; with one that session alone, and those of the
        subject of which the provider had not said by which session they began.
        """
        # compared before they are asked for NULL: PostgreSQL learns their types from that
        condition = (
            "issuer = ?1 AND (subject = ?2 OR ?2 IS NULL) AND (provider_session = ?3 OR ?3 IS NULL"
            " OR (?2 IS NOT NULL AND provider_session IS NULL))"
        )
        values = (issuer, subject, session_id)
        rows = await self._executor.rows(
            f"SELECT DISTINCT account_id FROM web_session WHERE {condition}", values
        )
        await self._remove(condition, *values)
        return [row["account_id"] for row in rows if row["account_id"]]

    async def remove_of_other_ways(self, issuer: str) -> list[str]:
        """End what accounts began otherwise than at this provider of sign-in; their ids."""
        condition = "account_id IS NOT NULL AND (issuer IS NULL OR issuer <> ?)"
        rows = await self._executor.rows(
            f"SELECT DISTINCT account_id FROM web_session WHERE {condition}", (issuer,)
        )
        await self._remove(condition, issuer)
        return [row["account_id"] for row in rows]

    async def prolong(
        self, digests: Iterable[bytes], now: datetime, signed_in: Term, by_link: Term
    ) -> None:
        """Extend sessions that have not expired: `signed_in` for accounts, `by_link` for seats."""
        for group in batched(digests):
            await self._executor.rows(
                "UPDATE web_session SET used_at = ?, expires_at ="
                " MAX(expires_at, CASE WHEN account_id IS NULL"
                " THEN MIN(?, created_at + ?) ELSE MIN(?, created_at + ?) END)"
                f" WHERE token_digest IN ({marks(group)}) AND expires_at > ?",
                (
                    to_ms(now),
                    *(to_ms(now + by_link[0]), by_link[1] // MILLISECOND),
                    *(to_ms(now + signed_in[0]), signed_in[1] // MILLISECOND),
                    *group,
                    to_ms(now),
                ),
            )

    async def of_account(
        self, account_id: str, now: datetime
    ) -> list[tuple[bytes, str, datetime, datetime]]:
        """(digest, data, created_at, when it was last used) of each, newest first."""
        rows = await self._executor.rows(
            "SELECT * FROM web_session WHERE account_id = ? AND expires_at > ?"
            " ORDER BY created_at DESC, token_digest",
            (account_id, to_ms(now)),
        )
        return [
            (
                row["token_digest"],
                row["data"],
                from_ms(row["created_at"]),
                from_ms(row["used_at"] or row["created_at"]),
            )
            for row in rows
        ]

    async def remove(self, digest: bytes) -> None:
        await self._remove("token_digest = ?", digest)

    async def remove_all_of(self, account_id: str, *, keep: bytes = b"") -> None:
        """Sign somebody out everywhere but in the session `keep`."""
        await self._remove("account_id = ? AND token_digest <> ?", account_id, keep)

    async def move(self, before: bytes, after: bytes) -> None:
        """Replace a session by the one with which the same account has signed in again.

        What is open on the strength of `before` goes on, and so do its seats.
        """
        await self._executor.rows(
            "UPDATE seat SET web_session_digest = ? WHERE web_session_digest = ?", (after, before)
        )
        await self._executor.rows("DELETE FROM web_session WHERE token_digest = ?", (before,))
        self._hooks.web_session_moved(self._executor, before, after)

    async def clamp_future(self, now: datetime, signed_in: timedelta, by_link: timedelta) -> None:
        """Limit sessions that a wrong clock has dated in the future to these lifetimes."""
        await self._executor.post(
            "UPDATE web_session SET created_at = MIN(created_at, ?3), expires_at ="
            " MIN(expires_at, CASE WHEN account_id IS NULL THEN ?2 ELSE ?1 END)"
            " WHERE expires_at > ?1 OR created_at > ?3",
            (to_ms(now + signed_in), to_ms(now + by_link), to_ms(now)),
        )

    async def remove_expired(self, now: datetime, late: timedelta, held: set[bytes]) -> None:
        """Remove what has expired; that of an account `late` after it, unless it is `held`."""
        await self._remove("account_id IS NULL AND expires_at <= ?", to_ms(now))
        rows = await self._executor.rows(
            "SELECT token_digest FROM web_session WHERE account_id IS NOT NULL AND expires_at <= ?",
            (to_ms(now - late),),
        )
        for digest in {row["token_digest"] for row in rows} - held:
            await self.remove(digest)

    async def _remove(self, condition: str, *values: bytes | str | int | None) -> None:
        """Delete rows and report them; only a purge deletes web sessions elsewhere."""
        rows = await self._executor.rows(
            f"DELETE FROM web_session WHERE {condition} RETURNING token_digest", values
        )
        self._hooks.web_sessions_ended(self._executor, (row["token_digest"] for row in rows))
