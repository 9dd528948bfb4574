"""Files encrypted to a public key, in the format of age (age-encryption.org/v1).

Only the holder of the identity can decrypt them, not this server; `age -d -i FILE` does too. Data
is encrypted in chunks, so memory does not grow with it.
"""

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import pyrage

from storage.errors import StorageError
from storage.folder import durable

SUFFIX = ".age"


class Recipients:
    """Public keys: `age1...`, `ssh-ed25519 ...` or `ssh-rsa ...`. Raises StorageError."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._keys = [_recipient(key.strip()) for key in keys]

    def encrypt(self, plain: Path, encrypted: Path) -> None:
        """Raises OSError."""
        with plain.open("rb") as reader:
            self.encrypt_stream(reader, encrypted)

    def encrypt_stream(self, plain: BinaryIO, encrypted: Path) -> None:
        """Raises OSError."""
        with durable.naming(encrypted), _Written(encrypted) as writer:
            pyrage.encrypt_io(plain, writer, self._keys)


class Identity:
    """The private keys in a file of age-keygen or ssh-keygen. Raises StorageError."""

    def __init__(self, file: Path) -> None:
        try:
            body = file.read_bytes()
            self._keys = _identities(body)
        except OSError as error:
            raise StorageError(f"The identity {file} cannot be read: {error.strerror}.") from error
        except (pyrage.IdentityError, ValueError) as error:
            raise StorageError(f"There is no usable private key in {file}.") from error
        self._file = file

    def decrypt(self, encrypted: Path, plain: Path) -> None:
        """Raises StorageError if it was encrypted for somebody else, or OSError."""
        with durable.naming(plain), _Written(plain) as writer:
            self.decrypt_stream(encrypted, writer)

    def decrypt_stream(self, encrypted: Path, plain: "BinaryIO | _Written") -> None:
        """Raises StorageError if it was encrypted for somebody else, or OSError."""
        try:
            with encrypted.open("rb") as reader:
                pyrage.decrypt_io(reader, plain, self._keys)
        except pyrage.DecryptError as error:
            raise StorageError(
                f"{encrypted.name} is not encrypted for the identity in {self._file}."
            ) from error


class _Written:
    """A new file. Its OSError is raised on exit: raised earlier, pyrage would report it as a
    failure of the encryption."""

    def __init__(self, file: Path) -> None:
        self._file = file.open("xb")
        self._refused: OSError | None = None

    def write(self, body: bytes) -> int:
        try:
            return self._file.write(body)
        except OSError as error:
            self._refused = self._refused or error
            raise

    def flush(self) -> None:
        self._file.flush()

    def __enter__(self) -> "_Written":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._file.close()
        finally:
            if self._refused:
                raise self._refused from error


def _recipient(key: str) -> object:
    kind = pyrage.ssh if key.startswith("ssh-") else pyrage.x25519
    try:
        return kind.Recipient.from_str(key)
    except pyrage.RecipientError as error:
        raise StorageError(
            f"{key!r} is no public key: give one like age1... or ssh-ed25519 ..."
        ) from error


def _identities(body: bytes) -> list[object]:
    if body.lstrip().startswith(b"-----BEGIN"):
        return [pyrage.ssh.Identity.from_buffer(body)]
    lines = [line.strip() for line in body.decode("ascii").splitlines()]
    found = [
        pyrage.x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")
    ]
    if not found:
        raise ValueError
    return found
