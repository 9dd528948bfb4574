"""Tokens: bearer secrets. They are never stored or logged; only their digests are stored."""

import secrets
from hashlib import sha256


def new_token() -> str:
    """A random token of 43 characters (256 bits), for cookies and one-time addresses."""
    return secrets.token_urlsafe(32)


def token_digest(token: str) -> bytes:
    """SHA-256 of a token's characters, which is stored."""
    return sha256(token.encode("utf-8", "surrogatepass")).digest()
