"""The provider's public keys (RFC 7517): read when needed, and again when it has changed them."""

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, Key, OKPKey, RSAKey

from signaling.ports.clock import Clock
from web.sign_in.oidc.exchange import Exchange

REREAD_AFTER = timedelta(minutes=1)
"At most so often because of a token that no key fits, which anybody can make up."
KINDS: dict[str, type[Key]] = {"RS": RSAKey, "PS": RSAKey, "ES": ECKey, "Ed": OKPKey}
"Beginning of an algorithm's name -> what its keys are (RFC 7518, section 3.1; RFC 9864)."


class Keys:
    def __init__(self, exchange: Exchange, steady: Clock) -> None:
        self._exchange = exchange
        self._steady = steady
        self._keys: list[Key] = []
        self._read_at: datetime | None = None
        self._reading = asyncio.Lock()

    async def fitting(self, address: str, kid: object, algorithm: str) -> list[Key]:
        """Those that may have signed a token, read from `address` again if there are none.

        Raises ProviderUnavailable.
        """
        seen = self._read_at
        found = self._fitting(kid, algorithm)
        if not found and await self.reread(address, seen):
            found = self._fitting(kid, algorithm)
        return found

    async def reread(self, address: str, seen: datetime | None) -> bool:
        """Read the keys, unless that was done within the minute. Returns whether they are newer.

        `seen` is `read_at` of the keys that did not fit. Raises ProviderUnavailable.
        """
        async with self._reading:
            if self._read_at != seen:
                return True  # somebody else has read them meanwhile
            now = self._steady.now()
            if self._read_at is not None and now < self._read_at + REREAD_AFTER:
                return False
            document = await self._exchange.read("keys", address)
            self._keys, self._read_at = list(_imported(document)), now
            return True

    @property
    def read_at(self) -> datetime | None:
        return self._read_at

    def _fitting(self, kid: object, algorithm: str) -> list[Key]:
        kind = KINDS.get(algorithm[:2])
        return [
            key
            for key in self._keys
            if kind is not None
            and isinstance(key, kind)
            and (kid is None or key.get("kid") == kid)
            and key.get("use") in (None, "sig")
            and key.get("alg") in (None, algorithm)
        ]


def _imported(document: dict[str, Any]) -> Iterable[Key]:
    """Keys of kinds that are understood; others are skipped (RFC 7517, section 5)."""
    entries = document.get("keys")
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and entry.get("kty") in ("RSA", "EC", "OKP"):
            try:
                yield JWKRegistry.import_key(entry)
            except (JoseError, ValueError, TypeError, KeyError):
                continue
