"""Device checks: the latest one of each invite, sealed; deleted with the invite."""

import msgspec

from signaling.device_check import DeviceCheck
from signaling.invite import Invite
from signaling.moments.milliseconds import to_ms
from storage.engine.executor import Executor
from storage.engine.vault import Vault


def _place(invite_id: str) -> str:
    return f"device_check.result.{invite_id}"


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
                key.seal(_place(invite.id), msgspec.json.encode(check)),
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
        results = {
            row["invite_id"]: key.read(_place(row["invite_id"]), row["result"]) for row in rows
        }
        return {
            invite_id: msgspec.json.decode(result, type=DeviceCheck)
            for invite_id, result in results.items()
            if result is not None  # a damaged one is as good as none
        }
