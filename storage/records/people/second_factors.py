"""Passkeys, authenticator apps and recovery codes, by account.

An app's secret is sealed under a secret of its own. A proposed app has not been confirmed by a code
yet, and lets nobody in; it may stand beside one that has been.
"""

import json
import os
from base64 import b32encode
from collections.abc import Iterable
from datetime import datetime

from signaling.moments.milliseconds import from_ms, maybe_from_ms, maybe_ms, to_ms
from signaling.second_factor import AuthenticatorApp, Passkey, SecondFactors
from storage.engine.executor import Executor, Row
from storage.engine.vault import ConsultationKey, Vault

SECRET = "authenticator apps"
"Name of the secret that seals those of apps."


def _passkey(row: Row) -> Passkey:
    return Passkey(
        credential_id=row["credential_id"],
        account_id=row["account_id"],
        public_key=row["public_key"],
        sign_count=row["sign_count"],
        transports=tuple(json.loads(row["transports"])),
        name=row["name"],
        created_at=from_ms(row["created_at"]),
        used_at=maybe_from_ms(row["used_at"]),
    )


class Passkeys:
    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    async def add(self, passkey: Passkey) -> None:
        """Raises IntegrityError if the credential is known, to whomever it belongs."""
        await self._executor.rows(
            "INSERT INTO passkey (credential_id, account_id, public_key, sign_count, transports,"
            " name, created_at, used_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                passkey.credential_id, passkey.account_id, passkey.public_key, passkey.sign_count,
                json.dumps(passkey.transports), passkey.name, to_ms(passkey.created_at),
                maybe_ms(passkey.used_at),
            ),
        )  # fmt: skip

    async def get(self, credential_id: bytes) -> Passkey | None:
        row = await self._executor.row(
            "SELECT * FROM passkey WHERE credential_id = ?", (credential_id,)
        )
        return _passkey(row) if row else None

    async def of_account(self, account_id: str) -> tuple[Passkey, ...]:
        """Oldest first."""
        rows = await self._executor.rows(
            "SELECT * FROM passkey WHERE account_id = ? ORDER BY created_at, credential_id",
            (account_id,),
        )
        return tuple(map(_passkey, rows))

    async def note_use(self, credential_id: bytes, sign_count: int, now: datetime) -> bool:
        """Store a use; False if the count has not grown since the last one.

        Either both are 0, or the new one is greater (WebAuthn Level 3, section 7.2, step 22).
        """
        rows = await self._executor.rows(
            "UPDATE passkey SET sign_count = ?1, used_at = ?2 WHERE credential_id = ?3"
            " AND (sign_count < ?1 OR (sign_count = 0 AND ?1 = 0)) RETURNING credential_id",
            (sign_count, to_ms(now), credential_id),
        )
        return bool(rows)

    async def remove(self, account_id: str, credential_id: bytes) -> bool:
        """Whether the account had it."""
        rows = await self._executor.rows(
            "DELETE FROM passkey WHERE account_id = ? AND credential_id = ?"
            " RETURNING credential_id",
            (account_id, credential_id),
        )
        return bool(rows)


