"""Certificates for servers on this machine: one authority that clients trust, one they do not."""

import ssl
from dataclasses import dataclass
from functools import cache

import trustme


@dataclass(frozen=True)
class Certificates:
    """Contexts for both ends; the server's certificate is for localhost and 127.0.0.1."""

    server: ssl.SSLContext
    client: ssl.SSLContext
    authority_pem: bytes


def certificates(authority: str = "trusted") -> Certificates:
    """The same ones for the same name; authorities of other names do not trust each other."""
    return _certificates(authority)


@cache
def _certificates(authority: str) -> Certificates:
    root = trustme.CA(organization_name=authority)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    root.issue_cert("localhost", "127.0.0.1").configure_cert(server)
    client = ssl.create_default_context()
    root.configure_trust(client)
    return Certificates(server, client, root.cert_pem.bytes())
