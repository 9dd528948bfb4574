"""Who accounts are at the provider of sign-in, and who waits to be let in."""

from datetime import datetime

from signaling.errors import Conflict
from signaling.identity import AccessRequest, Identity
from signaling.moments.milliseconds import from_ms, to_ms
from storage.engine.executor import Executor, Row


class Identities:
    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    async def account_of(self, identity: Identity) -> str | None:
        """The id of the account that this identity signs in to."""
        row = await self._executor.row(
            "SELECT account_id FROM identity WHERE issuer = ? AND subject = ?",
            (identity.issuer, identity.subject),
        )
        return row["account_id"] if row else None

    async def of_account(self, account_id: str) -> list[Identity]:
        """Oldest first."""
        rows = await self._executor.rows(
            "SELECT issuer, subject FROM identity WHERE account_id = ? ORDER BY created_at, issuer",
            (account_id,),
        )
        return [Identity(row["issuer"], row["subject"]) for row in rows]

    async def accounts(self) -> frozenset[str]:
        """Ids of all accounts that an identity signs in to."""
        rows = await self._executor.rows("SELECT DISTINCT account_id FROM identity")
        return frozenset(row["account_id"] for row in rows)

    async def add(self, identity: Identity, account_id: str, now: datetime) -> None:
        """Raises Conflict if the identity signs in to an account already."""
        added = await self._executor.rows(
            "INSERT INTO identity (issuer, subject, account_id, created_at) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING RETURNING subject",
            (identity.issuer, identity.subject, account_id, to_ms(now)),
        )
        if not added:
            raise Conflict


class AccessRequests:
    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    async def put(self, request: AccessRequest) -> bool:
        """Store what was asked for; one identity has one request. False: it was there before."""
        rows = await self._executor.rows(
            "UPDATE access_request SET email = ?, name = ?, language = ?, time_zone = ?"
            " WHERE issuer = ? AND subject = ? RETURNING id",
            (
                request.email, request.name, request.language, request.time_zone,
                request.identity.issuer, request.identity.subject,
            ),
        )  # fmt: skip
        if rows:
            return False
        await self._executor.rows(
            "INSERT INTO access_request (id, issuer, subject, email, name, language, time_zone,"
            " created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                request.id, request.identity.issuer, request.identity.subject, request.email,
                request.name, request.language, request.time_zone, to_ms(request.created_at),
            ),
        )  # fmt: skip
        return True

    async def get(self, request_id: str) -> AccessRequest | None:
        row = await self._executor.row("SELECT * FROM access_request WHERE id = ?", (request_id,))
        return _request(row) if row else None

    async def all(self) -> list[AccessRequest]:
        """Oldest first."""
        rows = await self._executor.rows("SELECT * FROM access_request ORDER BY created_at, id")
        return [_request(row) for row in rows]

    async def remove(self, request_id: str) -> None:
        await self._executor.rows("DELETE FROM access_request WHERE id = ?", (request_id,))

    async def remove_before(self, moment: datetime) -> None:
        await self._executor.post(
            "DELETE FROM access_request WHERE created_at < ?", (to_ms(moment),)
        )


def _request(row: Row) -> AccessRequest:
    return AccessRequest(
        id=row["id"],
        identity=Identity(row["issuer"], row["subject"]),
        email=row["email"],
        name=row["name"],
        language=row["language"],
        time_zone=row["time_zone"],
        created_at=from_ms(row["created_at"]),
    )
