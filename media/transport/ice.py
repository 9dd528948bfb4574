"""ICE, as a lite agent: connectivity checks parsed, verified and answered.

RFC 8445 sections 2.5 and 7.3, RFC 8489 for the messages. A lite agent offers its host candidates,
sends no checks and lets the other side nominate. Nor does it ask for consent with checks of its own
(RFC 7675 section 5.1); whether a peer is still there shows in what authentic comes from it.
"""

from __future__ import annotations

import secrets
import string
import struct
from dataclasses import dataclass

from aioice import stun

COOKIE = stun.COOKIE.to_bytes(4)
LONGEST_MESSAGE = 576
"Bytes of the longest check accepted; a browser's has about 120."
SILENCE_SECONDS = 30.0
"""A peer from which nothing authentic came for this long is disconnected: as long as consent lasts
where it is asked for (RFC 7675 section 5.1)."""
UNCHECKED_SECONDS = 10.0
"""Seconds without a check after which packets count, if they come from where the peer's go: some
clients send no checks while they receive. A browser sends one every 2.5 s."""
_USERNAME = 0x0006
_ALPHABET = string.ascii_letters + string.digits


@dataclass(frozen=True)
class Credentials:
    """The ICE username fragment and password of one side."""

    ufrag: str
    password: str

    @classmethod
    def generate(cls) -> Credentials:
        """Unguessable ones: 71 and 190 bits (RFC 8445 section 5.3 asks for 24 and 128)."""
        return cls(
            "".join(secrets.choice(_ALPHABET) for _ in range(12)),
            "".join(secrets.choice(_ALPHABET) for _ in range(32)),
        )


@dataclass(frozen=True)
class Check:
    """An authenticated connectivity check."""

    transaction_id: bytes
    nominates: bool
    controlled: bool
    "The other side claims the controlled role, which a lite agent always has: a role conflict."


def is_binding_request(data: bytes | memoryview) -> bool:
    """Whether a datagram looks like a check; costs less than a microsecond."""
    return (
        20 <= len(data) <= LONGEST_MESSAGE
        and data[0] == 0
        and data[1] == 1
        and bytes(data[4:8]) == COOKIE
    )


def local_ufrag(data: bytes) -> str | None:
    """Our ufrag in a check, read before its integrity is computed; None if malformed."""
    position = 20
    while position + 4 <= len(data):
        attribute, size = struct.unpack_from("!HH", data, position)
        if attribute == _USERNAME:
            value = data[position + 4 : position + 4 + size]
            ufrag, colon, _ = value.partition(b":")
            if not colon or len(value) != size:
                return None
            return ufrag.decode("ascii", "replace")
        position += 4 + size + (-size % 4)
    return None


def verify(data: bytes, credentials: Credentials) -> Check | None:
    """The check in ``data``, or None unless its MESSAGE-INTEGRITY proves the password."""
    try:
        message = stun.parse_message(data)
        if (
            message.message_method != stun.Method.BINDING
            or message.message_class != stun.Class.REQUEST
            or not message.check_message_integrity(credentials.password.encode())
        ):
            return None
    except (ValueError, struct.error, IndexError):
        return None
    return Check(
        message.transaction_id,
        "USE-CANDIDATE" in message.attributes,
        "ICE-CONTROLLED" in message.attributes,
    )


def respond(check: Check, credentials: Credentials, source: tuple[str, int]) -> bytes:
    """The response to a check that came from ``source``; error 487 for a role conflict."""
    response = stun.Message(
        message_method=stun.Method.BINDING,
        message_class=stun.Class.ERROR if check.controlled else stun.Class.RESPONSE,
        transaction_id=check.transaction_id,
    )
    if check.controlled:
        response.attributes["ERROR-CODE"] = (487, "Role Conflict")
    else:
        response.attributes["XOR-MAPPED-ADDRESS"] = source
    response.add_message_integrity(credentials.password.encode())
    return bytes(response)


def candidate_lines(addresses: list[tuple[str, int]]) -> list[str]:
    """SDP candidate lines (RFC 8839 section 5.1) for host addresses, best first."""
    lines = []
    for index, (host, port) in enumerate(addresses):
        # Priority by RFC 8445 section 5.1.2.1: host type, local preference falling.
        priority = (126 << 24) | ((65535 - index) << 8) | 255
        lines.append(f"a=candidate:{index + 1} 1 udp {priority} {host} {port} typ host")
    return lines
