"""Encryption per consultation, and forgetting by destroying keys.

Each consultation has a random key of its own, kept only wrapped by the master key. Personal
data, chat and files are sealed under it with AES-256-GCM (NIST SP 800-38D), each value bound to
its place, so that a value moved to another row does not open. Invite tokens are derived from it
(HKDF, RFC 5869): nothing that opens a door is stored, and destroying the wrapped key makes
everything that a backup or a free page still holds noise.
"""

import base64
import hmac
import os
import secrets
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from storage.database import Executor
from storage.errors import MasterKeyError

KEY_BYTES = 32
NONCE_BYTES = 12
TOKEN_BYTES = 16
"128 random bits in an address: 22 characters, which matters in an SMS."
CACHED_KEYS = 4096


class ConsultationKey:
    """The opened key of one consultation."""

    def __init__(self, consultation_id: str, key: bytes) -> None:
        self._id = consultation_id
        self._key = key
        self._cipher = AESGCM(key)

    def seal(self, place: str, plain: bytes) -> bytes:
        """Encrypt `plain` for `place` ("table.column.row"): nonce, ciphertext and tag."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, f"{self._id}:{place}".encode())

    def open(self, place: str, sealed: bytes) -> bytes:
        """Decrypt. Raises cryptography's InvalidTag if it was changed or moved."""
        aad = f"{self._id}:{place}".encode()
        return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], aad)

    def token(self, purpose: str) -> str:
        """The token for `purpose`; always the same for the same consultation and purpose."""
        raw = HKDF(SHA256(), TOKEN_BYTES, salt=None, info=f"token:{purpose}".encode())
        return base64.urlsafe_b64encode(raw.derive(self._key)).rstrip(b"=").decode()


