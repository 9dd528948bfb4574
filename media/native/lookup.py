"""Tables that the native loop looks packets up in, seen by Python as mappings.

Where the loop is not built they are dicts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from typing import Any, TypeVar

from media.native import native

Key = TypeVar("Key")
Value = TypeVar("Value")


class RoutedMapping(MutableMapping[Key, Value]):
    """A dict whose every change is made in a table of the native loop too."""

    def __init__(self, key_bytes: Callable[[Key], bytes]) -> None:
        self.routes: Any = native.Routes()
        "The loop's table, which has the same content."
        self._key_bytes = key_bytes
        self._entries: dict[Key, Value] = {}

    def __getitem__(self, key: Key) -> Value:
        return self._entries[key]

    def __setitem__(self, key: Key, value: Value) -> None:
        self.routes.put(self._key_bytes(key), value)
        self._entries[key] = value

    def __delitem__(self, key: Key) -> None:
        del self._entries[key]
        self.routes.remove(self._key_bytes(key))

    def __contains__(self, key: object) -> bool:
        return key in self._entries

    def __iter__(self) -> Iterator[Key]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Key, default: Any = None) -> Any:
        """As of a dict."""
        return self._entries.get(key, default)

    def values(self) -> Any:
        """As of a dict."""
        return self._entries.values()

    def items(self) -> Any:
        """As of a dict."""
        return self._entries.items()


def routed_by_address() -> MutableMapping[bytes, Any]:
    """For peers by packed address."""
    return RoutedMapping(bytes) if native is not None else {}


def routed_by_ssrc() -> MutableMapping[int, Any]:
    """For inbound streams by SSRC."""
    return RoutedMapping(_ssrc_bytes) if native is not None else {}


def _ssrc_bytes(ssrc: int) -> bytes:
    return ssrc.to_bytes(4)
