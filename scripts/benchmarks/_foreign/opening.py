"""A capture opened with the keys of a run: every datagram with its client, in the clear."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import cffi  # type: ignore[import-untyped]
import pylibsrtp

from media.transport.port import SLOT
from media.transport.srtp import TRAILER, Cipher
from scripts.benchmarks._foreign.capture import Datagram


@dataclass(frozen=True)
class Opened:
    """A datagram between the relay and one client."""

    client: str
    upward: bool
    "From the client to the relay."
    sealed: Datagram
    plain: bytes | None
    "RTP or RTCP decrypted, everything else as it was; None if the keys do not open it."

    @property
    def clear(self) -> Datagram:
        """As it would have been captured without encryption."""
        return replace(self.sealed, data=self.plain or b"")


class Opener:
    """One direction of one client."""

    def __init__(self, profile: int, key: str) -> None:
        self._cipher = Cipher(profile, bytes.fromhex(key), outgoing=False)
        self._foreign: Any = cffi.FFI()
        self._buffer = self._foreign.new("char[]", SLOT + TRAILER)
        self._size = self._foreign.new("int *")

    def open(self, datagram: Datagram) -> bytes | None:
        """RTP or RTCP in the clear; None if the keys do not fit."""
        if datagram.kind == "rtcp":
            try:
                return self._cipher.unprotect_rtcp(datagram.data)
            except (pylibsrtp.Error, ValueError):
                return None
        view = self._foreign.buffer(self._buffer)
        view[0 : len(datagram.data)] = datagram.data
        self._size[0] = len(datagram.data)
        if self._cipher.unprotect(self._buffer, self._size):
            return None
        return bytes(view[0 : self._size[0]])


def opened(
    datagrams: Iterable[Datagram], members: dict[str, dict[str, Any]], relay: tuple[str, int]
) -> Iterator[Opened]:
    """The datagrams between the relay and the members of a run, in their order."""
    names = {member["address"]: name for name, member in members.items()}
    openers = {
        (name, upward): Opener(member["profile"], member["from_client" if upward else "to_client"])
        for name, member in members.items()
        if member["connected_at"]
        for upward in (True, False)
    }
    for one in datagrams:
        upward = one.destination == relay
        name = names.get(one.source[0] if upward else one.destination[0])
        if name is None or not (upward or one.source == relay):
            continue
        opener = openers.get((name, upward))
        if one.kind not in ("rtp", "rtcp"):
            yield Opened(name, upward, one, one.data)
        else:
            yield Opened(name, upward, one, opener.open(one) if opener else None)
