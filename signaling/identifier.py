"""Identifiers: unguessable, safe in addresses and logs. Tokens are made by the vault, not here."""

import re
import secrets

PATTERN = re.compile(r"[A-Za-z0-9_-]{8,64}")
"Identifiers made by the server or by a browser."

NEW_ID = re.compile(r"[A-Za-z0-9_-]{16}")
"Identifiers made by `new_id`."


def new_id() -> str:
    """A fresh identifier of 16 characters (96 random bits)."""
    return secrets.token_urlsafe(12)
