"""Which passwords are accepted, and how they are compared."""

import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from signaling.errors import InvalidInput
from tests.people import Person
from tests.serving import PASSWORD, QUICK, Server, serving
from web.keys import SETUP_TOKEN, STORE

COMPOSED = unicodedata.normalize("NFC", "vingt \u00e9l\u00e8ves mang\u00e9s")
DECOMPOSED = unicodedata.normalize("NFD", COMPOSED)
NARROW = "vier\u202fkleine\u00a0Wolken"
"As a French or German keyboard types spaces."


async def give(server: Server, password_hash: str) -> None:
    """Make an account with a hash from elsewhere."""
    account = await server.account()
    changed = replace(account, password_hash=password_hash)
    await server.app[STORE].write(lambda records: records.accounts.change(changed))


async def stored_hash(server: Server) -> str:
    account = await server.app[STORE].read.accounts.by_email("nurse@example.org")
    assert account is not None
    assert account.password_hash is not None
    return account.password_hash


@pytest.mark.parametrize(
    ("chosen", "typed"),
    [
        (COMPOSED, DECOMPOSED),
        (DECOMPOSED, COMPOSED),
        (NARROW, "vier kleine Wolken"),
        ("vier kleine Wolken", NARROW),
        ("ＡＢ ｆｉｖｅ ｒｉｖｅｒｓ", "AB five rivers"),
        ("\u2460 \ufb01ve long rivers", "1 five long rivers"),
        ("\u3000vier\u2003kleine Wolken", " vier kleine Wolken"),
        ("한국어 긴 비밀번호 아홉", unicodedata.normalize("NFD", "한국어 긴 비밀번호 아홉")),
    ],
)
async def test_a_password_fits_however_a_keyboard_writes_it(chosen: str, typed: str) -> None:
    assert chosen != typed
    assert await QUICK.verify(await QUICK.choose(chosen), typed)


@pytest.mark.parametrize("chosen", [COMPOSED, DECOMPOSED, NARROW])
async def test_a_hash_of_the_text_as_it_was_typed_still_fits(chosen: str) -> None:
    hashed = QUICK._hasher.hash(chosen)
    assert await QUICK.verify(hashed, chosen)
    assert await QUICK.verify(QUICK._hasher.hash(DECOMPOSED), COMPOSED)


@pytest.mark.parametrize("typed", ["\ufb01ve wide \uff32ivers", COMPOSED, NARROW])
async def test_a_hash_of_the_earlier_preparation_fits_and_is_renewed(typed: str) -> None:
    spaced = "".join(" " if unicodedata.category(each) == "Zs" else each for each in typed)
    old = QUICK._hasher.hash(unicodedata.normalize("NFC", spaced))
    assert await QUICK.verify(old, typed)
    plain = unicodedata.normalize("NFKC", spaced)
    renewed = await QUICK.renewed(old, typed)
    assert (renewed is None) == (unicodedata.normalize("NFC", spaced) == plain)
    assert await QUICK.verify(renewed or old, plain)


async def test_what_no_form_sends_is_refused_and_fits_nothing() -> None:
    hashed = await QUICK.choose(PASSWORD)
    for odd in ("\ud800" * 20, "x" * 100_000, "", "\0" * 20):
        assert not await QUICK.verify(hashed, odd)
        with pytest.raises(InvalidInput):
            await QUICK.choose(odd)


async def test_letters_that_only_look_alike_are_different_letters() -> None:
    hashed = await QUICK.choose("\u0430 password of four words")  # a Cyrillic letter
    assert not await QUICK.verify(hashed, "a password of four words")


