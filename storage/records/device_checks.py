"""Device checks: the latest one of each invite, sealed; deleted with the invite."""

import msgspec

from signaling.device_check import DeviceCheck
from signaling.invite import Invite
from signaling.moments.milliseconds import to_ms
from storage.engine.executor import Executor
from storage.engine.vault import Vault


class DeviceChecks:
    def __init__(self, executor: Executor, vault: Vault) -> None:
        self._executor = executor
        self._vault = vault

    async def put(self, invite: Invite, check: DeviceCheck) -> None:
        """Store `check`, replacing an earlier one of the same invite."""
        key = await self._vault.key(self._executor, invite.consultation_id)
        await self._executor.rows(
            "INSERT INTO device_check (invite_id, result, at) VALUES (?, ?, ?)"
            " ON CONFLICT (invite_id) DO UPDATE SET result = excluded.result, at = excluded.at",
            (
                invite.id,
                key.seal(f"device_check.result.{invite.id}", msgspec.json.encode(check)),
                to_ms(check.at),
            ),
        )

    async def of_consultation(self, consultation_id: str) -> dict[str, DeviceCheck]:
        """Invite id -> its latest check."""
        rows = await self._executor.rows(
            "SELECT device_check.* FROM device_check JOIN invite ON invite.id = invite_id"
            " WHERE consultation_id = ?",
            (consultation_id,),
        )
        if not rows:
            return {}
        key = await self._vault.key(self._executor, consultation_id)
        return {
            row["invite_id"]: msgspec.json.decode(
                key.open(f"device_check.result.{row['invite_id']}", row["result"]),
                type=DeviceCheck,
            )
            for row in rows
        }
