"""How hosts know and encrypt to each other (TLS 1.3), without a certificate that anybody has to install.

A key that only hosts of one database have is that of an authority, the same on all of them. It is derived
from the key that hosts with rooms pass requests on with, and all that a relay-only host is given of it. Each host
issues itself a certificate at its start, whose key never leaves its memory, and both ends ask for one. They
have no end in time, for the clocks of hosts may be wrong; each is gone with its host's process.
"""

import os
import ssl
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

BEGINS, ENDS = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)
PURPOSE = b"TeleConnect: authority of hosts"


def relay_key(key: bytes) -> bytes:
    """What relay-only hosts and the others know each other by, from the key of hosts with rooms (HKDF, RFC 5869)."""
    return HKDF(hashes.SHA256(), length=32, salt=None, info=PURPOSE).derive(key)


def server_context(key: bytes) -> ssl.SSLContext:
    """For a relay-only host, which others connect to, given the relay key; whoever has no certificate may connect, and shows none."""
    context = _context(ssl.PROTOCOL_TLS_SERVER, key)
    context.verify_mode = ssl.CERT_OPTIONAL
    return context


def client_context(key: bytes) -> ssl.SSLContext:
    """For a host that connects to a relay-only one, given the relay key."""
    context = _context(ssl.PROTOCOL_TLS_CLIENT, key)
    context.check_hostname = False  # whoever has a certificate of this authority is a host of ours
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def _context(protocol: int, key: bytes) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    authority = Ed25519PrivateKey.from_private_bytes(key)
    trusted = _certificate("authority", authority, None)
    context.load_verify_locations(cadata=trusted.public_bytes(Encoding.DER))
    own = generate_private_key(SECP256R1())
    shown = _certificate("host", authority, own.public_key())
    private = own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with open(os.memfd_create("host.pem"), "wb") as file:  # ssl takes it from a file alone
        file.write(private + shown.public_bytes(Encoding.PEM))
        file.flush()
        context.load_cert_chain(f"/proc/self/fd/{file.fileno()}")
    return context


def _certificate(
    name: str, authority: Ed25519PrivateKey, public: EllipticCurvePublicKey | None
) -> x509.Certificate:
    """Of the authority itself, or of a host with that public key."""
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(public or authority.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(BEGINS)
        .not_valid_after(ENDS)
        .add_extension(x509.BasicConstraints(ca=public is None, path_length=None), critical=True)
    )
    return builder.sign(authority, None)
