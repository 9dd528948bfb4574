"""Encryption per consultation, and deletion by destroying keys (crypto-shredding).

Each consultation has a random key of its own, kept only wrapped by the master key. Personal
data, chat and files are sealed under it with AES-256-GCM (NIST SP 800-38D), each value bound to
its place, so that a value moved to another row cannot be decrypted. Invite tokens are derived from
it (HKDF, RFC 5869), so no token is stored; once the wrapped key is destroyed, whatever a backup or
a free page still holds is noise.

Nothing in the database but its id may be derived from the master key, which can be replaced: then
only what is listed in WRAPPED is wrapped again.
"""

import base64
import hmac
import logging
import os
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from signaling.errors import NotFound
from signaling.ports.store import Damaged
from signaling.text import UNREADABLE
from storage.engine.database import Database
from storage.engine.executor import Executor, Row, Steps, batched, marks
from storage.engine.master_key import KEY_BYTES, derived, key_id
from storage.errors import MasterKeyError, WrongMasterKey

T = TypeVar("T")
_log = logging.getLogger(__name__)
Plain = bytes | bytearray | memoryview
"What can be sealed."

NONCE_BYTES = 12
SEAL_BYTES = NONCE_BYTES + 16
"By how much a sealed value is longer: nonce and tag."
TOKEN_BYTES = 16
"128 bits are 22 characters of an address; length matters in an SMS."
CACHED_KEYS = 4096
ONE_KEY, TWO_KEYS = 1, 2
"""Versions of a consultation's key. In the first it encrypts and tokens are derived from it; in the
second the cipher's key is derived too, so that no key has two uses."""
ADDRESS_KEY = "address digest"
_KNOWN_KEY = "SELECT key_id FROM master_key"


@dataclass(frozen=True)
class Wrapped:
    """A table of keys that the master key wraps."""

    table: str
    id_column: str
    prefix: str
    "Precedes the id in the associated data of a wrapped key."


VAULT_KEYS = Wrapped("vault_key", "consultation_id", "")
SECRETS = Wrapped("sealed_secret", "name", "secret:")
WRAPPED = (VAULT_KEYS, SECRETS)
"Everything that the master key wraps."


class ConsultationKey:
    """The unwrapped key of one consultation."""

    def __init__(self, consultation_id: str, key: bytes, version: int = TWO_KEYS) -> None:
        self._id = consultation_id
        self._key = key
        self._cipher = AESGCM(key if version == ONE_KEY else derived(key, "cipher", KEY_BYTES))
        self._damaged: set[str] = set()
        "Places that the log knows."

    def seal(self, place: str, plain: Plain) -> bytes:
        """Encrypt `plain` for `place` ("table.column.row"): nonce, ciphertext and tag."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, f"{self._id}:{place}".encode())

    def open(self, place: str, sealed: bytes) -> bytes:
        """Decrypt. Raises cryptography's InvalidTag if the value was changed, cut off or moved."""
        if len(sealed) < SEAL_BYTES:
            raise InvalidTag
        aad = f"{self._id}:{place}".encode()
        return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], aad)

    def read(self, place: str, sealed: bytes) -> bytes | None:
        """Decrypt; None if the value is damaged: then the rest of what is stored is to be used nevertheless.

        The log says so once for each place.
        """
        try:
            return self.open(place, sealed)
        except InvalidTag:
            if place not in self._damaged:
                self._damaged.add(place)
                column = ".".join(place.split(".")[:2])  # of "table.column.row"
                _log.error(
                    "A stored value is damaged", extra={"consultation_id": self._id, "what": column}
                )
            return None

    def text(self, place: str, sealed: bytes) -> str:
        """Decrypt a text; UNREADABLE if it is damaged."""
        plain = self.read(place, sealed)
        return UNREADABLE if plain is None else plain.decode()

    def token(self, purpose: str) -> str:
        """The token for `purpose`; the same whenever it is derived again."""
        raw = derived(self._key, f"token:{purpose}", TOKEN_BYTES)
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class LostKey(ConsultationKey):
    """Of a consultation whose wrapped key is damaged: it opens nothing, and nothing is sealed with it."""

    def __init__(self, consultation_id: str) -> None:
        super().__init__(consultation_id, bytes(KEY_BYTES))

    def seal(self, place: str, plain: Plain) -> bytes:
        """Raises Damaged."""
        raise Damaged

    def open(self, place: str, sealed: bytes) -> bytes:
        """Raises InvalidTag."""
        raise InvalidTag

    def token(self, purpose: str) -> str:
        """Raises Damaged."""
        raise Damaged


