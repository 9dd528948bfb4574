"""SRTP in place: packets are protected and unprotected in the buffer they are in (RFC 3711).

The only file that uses private names of pylibsrtp: ``Session._srtp`` (the native session) and
``pylibsrtp._binding`` (its ``lib`` and ``ffi``). Calling them directly saves two copies and an
allocation per packet, half of the cost. If a release of pylibsrtp hides them, :class:`Cipher` uses
the public methods instead; ``tests/media/transport/test_srtp.py`` compares both.

No pair of SSRC and sequence number is ever protected twice with other bytes, which under AES-GCM
would reveal the key stream (RFC 7714 section 8.4). Outgoing sessions are therefore made here and
not by aiortc, which allows repeats: libsrtp itself refuses a second packet with the same index.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import cffi  # type: ignore[import-untyped]
import pylibsrtp
from pylibsrtp import Policy, Session

WINDOW = 1024
"Replay window in packets: 3 s of 3 Mbit/s video may arrive out of order."
TRAILER = 16 + 4
"Most bytes that protection adds: the authentication tag, and for RTCP the index."

_SIGNATURE = "srtp_err_status_t(*)(struct srtp_ctx_t_ *, void *, int *)"

_foreign: Any = cffi.FFI()

Operation = Callable[[Any, Any], int]


def native_binding() -> tuple[Any, Any] | None:
    """pylibsrtp's ``(lib, ffi)``, or None if this release keeps them elsewhere."""
    try:
        from pylibsrtp import _binding
    except ImportError:
        return None
    library = getattr(_binding, "lib", None)
    needed = ("srtp_protect", "srtp_unprotect", "srtp_protect_rtcp", "srtp_unprotect_rtcp")
    if not all(hasattr(library, name) for name in needed) or not hasattr(Session, "protect"):
        return None
    return library, _binding.ffi


def srtp_functions() -> tuple[int, ...] | None:
    """Addresses of libsrtp's functions that the native loop calls.

    They are ``srtp_protect``, ``srtp_unprotect`` and ``srtp_protect_rtcp``.

    None if pylibsrtp hides them, or declares them differently from how the loop calls them.
    """
    binding = native_binding()
    if binding is None:
        return None
    library, foreign = binding
    addresses = []
    for name in ("srtp_protect", "srtp_unprotect", "srtp_protect_rtcp"):
        try:
            function = foreign.addressof(library, name)
            right = foreign.typeof(function) is foreign.typeof(_SIGNATURE)
        except (AttributeError, TypeError, foreign.error):
            return None
        if not right:
            return None
        addresses.append(int(foreign.cast("uintptr_t", function)))
    return tuple(addresses)


class Cipher:
    """One direction of one peer's SRTP and SRTCP.

    ``profile`` is a ``Policy.SRTP_PROFILE_*`` number and ``key`` the master key followed by the
    master salt. ``direct`` False chooses the public methods of pylibsrtp.
    """

    def __init__(self, profile: int, key: bytes, outgoing: bool, direct: bool = True) -> None:
        policy = Policy(
            key=key,
            ssrc_type=Policy.SSRC_ANY_OUTBOUND if outgoing else Policy.SSRC_ANY_INBOUND,
            srtp_profile=profile,
        )
        policy.window_size = WINDOW
        policy.allow_repeat_tx = False
        self._session = Session(policy)
        binding = native_binding() if direct else None
        native = getattr(self._session, "_srtp", None)
        self.direct = binding is not None and native is not None
        self.protect: Operation = partial(self._copying, self._session.protect)
        """Protect an RTP packet in place; returns 0 on success. Takes a cffi ``char`` array with
        ``TRAILER`` bytes of room after the packet, and a cffi ``int`` array of one, which holds
        the packet's length before and after."""
        self.unprotect: Operation = partial(self._copying, self._session.unprotect)
        "Authenticate and decrypt an SRTP packet in place, with the arguments of ``protect``."
        self.session = 0
        "The libsrtp session's address, for the native loop; 0 if only the public methods are left."
        if binding is not None and native is not None:
            library, foreign = binding
            self.session = int(foreign.cast("uintptr_t", native[0]))
            self.protect = partial(library.srtp_protect, native[0])
            self.unprotect = partial(library.srtp_unprotect, native[0])

    def protect_rtcp(self, packet: bytes) -> bytes:
        """The SRTCP packet of a compound RTCP packet. Raises pylibsrtp.Error."""
        return bytes(self._session.protect_rtcp(packet))

    def unprotect_rtcp(self, packet: bytes) -> bytes:
        """The compound RTCP packet of an SRTCP packet. Raises pylibsrtp.Error, ValueError."""
        return bytes(self._session.unprotect_rtcp(packet))

    def protect_packet(self, packet: bytes) -> bytes:
        """The SRTP packet of an RTP packet of any size. Raises pylibsrtp.Error.

        pylibsrtp's own method takes 1,356 bytes at most; it is used where ``direct`` is False.
        """
        buffer = _foreign.new("char[]", len(packet) + TRAILER)
        _foreign.memmove(buffer, packet, len(packet))
        size = _foreign.new("int *", len(packet))
        if self.protect(buffer, size):
            raise pylibsrtp.Error("the packet cannot be protected")
        return bytes(_foreign.buffer(buffer, size[0]))

    @staticmethod
    def _copying(method: Callable[[bytes], bytes], buffer: Any, size: Any) -> int:
        view = _foreign.buffer(buffer, size[0] + TRAILER)
        try:
            data = method(view[0 : size[0]])
        except (pylibsrtp.Error, ValueError):
            return 1
        view[0 : len(data)] = data
        size[0] = len(data)
        return 0
