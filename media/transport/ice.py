"""ICE, as a lite agent: connectivity checks parsed, verified and answered.

RFC 8445 sections 2.5 and 7.3, RFC 8489 for the messages. A lite agent offers its host candidates,
sends no checks and lets the other side nominate. Nor does it ask for consent with checks of its own
(RFC 7675 section 5.1); whether a peer is still there shows in what authentic comes from it.
"""

from __future__ import annotations

import hmac
import secrets
import string
import struct
import zlib
from dataclasses import dataclass

from aioice import stun

COOKIE = stun.COOKIE.to_bytes(4)
LONGEST_MESSAGE = 576
"Bytes of the longest check accepted; a browser's has about 120."
_USERNAME = 0x0006
_MESSAGE_INTEGRITY = 0x0008
_ERROR_CODE = 0x0009
_UNKNOWN_ATTRIBUTES = 0x000A
_OPTIONAL = 0x8000
"Attributes from here on may be ignored (RFC 8489 section 14)."
_UNDERSTOOD = frozenset(
    # RFC 8489 section 18.3, and RFC 8445 section 16.1: PRIORITY and USE-CANDIDATE.
    (0x01, 0x06, 0x08, 0x09, 0x0A, 0x14, 0x15, 0x1C, 0x1D, 0x1E, 0x20, 0x24, 0x25)
)
_FINGERPRINT = 0x8028
_FINGERPRINT_MASK = 0x5354554E
_MOST_UNKNOWN = 8
"Unknown attributes named in a response; a sender learns of the others when it has left these out."
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
    unknown: tuple[int, ...] = ()
    "Attributes that must be understood and are not."


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
        _unknown_attributes(data),
    )


def _unknown_attributes(data: bytes) -> tuple[int, ...]:
    """The attributes of a message that have to be understood and are not, those proven only."""
    unknown: dict[int, None] = {}
    position = 20
    while position + 4 <= len(data):
        attribute, size = struct.unpack_from("!HH", data, position)
        if attribute == _MESSAGE_INTEGRITY:
            break
        if attribute < _OPTIONAL and attribute not in _UNDERSTOOD:
            unknown[attribute] = None
        position += 4 + size + (-size % 4)
    return tuple(unknown)[:_MOST_UNKNOWN]


def respond(check: Check, credentials: Credentials, source: tuple[str, int]) -> bytes:
    """The response to a check that came from ``source``.

    Error 420 names attributes that were not understood (RFC 8489 section 6.3.1), error 487 is a
    role conflict (RFC 8445 section 7.3.1.1).
    """
    if check.unknown:
        return _unknown_attributes_response(check, credentials)
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


def _unknown_attributes_response(check: Check, credentials: Credentials) -> bytes:
    """Error 420, without a reason in words: it must not be longer than the check."""
    names = b"".join(attribute.to_bytes(2) for attribute in check.unknown)
    message_type = stun.Method.BINDING | stun.Class.ERROR
    body = (
        struct.pack("!HHHBB", _ERROR_CODE, 4, 0, 4, 20)
        + struct.pack("!HH", _UNKNOWN_ATTRIBUTES, len(names))
        + names
        + bytes(-len(names) % 4)
    )

    def head(more: int) -> bytes:
        return struct.pack("!HH", message_type, len(body) + more) + COOKIE + check.transaction_id

    integrity = hmac.digest(credentials.password.encode(), head(24) + body, "sha1")
    body += struct.pack("!HH", _MESSAGE_INTEGRITY, 20) + integrity
    fingerprint = zlib.crc32(head(8) + body) ^ _FINGERPRINT_MASK
    return head(8) + body + struct.pack("!HHI", _FINGERPRINT, 4, fingerprint)


def candidate_lines(
    addresses: list[tuple[str, int]], tcp_addresses: list[tuple[str, int]] | None = None
) -> list[str]:
    """SDP candidate lines (RFC 8839 section 5.1) for host addresses, best first.

    Those of TCP are passive (RFC 6544 section 4.5): clients connect to them. Every one of UDP has a
    higher priority.
    """
    lines = []
    for index, (host, port) in enumerate(addresses):
        # Priority by RFC 8445 section 5.1.2.1: host type, local preference falling.
        priority = (126 << 24) | ((65535 - index) << 8) | 255
        lines.append(f"a=candidate:{index + 1} 1 udp {priority} {host} {port} typ host")
    for index, (host, port) in enumerate(tcp_addresses or ()):
        # RFC 6544 section 4.2: the direction's preference, 4 for passive, before the other bits.
        priority = (126 << 24) | ((4 << 13 | (8191 - index)) << 8) | 255
        foundation = len(addresses) + index + 1
        lines.append(
            f"a=candidate:{foundation} 1 tcp {priority} {host} {port} typ host tcptype passive"
        )
    return lines