class Wrapping:
    """Wraps other keys with the master key, each bound to its place."""

    def __init__(self, master_key: bytes) -> None:
        self._cipher = AESGCM(master_key)
        self.key_id = key_id(master_key)

    def wrap(self, place: Wrapped, name: str, key: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, key, f"{place.prefix}{name}".encode())

    def unwrap(self, place: Wrapped, name: str, wrapped: bytes) -> bytes:
        """Raises MasterKeyError if it was wrapped by another key."""
        nonce, sealed = wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, sealed, f"{place.prefix}{name}".encode())
        except InvalidTag:
            raise MasterKeyError(
                "A key in the database does not open. Either the master key is not the one this "
                "database was written with: restore the right one (TELECONNECT_MASTER_KEY or the "
                "file master.key in the data folder). Or the database is damaged: restore a backup."
            ) from None


async def known_key(executor: Executor) -> str | None:
    """The id of the master key that a database was written with; None: of none, or not stored yet."""
    row = await executor.row(_KNOWN_KEY)
    return row["key_id"] if row else None


class Vault:
    """Makes, wraps, unwraps and destroys keys."""

    def __init__(self, master_key: bytes) -> None:
        self._wrapping = Wrapping(master_key)
        self._master_key = master_key
        self._address_key = b""
        self._opened: OrderedDict[str, ConsultationKey] = OrderedDict()
        self._destroyed: OrderedDict[str, None] = OrderedDict()
        """The latest ones: a key that was fetched during its destruction must not be cached."""

    @classmethod
    async def open(cls, database: Database, master_key: bytes) -> "Vault":
        """The vault of a database, which stores the id of the first master key it is opened with.

        Raises MasterKeyError if `master_key` is not that one.
        """
        vault = cls(master_key)
        known, address_key = await database.read.run(vault._opening())
        vault._address_key = address_key or b""
        if not known or not vault._address_key:
            await database.write(vault._establish)
        return vault

    async def check(self, executor: Executor) -> bool:
        """Whether the database stores its master key's id. Raises MasterKeyError for another key."""
        return await executor.run(self._check())

    def _check(self) -> Steps[bool]:
        for row in (yield _KNOWN_KEY, ()):
            if row["key_id"] != self._wrapping.key_id:
                raise WrongMasterKey(row["key_id"], self._wrapping.key_id)
            return True
        for table in WRAPPED:  # written before databases stored the id of their key
            sql = f"SELECT {table.id_column} AS name, wrapped FROM {table.table} LIMIT 1"
            for row in (yield sql, ()):
                self._wrapping.unwrap(table, row["name"], row["wrapped"])
        return False

    def _opening(self) -> Steps[tuple[bool, bytes | None]]:
        known = yield from self._check()
        return known, (yield from self.secret_steps(ADDRESS_KEY))

    async def _establish(self, executor: Executor) -> None:
        await executor.post(
            'INSERT INTO master_key ("only", key_id) VALUES (1, ?) ON CONFLICT DO NOTHING',
            (self._wrapping.key_id,),
        )
        # digests from before this key was stored must stay valid
        old = await executor.row("SELECT 1 FROM invite WHERE address_digest IS NOT NULL LIMIT 1")
        first = derived(self._master_key, ADDRESS_KEY, KEY_BYTES) if old else None
        self._address_key = await self.secret(executor, ADDRESS_KEY, first)

    async def find_secret(self, executor: Executor, name: str) -> bytes | None:
        """A key that belongs to no consultation; None: not made yet. Raises MasterKeyError."""
        return await executor.run(self.secret_steps(name))

    def secret_steps(self, name: str) -> Steps[bytes | None]:
        """The same among steps of a visit to the database."""
        rows = yield "SELECT wrapped FROM sealed_secret WHERE name = ?", (name,)
        return self._wrapping.unwrap(SECRETS, name, rows[0]["wrapped"]) if rows else None

    async def secret(self, executor: Executor, name: str, first: bytes | None = None) -> bytes:
        """The key of this name, within a transaction: made on first use, random or `first`.

        Nothing is cached here, for the transaction may be undone.
        """
        if found := await self.find_secret(executor, name):
            return found
        key = first or os.urandom(KEY_BYTES)
        await executor.post(
            "INSERT INTO sealed_secret (name, wrapped) VALUES (?, ?)",
            (name, self._wrapping.wrap(SECRETS, name, key)),
        )
        return key

    async def create(self, executor: Executor, consultation_id: str) -> ConsultationKey:
        """A fresh key for a consultation whose row was just written."""
        key = AESGCM.generate_key(KEY_BYTES * 8)
        await executor.post(
            "INSERT INTO vault_key (consultation_id, wrapped, version) VALUES (?, ?, ?)",
            (
                consultation_id,
                self._wrapping.wrap(VAULT_KEYS, consultation_id, key),
                TWO_KEYS,
            ),
        )
        return self._remember(consultation_id, ConsultationKey(consultation_id, key))

    async def key(self, executor: Executor, consultation_id: str) -> ConsultationKey:
        """The key of a consultation, a LostKey if it is damaged. Raises NotFound if it was destroyed."""
        if (known := self._opened.get(consultation_id)) is not None:
            self._opened.move_to_end(consultation_id)
            return known
        found = await self.keys(executor, (consultation_id,))
        if consultation_id not in found:
            raise NotFound
        return found[consultation_id]

    async def keys(
        self, executor: Executor, consultation_ids: Iterable[str]
    ) -> dict[str, ConsultationKey]:
        """Several keys, by consultation id; destroyed ones are missing, for damaged ones there are LostKeys."""
        wanted = set(consultation_ids)
        found = {each: self._opened[each] for each in wanted if each in self._opened}
        for each in found:
            self._opened.move_to_end(each)
        for missing in batched(wanted - found.keys()):
            for row in await executor.rows(
                "SELECT consultation_id, wrapped, version FROM vault_key"
                f" WHERE consultation_id IN ({marks(missing)})",
                missing,
            ):
                each = row["consultation_id"]
                found[each] = self._remember(each, self._unwrapped(row))
        return found

    def _unwrapped(self, row: Row) -> ConsultationKey:
        consultation_id = row["consultation_id"]
        try:
            key = self._wrapping.unwrap(VAULT_KEYS, consultation_id, row["wrapped"])
        except MasterKeyError:  # the database was opened with its master key: so this is damaged
            _log.error("A stored key is damaged", extra={"consultation_id": consultation_id})
            return LostKey(consultation_id)
        return ConsultationKey(consultation_id, key, row["version"])

    def address_digest(self, address: str) -> bytes:
        """A digest to compare addresses by; without the master key it reveals nothing."""
        return hmac.digest(self._address_key, address.encode(), "sha256")

    async def destroy(self, executor: Executor, consultation_id: str) -> None:
        """Destroy the key: nothing sealed under it can ever be read again."""
        self._opened.pop(consultation_id, None)
        _add(self._destroyed, consultation_id, None)
        await executor.rows("DELETE FROM vault_key WHERE consultation_id = ?", (consultation_id,))

    def drop(self, consultation_ids: Iterable[str] | None = None) -> None:
        """Keep these keys, or all, in memory no longer: another process may have destroyed them."""
        for each in tuple(self._opened) if consultation_ids is None else consultation_ids:
            self._opened.pop(each, None)

    def _remember(self, consultation_id: str, key: ConsultationKey) -> ConsultationKey:
        if consultation_id not in self._destroyed:
            _add(self._opened, consultation_id, key)
        return key


def _add(kept: "OrderedDict[str, T]", consultation_id: str, value: T) -> None:
    kept[consultation_id] = value
    if len(kept) > CACHED_KEYS:
        kept.popitem(last=False)