class Vault:
    """Makes, wraps, opens and destroys consultation keys."""

    def __init__(self, master_key: bytes) -> None:
        self._master = AESGCM(master_key)
        self._address_key = HKDF(SHA256(), KEY_BYTES, salt=None, info=b"address digest").derive(
            master_key
        )
        self._opened: OrderedDict[str, ConsultationKey] = OrderedDict()

    async def create(self, executor: Executor, consultation_id: str) -> ConsultationKey:
        """A fresh key for a consultation whose row was just written."""
        key = AESGCM.generate_key(KEY_BYTES * 8)
        nonce = os.urandom(NONCE_BYTES)
        wrapped = nonce + self._master.encrypt(nonce, key, consultation_id.encode())
        await executor.rows(
            "INSERT INTO vault_key (consultation_id, wrapped) VALUES (?, ?)",
            (consultation_id, wrapped),
        )
        return self._remember(consultation_id, ConsultationKey(consultation_id, key))

    async def key(self, executor: Executor, consultation_id: str) -> ConsultationKey:
        """The key of a consultation. Raises KeyError if it was destroyed, MasterKeyError."""
        if found := self._opened.get(consultation_id):
            self._opened.move_to_end(consultation_id)
            return found
        row = await executor.row(
            "SELECT wrapped FROM vault_key WHERE consultation_id = ?", (consultation_id,)
        )
        if row is None:
            raise KeyError(consultation_id)
        return self._remember(
            consultation_id,
            ConsultationKey(consultation_id, self._unwrap(consultation_id, row["wrapped"])),
        )

    async def keys(
        self, executor: Executor, consultation_ids: Iterable[str]
    ) -> dict[str, ConsultationKey]:
        """Several keys at once, by consultation; destroyed ones are missing. Raises MasterKeyError."""
        wanted = set(consultation_ids)
        found = {each: self._opened[each] for each in wanted if each in self._opened}
        missing = tuple(wanted - found.keys())
        if missing:
            marks = ", ".join("?" * len(missing))
            for row in await executor.rows(
                f"SELECT consultation_id, wrapped FROM vault_key WHERE consultation_id IN ({marks})",
                missing,
            ):
                each = row["consultation_id"]
                found[each] = self._remember(
                    each, ConsultationKey(each, self._unwrap(each, row["wrapped"]))
                )
        return found

    def address_digest(self, address: str) -> bytes:
        """Tells whether two addresses are the same, and to nobody without the master key more."""
        return hmac.digest(self._address_key, address.encode(), "sha256")

    async def destroy(self, executor: Executor, consultation_id: str) -> None:
        """Destroy the key. Nothing sealed under it can be read ever again."""
        self._opened.pop(consultation_id, None)
        await executor.rows("DELETE FROM vault_key WHERE consultation_id = ?", (consultation_id,))

    async def secret(self, executor: Executor, name: str) -> bytes:
        """The server's own key of this name: 32 random bytes, made when first asked for.

        Within a transaction, which may be undone: nothing is remembered here.
        """
        if found := await self.find_secret(executor, name):
            return found
        key, nonce = os.urandom(KEY_BYTES), os.urandom(NONCE_BYTES)
        wrapped = nonce + self._master.encrypt(nonce, key, f"secret:{name}".encode())
        await executor.rows(
            "INSERT INTO sealed_secret (name, wrapped) VALUES (?, ?)", (name, wrapped)
        )
        return key

    async def find_secret(self, executor: Executor, name: str) -> bytes | None:
        """The key of this name, if it was made. Raises MasterKeyError."""
        row = await executor.row("SELECT wrapped FROM sealed_secret WHERE name = ?", (name,))
        return self._unwrap(f"secret:{name}", row["wrapped"]) if row else None

    async def check(self, executor: Executor) -> None:
        """Make sure that the master key is the one of this database. Raises MasterKeyError."""
        row = await executor.row("SELECT consultation_id, wrapped FROM vault_key LIMIT 1")
        if row is not None:
            self._unwrap(row["consultation_id"], row["wrapped"])
        row = await executor.row("SELECT name, wrapped FROM sealed_secret LIMIT 1")
        if row is not None:
            self._unwrap(f"secret:{row['name']}", row["wrapped"])

    def _remember(self, consultation_id: str, key: ConsultationKey) -> ConsultationKey:
        self._opened[consultation_id] = key
        if len(self._opened) > CACHED_KEYS:
            self._opened.popitem(last=False)
        return key

    def _unwrap(self, place: str, wrapped: bytes) -> bytes:
        nonce, sealed = wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:]
        try:
            return self._master.decrypt(nonce, sealed, place.encode())
        except InvalidTag:
            raise MasterKeyError(
                "The master key is not the one this database was written with. Restore the "
                "right one (TELECONNECT_MASTER_KEY or the file master.key in the data folder)."
            ) from None


def load_master_key(configured: str | None, data_dir: Path, *, make: bool = True) -> bytes:
    """The master key: 32 bytes, base64, from the setting or the file `master.key`.

    Unless not to `make` it, the file is made at the first start, readable by its owner only. If the database exists and
    the file does not, the key was lost and this says so. Raises MasterKeyError.
    """
    if configured:
        return _decode(configured, "TELECONNECT_MASTER_KEY")
    file = data_dir / "master.key"
    try:
        return _decode(file.read_text("ascii"), str(file))
    except FileNotFoundError:
        if (data_dir / DATABASE_NAME).exists():
            raise MasterKeyError(
                f"The database is there, but its master key {file} is missing. Put the file "
                "back or set TELECONNECT_MASTER_KEY; without it nothing stored can be read."
            ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise MasterKeyError(f"The master key {file} cannot be read: {error}.") from error
    if not make:
        raise MasterKeyError(f"There is no data in the folder {data_dir}.")
    key = secrets.token_bytes(KEY_BYTES)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(base64.b64encode(key) + b"\n")
            opened.flush()
            os.fsync(opened.fileno())
    except OSError as error:
        raise MasterKeyError(f"The master key {file} cannot be written: {error}.") from error
    return key


DATABASE_NAME = "teleconnect.sqlite3"


def _decode(text: str, source: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise MasterKeyError(f"The master key in {source} is not 32 bytes in base64.")
    return key
