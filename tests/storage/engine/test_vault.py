"""The vault: a key for each consultation, under one master key."""

import base64
import hmac
import os
import sqlite3
import stat
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import msgspec
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from signaling.account import Account
from signaling.consultation import Consultation
from signaling.errors import NotFound
from signaling.invite import Person
from signaling.text import UNREADABLE
from storage.engine.executor import Parameters, Row
from storage.engine.master_key import derived, key_id, load_master_key
from storage.engine.vault import ConsultationKey
from storage.errors import MasterKeyError, WrongMasterKey
from storage.store import Records, Store
from tests.engines.databases import open_store, run
from tests.web_process import refused_start

NOW = datetime(2026, 12, 7, 14, 30, tzinfo=UTC)
KEY = ConsultationKey("consultation", bytes(32))
GOOD = base64.b64encode(bytes(range(32))).decode()


async def with_one_consultation(data_dir: Path, master_key: str | None = None) -> None:
    store = await open_store(data_dir, master_key)
    account = Account("nurse", "n@example.org", "N", "scheduler", None, "en", "UTC", NOW)

    async def work(records: Records) -> None:
        await records.accounts.add(account)
        await records.consultations.add(
            Consultation("consultation", "nurse", "remote", "planned", NOW)
        )

    await store.write(work)
    await store.close()


def test_a_sealed_value_can_be_opened_at_its_place_only() -> None:
    sealed = KEY.seal("chat_message.text.one", b"Good morning")
    assert KEY.open("chat_message.text.one", sealed) == b"Good morning"
    with pytest.raises(InvalidTag):
        KEY.open("chat_message.text.two", sealed)
    with pytest.raises(InvalidTag):
        ConsultationKey("another", bytes(32)).open("chat_message.text.one", sealed)


def test_a_changed_or_shortened_value_does_not_open() -> None:
    sealed = KEY.seal("place", b"Good morning")
    for broken in (sealed[:-1] + bytes([sealed[-1] ^ 1]), sealed[:-1], sealed[1:]):
        with pytest.raises(InvalidTag):
            KEY.open("place", broken)


def test_a_value_that_is_damaged_is_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    key = ConsultationKey("consultation", bytes(32))
    sealed = key.seal("place", b"Good morning")
    assert key.read("place", sealed) == b"Good morning"
    assert [key.read("place", sealed[:20]), key.read("place", b"")] == [None, None]
    assert key.text("place", sealed[1:]) == UNREADABLE
    assert caplog.messages == ["A stored value is damaged"]


def test_the_same_words_are_never_sealed_the_same_way_twice() -> None:
    assert KEY.seal("place", b"yes") != KEY.seal("place", b"yes")


def test_a_token_is_derived_and_differs_by_purpose_and_consultation() -> None:
    assert KEY.token("invite:one") == KEY.token("invite:one")
    other = ConsultationKey("consultation", bytes(31) + b"\1")
    assert len({KEY.token("invite:one"), KEY.token("invite:two"), other.token("invite:one")}) == 3


async def test_the_first_start_makes_a_key_that_only_its_owner_can_read(tmp_path: Path) -> None:
    await with_one_consultation(tmp_path)
    mode = stat.S_IMODE((tmp_path / "master.key").stat().st_mode)
    assert mode == 0o600
    await (await open_store(tmp_path)).close()


async def test_a_wrong_master_key_is_refused_with_its_sentence(tmp_path: Path) -> None:
    await with_one_consultation(tmp_path, GOOD)
    other = base64.b64encode(os.urandom(32)).decode()
    with pytest.raises(MasterKeyError, match="not the one this database was written with"):
        await open_store(tmp_path, other)
    await (await open_store(tmp_path, GOOD)).close()


async def test_a_key_of_the_server_itself_that_is_damaged_is_not_taken_for_a_wrong_master_key(
    tmp_path: Path,
) -> None:
    store = await open_store(tmp_path)
    await run(store, "UPDATE sealed_secret SET wrapped = ?", bytes(60))
    await store.close()
    with pytest.raises(MasterKeyError, match="the database is damaged: restore a backup"):
        await open_store(tmp_path)


async def test_a_lost_master_key_is_not_replaced_by_a_new_one(tmp_path: Path) -> None:
    await with_one_consultation(tmp_path)
    (tmp_path / "master.key").unlink()
    with pytest.raises(MasterKeyError, match=r"master key .* is missing"):
        await open_store(tmp_path)
    assert not (tmp_path / "master.key").exists()


@pytest.mark.parametrize("text", ["", "short", GOOD[:-4], GOOD + "AAAA", "clé" * 11, "é" * 44])
def test_a_malformed_master_key_is_refused_with_its_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "master.key").write_text(text, encoding="utf-8")
    with pytest.raises(MasterKeyError, match=r"32 bytes in base64|cannot be read"):
        load_master_key(None, tmp_path)
    if text:
        with pytest.raises(MasterKeyError, match="TELECONNECT_MASTER_KEY is not 32 bytes"):
            load_master_key(text, tmp_path)


