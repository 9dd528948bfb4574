"""The native packet loop (``thread.c``, ``forward.c``), where it is built, and what it shares.

A class marked with :func:`native_where_built` stands beside the class that derives from it, and
says what each attribute means. Where the loop is built, a C structure (``types.c``) with the same
attributes takes its place, so that C and Python read and write the very same fields and either can
handle a packet.
"""

from __future__ import annotations

import importlib
from typing import Any, TypeVar

INTERFACE = 10
"What this package expects of the native loop; a library built from other sources is not used."


def _load() -> Any:
    try:
        library = importlib.import_module("._native", __package__)
    except ImportError:
        return None
    return library if library.INTERFACE == INTERFACE else None


native: Any = _load()
"The native loop's module, or None where it is not built."

State = TypeVar("State", bound=type)


def native_where_built(python: State) -> State:
    """A class decorator: the C type of the same name, or the class itself without the loop."""
    replacement: State = getattr(native, python.__name__, python)
    return replacement
