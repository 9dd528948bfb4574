"""Requests to the provider: limited in time and size, and never led elsewhere."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import aiohttp

from signaling.identity import ProviderUnavailable

MOST_BYTES = 512 * 1024
"Of an answer: more than any set of keys or token."
TRIES = 2
"Of a request that may be repeated, if the provider drops it or answers with an error of its own."


class Exchange:
    """HTTP with one provider. All methods raise ProviderUnavailable."""

    def __init__(self, patience: timedelta = timedelta(seconds=8)) -> None:
        self.patience = patience
        "How long one request may take, to the last byte of its answer."
        self._http: aiohttp.ClientSession | None = None

    async def read(
        self, what: str, address: str, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """The JSON object at an address; `what` is its name in the log."""
        for left in reversed(range(TRIES)):
            try:
                status, found = await self._ask(what, "GET", address, headers=headers)
                if status < 500 or not left:
                    break
            except _Dropped as error:
                if not left:
                    raise ProviderUnavailable(str(error)) from None
        return self._successful(what, status, found)

    async def post(
        self, what: str, address: str, form: Mapping[str, str], headers: Mapping[str, str]
    ) -> tuple[int, dict[str, Any]]:
        """Status and JSON object of the answer to a form, which is sent once."""
        try:
            status, found = await self._ask(what, "POST", address, data=form, headers=headers)
        except _Dropped as error:
            raise ProviderUnavailable(str(error)) from None
        if status >= 500 or found is None:
            self._successful(what, status, found)
        return status, found or {}

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()

    @staticmethod
    def _successful(what: str, status: int, found: dict[str, Any] | None) -> dict[str, Any]:
        if status != 200:
            raise ProviderUnavailable(f"{what}: the answer has status {status}")
        if found is None:
            raise ProviderUnavailable(f"{what}: the answer is no JSON object, or too large")
        return found

    async def _ask(
        self, what: str, method: str, address: str, **options: Any
    ) -> tuple[int, dict[str, Any] | None]:
        """Status and JSON object; None for any other content. Raises _Dropped as well."""
        if self._http is None:
            self._http = aiohttp.ClientSession(
                headers={"Accept": "application/json"}, cookie_jar=aiohttp.DummyCookieJar()
            )
        limit = aiohttp.ClientTimeout(self.patience.total_seconds())
        try:
            async with self._http.request(
                method, address, allow_redirects=False, timeout=limit, **options
            ) as answer:
                body = bytearray()
                async for part in answer.content.iter_any():
                    body += part
                    if len(body) > MOST_BYTES:
                        return answer.status, None
                return answer.status, _object(bytes(body))
        except TimeoutError:
            raise ProviderUnavailable(f"{what}: no answer in time") from None
        except (aiohttp.ClientError, ValueError, OSError) as error:
            raise _Dropped(f"{what}: {type(error).__name__}") from None


class _Dropped(Exception):
    """The provider cannot be reached, or speaks no HTTP."""


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