def test_an_unreadable_master_key_is_refused_with_its_sentence(tmp_path: Path) -> None:
    (tmp_path / "master.key").mkdir()
    with pytest.raises(MasterKeyError, match=r"cannot be read"):
        load_master_key(None, tmp_path)


@pytest.mark.slow
@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("break_it", "sentence"),
    [
        (lambda folder: (folder / "master.key").write_text("x"), "is not 32 bytes in base64"),
        (lambda folder: (folder / "master.key").unlink(), "is missing"),
        (lambda folder: (folder / "teleconnect.sqlite3").write_bytes(b"x" * 9999), "cannot be"),
    ],
)
async def test_the_server_says_one_sentence_and_ends(
    tmp_path: Path, break_it: object, sentence: str
) -> None:
    await with_one_consultation(tmp_path)
    assert callable(break_it)
    break_it(tmp_path)
    status, printed, said = await refused_start(TELECONNECT_DATA_DIR=str(tmp_path))
    assert status == 1
    assert printed == ""
    lines = [line for line in said.splitlines() if not line.startswith("{")]
    assert len(lines) == 1
    assert lines[0].startswith("TeleConnect cannot start. ")
    assert sentence in lines[0]


class Overtaken:
    """A reader that something else always overtakes before its answer."""

    def __init__(self, store: Store, meanwhile: Callable[[], Awaitable[None]]) -> None:
        self._read = store._database.read
        self._meanwhile = meanwhile

    async def rows(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        found = await self._read.rows(sql, parameters)
        await self._meanwhile()
        return found


@pytest.mark.parametrize("several", [False, True])
async def test_a_key_fetched_while_it_is_destroyed_is_not_cached(
    tmp_path: Path, several: bool
) -> None:
    await with_one_consultation(tmp_path)
    store = await open_store(tmp_path)
    vault = store.read.chat._vault
    read = Overtaken(
        store, lambda: store.write(lambda records: records.consultations.purge("consultation"))
    )
    if several:
        assert "consultation" in await vault.keys(read, ["consultation"])
    else:
        assert await vault.key(read, "consultation")
    with pytest.raises(NotFound):
        await vault.key(store._database.read, "consultation")
    await store.close()


async def test_a_wrong_master_key_is_refused_before_anything_is_stored(tmp_path: Path) -> None:
    await (await open_store(tmp_path, GOOD)).close()
    other = base64.b64encode(bytes(32)).decode()
    sentence = f"id {key_id(bytes(range(32)))} is needed, this one is {key_id(bytes(32))}"
    with pytest.raises(WrongMasterKey, match=sentence):
        await open_store(tmp_path, other)


def sealed(key: bytes, bound_to: str, plain: bytes) -> bytes:
    return bytes(12) + AESGCM(key).encrypt(bytes(12), plain, bound_to.encode())


@pytest.mark.sqlite
async def test_what_an_older_version_has_sealed_can_still_be_opened(tmp_path: Path) -> None:
    """Its keys had two uses, and digests of numbers were made with the master key."""
    master, key = bytes(range(32)), bytes(range(1, 33))
    number = "+41791234567"
    person = Person("Amina", "", "sms", number, "en", "UTC")
    digest = hmac.digest(derived(master, "address digest", 32), number.encode(), "sha256")
    connection = sqlite3.connect(tmp_path / "teleconnect.sqlite3")
    with connection:
        connection.executescript((files("storage") / "migrations/0001.sql").read_text("utf-8"))
        connection.execute("PRAGMA user_version=1")
        connection.execute(
            "INSERT INTO account VALUES ('nurse', 'n@example.org', 'N', 'scheduler', NULL, 'en',"
            " 'UTC', 0, NULL)"
        )
        connection.execute(
            "INSERT INTO consultation VALUES ('one', 'nurse', 'remote', 'planned', 0, NULL, 'UTC',"
            " NULL, NULL, ?, 'none', '', 0)",
            (sealed(key, "one:consultation.note", b"Bring the papers"),),
        )
        connection.execute("INSERT INTO vault_key VALUES ('one', ?)", (sealed(master, "one", key),))
        body = sealed(key, "one:invite.person.first", msgspec.json.encode(asdict(person)))
        connection.execute(
            "INSERT INTO invite VALUES ('first', 'one', 'service_user', 'sent', x'00', ?, ?, 0,"
            " NULL)",
            (body, digest),
        )
    connection.close()
    store = await open_store(tmp_path, GOOD)
    try:
        consultation = await store.read.consultations.get("one")
        found = await store.read.invites.latest_of_number(number)
        token = await store.read.invites.token("one", "first")
    finally:
        await store.close()
    assert consultation is not None
    assert consultation.note == "Bring the papers"
    assert found is not None
    assert found.person == person
    raw = derived(key, "token:invite:first", 16)
    assert token == base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def test_a_key_does_not_encrypt_itself() -> None:
    """The key that tokens are derived from does not decrypt the chat."""
    plain = KEY.seal("place", b"Good morning")
    with pytest.raises(InvalidTag):
        AESGCM(bytes(32)).decrypt(plain[:12], plain[12:], b"consultation:place")
