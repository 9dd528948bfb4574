"""The master key: 32 bytes that wrap all other keys, kept outside the database.

While it is rotated (`storage/key_rotation.py`) the next one waits in a file beside it. The database
holds the id of the one it needs, so the right one is taken wherever a rotation was interrupted.
"""

import base64
import os
import secrets
from contextlib import suppress
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from storage.errors import MasterKeyError
from storage.folder import durable

KEY_BYTES = 32
ID_BYTES = 8
DATABASE_NAME = "teleconnect.sqlite3"
KEY_NAME = "master.key"
NEXT_KEY_NAME = "master.key.new"


def derived(key: bytes, purpose: str, size: int) -> bytes:
    """A key of `size` bytes for one purpose (HKDF, RFC 5869)."""
    return HKDF(SHA256(), size, salt=None, info=purpose.encode()).derive(key)


def key_id(key: bytes) -> str:
    """16 hexadecimal digits that tell master keys apart and reveal nothing about them."""
    return derived(key, "key id", ID_BYTES).hex()


def load_master_key(
    configured: str | None, data_dir: Path, *, make: bool = True, needed: bool = False
) -> bytes:
    """The master key: 32 bytes, base64, from the settings or the file `master.key`.

    With `make` the file is created at the first start, readable by its owner only. Raises
    MasterKeyError, also if the database exists (or one elsewhere has `needed` a key before) and the
    file does not: then the key was lost.
    """
    if configured:
        return decode(configured, "TELECONNECT_MASTER_KEY")
    file = data_dir / KEY_NAME
    found = read_key(file)
    if found is not None:
        return found
    if needed or (data_dir / DATABASE_NAME).exists():
        raise MasterKeyError(
            f"The database is there, but its master key {file} is missing. Put the file "
            "back or set TELECONNECT_MASTER_KEY; without it nothing stored can be read."
        )
    if not make:
        raise MasterKeyError(f"There is no data in the folder {data_dir}.")
    return make_key(file)


def read_key(file: Path) -> bytes | None:
    """The key in a file; None if there is no such file. Raises MasterKeyError."""
    try:
        return decode(file.read_text("ascii", "replace"), str(file))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise MasterKeyError(f"The master key {file} cannot be read: {error.strerror}.") from error


def make_key(file: Path) -> bytes:
    """The key in `file`, which is created if there is none. Raises MasterKeyError."""
    half = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        try:
            durable.write(half, encoded(secrets.token_bytes(KEY_BYTES)))
            with suppress(
                FileExistsError
            ):  # of two processes that start at once, one makes the key
                os.link(half, file)
        finally:
            half.unlink(missing_ok=True)
        durable.sync(file.parent)
    except OSError as error:
        raise MasterKeyError(
            f"The master key {file} cannot be written: {error.strerror}."
        ) from error
    made = read_key(file)
    if made is None:
        raise MasterKeyError(f"The master key {file} is gone in the moment it was made.")
    return made


def take_next(data_dir: Path, needed: str) -> bytes | None:
    """Put the next key in place if it has the id `needed`. Raises MasterKeyError.

    A server that was stopped during a rotation may need either.
    """
    next_file = data_dir / NEXT_KEY_NAME
    key = read_key(next_file)
    if key is None or key_id(key) != needed:
        return None
    try:
        os.replace(next_file, data_dir / KEY_NAME)
        durable.sync(data_dir)
    except OSError as error:
        raise MasterKeyError(
            f"The master key {next_file} cannot be moved: {error.strerror}."
        ) from error
    return key


def encoded(key: bytes) -> bytes:
    """A key as its file holds it."""
    return base64.b64encode(key) + b"\n"


def decode(text: str, source: str) -> bytes:
    """32 bytes from base64; errors name the `source`. Raises MasterKeyError."""
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise MasterKeyError(f"The master key in {source} is not 32 bytes in base64.")
    return key
