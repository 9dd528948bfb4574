"""Accounts are found by their address, alike on both engines."""

from datetime import UTC, datetime
from pathlib import Path

from signaling.flows.people.accounts import new_account
from tests.engines.databases import open_store


async def test_an_address_is_found_in_any_case_and_by_no_other_one(tmp_path: Path) -> None:
    store = await open_store(tmp_path)
    account = new_account(
        email="strasser@example.org",
        name="Eva Strasser",
        role="scheduler",
        password_hash=None,
        language="de",
        time_zone="Europe/Zurich",
        now=datetime.now(UTC),
    )
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
