"""The SRTP keys of a connection, so that a capture of it can be read.

The only file here that uses private names of others: the handshake's aiortc transport and its
pyOpenSSL connection. The product has no such door.
"""

from dataclasses import dataclass
from typing import Any

from aiortc.rtcdtlstransport import SRTP_PROFILES

from media.transport.dtls import Handshake


@dataclass(frozen=True)
class Keys:
    """Master key and salt of each direction, and the profile that they are for."""

    profile: int
    "A `Policy.SRTP_PROFILE_*` of pylibsrtp."
    outgoing: bytes
    incoming: bytes


def exported(handshake: Handshake) -> Keys:
    """Those of a finished handshake (RFC 5764 section 4.2)."""
    transport: Any = handshake._transport
    connection = transport._ssl
    chosen = connection.get_selected_srtp_profile()
    profile = next(one for one in SRTP_PROFILES if one.openssl_profile == chosen)
    material = connection.export_keying_material(
        b"EXTRACTOR-dtls_srtp", 2 * (profile.key_length + profile.salt_length)
    )
    ours, theirs = (1, 0) if transport._role == "server" else (0, 1)
    return Keys(
        profile.libsrtp_profile,
        profile.get_key_and_salt(material, ours),
        profile.get_key_and_salt(material, theirs),
    )
