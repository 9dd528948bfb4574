"""Tokens: whoever knows one may pass. They are never stored or logged, only their digests are."""

import secrets
from hashlib import sha256


def new_token() -> str:
    """A random token of 43 characters (256 bits), for cookies and one-time addresses."""
    return secrets.token_urlsafe(32)


def token_digest(token: str) -> bytes:
    """What is stored of a token: SHA-256 of its characters."""
    return sha256(token.encode("utf-8", "surrogatepass")).digest()