async def test_a_short_password_of_earlier_times_still_signs_in(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, Person(server) as nurse:
        await give(server, QUICK._hasher.hash("ten chars!"))
        assert (await nurse.sign_in(password="ten chars!")).status == 303


async def test_signing_in_renews_a_hash_that_was_cheaper_to_guess(tmp_path: Path) -> None:
    cheap = PasswordHasher(time_cost=1, memory_cost=16, parallelism=1)
    async with serving(tmp_path) as server, Person(server) as nurse:
        old = cheap.hash(PASSWORD)
        await give(server, old)
        await nurse.sign_in(password="a guess")
        assert await stored_hash(server) == old
        assert (await nurse.sign_in()).status == 303
        new = await stored_hash(server)
        assert "m=8,t=1,p=1" in new
        assert (await nurse.sign_in()).status == 303
        assert await stored_hash(server) == new


async def test_signing_in_renews_a_hash_of_the_text_as_it_was_typed(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, Person(server) as nurse:
        old = QUICK._hasher.hash(DECOMPOSED)
        await give(server, old)
        assert (await nurse.sign_in(password=DECOMPOSED)).status == 303
        new = await stored_hash(server)
        assert new != old
        for spelling in (COMPOSED, DECOMPOSED):
            assert (await nurse.sign_in(password=spelling)).status == 303
        assert await stored_hash(server) == new


KNOWN = ("TeleConnect", "nurse.joy@clinic.example", "Nurse Joy")


@pytest.mark.parametrize(
    "password",
    [
        "passwordpassword", "Password1234", "123456789012", "qwertyuiopas", "aaaaaaaaaaaa",
        "abcdefghijkl", "iloveyou1234", "teleconnect1", "TeleConnect2026", "nurse.joy@clinic.example",
        "Nurse Joy Nurse Joy", "nursejoy-nursejoy", "clinic-clinic", " " * 14,
    ],
)  # fmt: skip
async def test_what_people_choose_or_anybody_knows_is_no_password(password: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await QUICK.choose(password, KNOWN)
    assert "easy to guess" in refused.value.sentence


@pytest.mark.parametrize(
    "password", [PASSWORD, "vier kleine Wolken", "كلمة سر طويلة جدا", "7Rt!pQz#9vLm"]
)
async def test_a_good_password_is_taken(password: str) -> None:
    assert await QUICK.verify(await QUICK.choose(password, KNOWN), password)


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("elevenchars", "at least 12 characters"),
        ("e\u0301" * 11, "at least 12 characters"),
        ("नि" * 11, "at least 12 characters"),
        ("\U0001f469\u200d\U0001f469\u200d\U0001f467" * 11, "at least 12 characters"),
        ("\u200b" * 30, "at least 12 characters"),
        ("x" * 513, "at most 512 characters"),
        ("x" * 5000, "at most 512 characters"),
        ("\ufdfa" * 40, "at most 512 characters"),  # each is 18 in NFKC
    ],
)
async def test_a_password_has_a_length(password: str, sentence: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await QUICK.choose(password)
    assert sentence in refused.value.sentence % refused.value.values


async def test_a_password_from_hell_is_judged_within_its_first_characters() -> None:
    assert await QUICK.choose("4@8({[<369&#!1/|0$5+7%2" * 20)


async def test_the_form_says_why_a_password_is_not_taken(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, Person(server) as boss:
        address = f"/setup/{server.app[SETUP_TOKEN].make()}"
        form = {"name": "The Boss", "email": "boss@example.org"}
        refused = await boss.post(address, {**form, "password": "TeleConnect2026"})
        assert refused.status == 400
        assert "easy to guess" in refused.text
        assert "The Boss" in refused.text
        made = await boss.post(address, {**form, "password": "three blind rivers"})
        assert made.status == 303


async def test_who_has_no_account_is_compared_with_a_hash_of_the_same_cost() -> None:
    nobody = QUICK._nobody
    assert not QUICK._hasher.check_needs_rehash(nobody)
    with pytest.raises(VerifyMismatchError):  # computed to its end, not refused as malformed
        QUICK._hasher.verify(nobody, PASSWORD)
    assert not await QUICK.verify(None, PASSWORD)