class AuthenticatorApps:
    def __init__(self, executor: Executor, vault: Vault) -> None:
        self._executor = executor
        self._vault = vault

    async def propose(self, app: AuthenticatorApp) -> None:
        """Store an app that is not confirmed yet, in place of an earlier one that is not."""
        key = ConsultationKey(SECRET, await self._vault.secret(self._executor, SECRET))
        await self._executor.rows(
            "INSERT INTO authenticator_app (account_id, confirmed, secret, created_at, last_step)"
            " VALUES (?, 0, ?, ?, ?) ON CONFLICT (account_id, confirmed) DO UPDATE SET"
            " secret = excluded.secret, created_at = excluded.created_at,"
            " last_step = excluded.last_step",
            (
                app.account_id, key.seal(_place(app.account_id), app.secret.encode()),
                to_ms(app.created_at), app.last_step,
            ),
        )  # fmt: skip

    async def proposed(self, account_id: str) -> AuthenticatorApp | None:
        return await self._find(account_id, confirmed=False)

    async def of_account(self, account_id: str) -> AuthenticatorApp | None:
        """The confirmed one."""
        return await self._find(account_id, confirmed=True)

    async def _find(self, account_id: str, *, confirmed: bool) -> AuthenticatorApp | None:
        row = await self._executor.row(
            "SELECT * FROM authenticator_app WHERE account_id = ? AND confirmed = ?",
            (account_id, int(confirmed)),
        )
        secret = await self._vault.find_secret(self._executor, SECRET) if row else None
        if row is None or secret is None:
            return None
        plain = ConsultationKey(SECRET, secret).read(_place(account_id), row["secret"])
        return AuthenticatorApp(
            account_id=account_id,
            # of a damaged one no code is right: the account is asked for one all the same
            secret=(plain or b32encode(os.urandom(20))).decode(),
            created_at=from_ms(row["created_at"]),
            last_step=row["last_step"],
        )

    async def confirm(self, account_id: str, step: int) -> bool:
        """Let the proposed app count, in place of the one before; False if there is none.

        `step` is that of the code which confirms it.
        """
        if await self.proposed(account_id) is None:
            return False
        await self._executor.rows(
            "DELETE FROM authenticator_app WHERE account_id = ? AND confirmed = 1", (account_id,)
        )
        await self._executor.rows(
            "UPDATE authenticator_app SET confirmed = 1, last_step = ? WHERE account_id = ?",
            (step, account_id),
        )
        return True

    async def take_step(self, account_id: str, step: int) -> bool:
        """Use up a code and all before it; False if it was used up already."""
        rows = await self._executor.rows(
            "UPDATE authenticator_app SET last_step = ?1 WHERE account_id = ?2 AND confirmed = 1"
            " AND last_step < ?1 RETURNING account_id",
            (step, account_id),
        )
        return bool(rows)

    async def remove(self, account_id: str) -> bool:
        """Remove it, and a proposed one; whether there was one that counted."""
        rows = await self._executor.rows(
            "DELETE FROM authenticator_app WHERE account_id = ? RETURNING confirmed", (account_id,)
        )
        return any(row["confirmed"] for row in rows)


def _place(account_id: str) -> str:
    return f"authenticator_app.secret.{account_id}"


class RecoveryCodes:
    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    async def replace(self, account_id: str, digests: Iterable[bytes]) -> None:
        """Store new codes; all earlier ones are void."""
        await self.remove_of(account_id)
        for digest in digests:
            await self._executor.rows(
                "INSERT INTO recovery_code (account_id, digest) VALUES (?, ?)", (account_id, digest)
            )

    async def use(self, account_id: str, digest: bytes) -> bool:
        """Use up a code; False if the account has no such code."""
        rows = await self._executor.rows(
            "DELETE FROM recovery_code WHERE account_id = ? AND digest = ? RETURNING digest",
            (account_id, digest),
        )
        return bool(rows)

    async def count(self, account_id: str) -> int:
        """How many are left."""
        row = await self._executor.row(
            "SELECT COUNT(*) AS count FROM recovery_code WHERE account_id = ?", (account_id,)
        )
        return int(row["count"]) if row else 0

    async def remove_of(self, account_id: str) -> None:
        await self._executor.rows("DELETE FROM recovery_code WHERE account_id = ?", (account_id,))


class SecondFactorRecords:
    """All second factors of an account."""

    def __init__(self, executor: Executor, vault: Vault) -> None:
        self._executor = executor
        self.passkeys = Passkeys(executor)
        self.apps = AuthenticatorApps(executor, vault)
        self.recovery_codes = RecoveryCodes(executor)

    async def of_account(self, account_id: str) -> SecondFactors:
        return SecondFactors(
            passkeys=await self.passkeys.of_account(account_id),
            app=await self.apps.of_account(account_id),
            recovery_codes=await self.recovery_codes.count(account_id),
        )

    async def any_of(self, account_id: str) -> bool:
        """Whether the account has a passkey or an app that counts; nothing is unsealed."""
        row = await self._executor.row(
            "SELECT 1 FROM passkey WHERE account_id = ?1 UNION ALL"
            " SELECT 1 FROM authenticator_app WHERE account_id = ?1 AND confirmed = 1 LIMIT 1",
            (account_id,),
        )
        return row is not None

    async def remove_all_of(self, account_id: str) -> None:
        """Remove every factor and recovery code, and what was only proposed."""
        for passkey in await self.passkeys.of_account(account_id):
            await self.passkeys.remove(account_id, passkey.credential_id)
        await self.apps.remove(account_id)
        await self.recovery_codes.remove_of(account_id)
