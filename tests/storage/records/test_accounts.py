"""Accounts are found by their address, alike on both engines."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from signaling.account import Account, Team
from signaling.errors import InvalidInput
from signaling.flows.people.accounts import new_account
from tests.engines.databases import open_store

ALIKE_TO_SOME = (
    "strasser@example.org", "stra\u00dfer@example.org", "str\u00e4sser@example.org",
    "STR\u00c4SSER@example.org", "\uff53trasser@example.org", "stra\u200bsser@example.org",
)  # fmt: skip
"Six people, as far as this server knows."


def somebody(email: str) -> Account:
    return new_account(
        email=email, name="Eva Strasser", role="scheduler", password_hash=None, language="de",
        time_zone="Europe/Zurich", now=datetime.now(UTC),
    )  # fmt: skip


async def test_addresses_that_differ_in_more_than_the_case_of_ascii_letters_are_those_of_others(
    tmp_path: Path,
) -> None:
    store = await open_store(tmp_path)
    for email in ALIKE_TO_SOME:
        account = replace(somebody("eva@example.org"), email=email)
        await store.write(lambda records, account=account: records.accounts.add(account))
    for email in ALIKE_TO_SOME:
        found = await store.read.accounts.by_email(email.replace("example", "Example"))
        assert found is not None
        assert found.email == email
    with pytest.raises(InvalidInput):
        await store.write(lambda records: records.accounts.add(somebody("Strasser@Example.org")))
    await store.close()


async def test_names_of_teams_likewise(tmp_path: Path) -> None:
    store = await open_store(tmp_path)
    for number, name in enumerate(("\u00c4rzte", "\u00e4rzte")):
        team = Team(f"team-{number}", name, ())
        await store.write(lambda records, team=team: records.teams.put(team))
    assert len(await store.read.teams.all()) == 2
    with pytest.raises(InvalidInput):
        await store.write(lambda records: records.teams.put(Team("team-2", "\u00e4RZTE", ())))
    await store.close()


async def test_an_address_is_found_in_any_case_and_by_no_other_one(tmp_path: Path) -> None:
    store = await open_store(tmp_path)
    account = somebody("strasser@example.org")
    await store.write(lambda records: records.accounts.add(account))
    found = await store.read.accounts.by_email("STRASSER@Example.org")
    assert found is not None
    assert found.id == account.id
    for other in (
        "\uff53trasser@example.org",
        "stra\u200bsser@example.org",
        "str\u00e4sser@example.org",
    ):
        assert await store.read.accounts.by_email(other) is None
    await store.close()
