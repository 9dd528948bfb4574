"""Tables that the native loop looks packets up in, seen by Python as mappings.

Where the loop is not built they are dicts.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from typing import Any, TypeVar

from media.native import native

Key = TypeVar("Key")
Value = TypeVar("Value")


class RoutedMapping(dict[Key, Value]):
    """A dict whose every change is made in a table of the native loop too."""

    __slots__ = ("_key_bytes", "routes")

    def __init__(self, key_bytes: Callable[[Key], bytes]) -> None:
        super().__init__()
        self.routes: Any = native.Routes()
        "The loop's table, which has the same content."
        self._key_bytes = key_bytes

    def __setitem__(self, key: Key, value: Value) -> None:
        self.routes.put(self._key_bytes(key), value)
        super().__setitem__(key, value)

    def __delitem__(self, key: Key) -> None:
        super().__delitem__(key)
        self.routes.remove(self._key_bytes(key))

    def pop(self, key: Key, *default: Any) -> Any:
        """As of a dict."""
        if key not in self:
            return super().pop(key, *default)
        value = self[key]
        del self[key]
        return value

    # Of a dict they would leave the table as it was.
    popitem = MutableMapping.popitem
    clear = MutableMapping.clear
    update = MutableMapping.update
    setdefault = MutableMapping.setdefault

    def __ior__(self, other: Any) -> RoutedMapping[Key, Value]:  # type: ignore[override,misc]
        self.update(other)
        return self


def routed_by_address() -> MutableMapping[bytes, Any]:
    """For peers by packed address."""
    return RoutedMapping(bytes) if native is not None else {}


def routed_by_ssrc() -> MutableMapping[int, Any]:
    """For inbound streams by SSRC."""
    return RoutedMapping(_ssrc_bytes) if native is not None else {}


def _ssrc_bytes(ssrc: int) -> bytes:
    return ssrc.to_bytes(4)
