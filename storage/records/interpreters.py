"""Interpreting organizations, and the requests sent to them."""

from datetime import datetime

from signaling.interpreter_request import InterpreterRequest, InterpretingOrganization
from signaling.moments.milliseconds import from_ms, maybe_from_ms, maybe_ms, to_ms
from signaling.token import token_digest
from storage.engine.executor import Executor, Row
from storage.engine.vault import Vault


def _organization(row: Row) -> InterpretingOrganization:
    return InterpretingOrganization(
        id=row["id"],
        name=row["name"],
        email=row["email"],
        languages=tuple(row["languages"].split()),
        position=row["position"],
        active=bool(row["active"]),
    )


def _request(row: Row) -> InterpreterRequest:
    return InterpreterRequest(
        id=row["id"],
        consultation_id=row["consultation_id"],
        organization_id=row["organization_id"],
        language=row["language"],
        token_digest=row["token_digest"],
        created_at=from_ms(row["created_at"]),
        expires_at=from_ms(row["expires_at"]),
        state=row["state"],
        decided_at=maybe_from_ms(row["decided_at"]),
    )


class Interpreters:
    def __init__(self, executor: Executor, vault: Vault) -> None:
        self._executor = executor
        self._vault = vault

    async def organizations(self) -> list[InterpretingOrganization]:
        """In the order in which they are asked."""
        rows = await self._executor.rows(
            "SELECT * FROM interpreting_organization ORDER BY position, name"
        )
        return [_organization(row) for row in rows]

    async def put_organization(self, organization: InterpretingOrganization) -> None:
        """Insert or replace an organization."""
        await self._executor.rows(
            "INSERT INTO interpreting_organization (id, name, email, languages, position, active)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name,"
            " email = excluded.email, languages = excluded.languages,"
            " position = excluded.position, active = excluded.active",
            (
                organization.id, organization.name, organization.email,
                " ".join(organization.languages), organization.position,
                int(organization.active),
            ),
        )  # fmt: skip

    async def remove_organization(self, organization_id: str) -> None:
        await self._executor.rows(
            "DELETE FROM interpreting_organization WHERE id = ?", (organization_id,)
        )

    async def token(self, consultation_id: str, request_id: str) -> str:
        """The token of a request, derived from the consultation's key."""
        key = await self._vault.key(self._executor, consultation_id)
        return key.token(f"interpreter_request:{request_id}")

    async def add_request(self, request: InterpreterRequest) -> None:
        await self._executor.rows(
            "INSERT INTO interpreter_request (id, consultation_id, organization_id, language,"
            " state, token_digest, created_at, expires_at, decided_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                request.id, request.consultation_id, request.organization_id, request.language,
                request.state, request.token_digest, to_ms(request.created_at),
                to_ms(request.expires_at), maybe_ms(request.decided_at),
            ),
        )  # fmt: skip

    async def change_request(self, request: InterpreterRequest) -> None:
        await self._executor.rows(
            "UPDATE interpreter_request SET state = ?, decided_at = ?, expires_at = ? WHERE id = ?",
            (request.state, maybe_ms(request.decided_at), to_ms(request.expires_at), request.id),
        )

    async def by_token(self, token: str) -> InterpreterRequest | None:
        row = await self._executor.row(
            "SELECT * FROM interpreter_request WHERE token_digest = ?", (token_digest(token),)
        )
        return _request(row) if row else None

    async def requests_of(self, consultation_id: str) -> list[InterpreterRequest]:
        """In the order in which they were sent."""
        rows = await self._executor.rows(
            "SELECT * FROM interpreter_request WHERE consultation_id = ?"
            " ORDER BY created_at, rowid",
            (consultation_id,),
        )
        return [_request(row) for row in rows]

    async def expired(self, now: datetime) -> list[InterpreterRequest]:
        """Unanswered requests whose time is over."""
        rows = await self._executor.rows(
            "SELECT * FROM interpreter_request WHERE state = 'sent' AND expires_at <= ?"
            " ORDER BY expires_at",
            (to_ms(now),),
        )
        return [_request(row) for row in rows]

    async def clamp_future(self, now: datetime) -> None:
        """Let requests that a wrong clock has dated in the future wait from now on."""
        await self._executor.post(
            "UPDATE interpreter_request SET expires_at = expires_at - created_at + ?1,"
            " created_at = ?1 WHERE created_at > ?1 AND state = 'sent'",
            (to_ms(now),),
        )

    async def next_expiry(self) -> datetime | None:
        row = await self._executor.row(
            "SELECT MIN(expires_at) AS expires_at FROM interpreter_request WHERE state = 'sent'"
        )
        return maybe_from_ms(row["expires_at"]) if row else None
