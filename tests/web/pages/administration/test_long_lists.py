"""What is in a list of many pages is found: the outbox, and interpreting organizations."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from signaling.interpreter_request import InterpretingOrganization
from storage.store import Records
from tests.delivery.notices import SMS, mail
from tests.people import Person
from tests.serving import Server, serving
from web.keys import OUTBOX, STORE


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(tmp_path) as server:
        await server.account(role="administrator")
        yield server


@pytest.fixture
async def boss(server: Server) -> AsyncIterator[Person]:
    async with Person(server) as boss:
        await boss.sign_in()
        yield boss


async def test_each_message_of_the_outbox_is_on_one_page_and_found_by_its_words(
    server: Server, boss: Person
) -> None:
    outbox = server.app[OUTBOX]
    for number in range(26):
        address = f"e{number:02}@example.org"
        await outbox.send(mail(notice_id=f"notice-00{number:02}", address=address))
    await outbox.send(SMS)

    async def addresses(query: str = "") -> list[str]:
        page = (await boss.get(f"/admin/outbox{query}")).text
        assert ("Page 1 of 2" in page) is ("?" not in query)
        return re.findall(r"(e\d\d@example.org|\+41791234567)</bdi>", page)

    first, last = await addresses(), await addresses("?page=2")
    assert (len(first), len(last)) == (25, 2)
    assert len({*first, *last}) == 27
    assert await addresses("?search=E07") == ["e07@example.org"]
    assert await addresses("?search=%2B4179") == ["+41791234567"]
    assert await addresses("?search=clinic%20by%20night") == []


async def test_an_organization_of_a_later_page_is_found_and_comes_back_when_it_is_refused(
    server: Server, boss: Person
) -> None:
    async def work(records: Records) -> None:
        for number in range(26):
            await records.interpreters.put_organization(
                InterpretingOrganization(
                    f"o{number}", f"Élan {number:02}", f"e{number}@example.org", ("ar",), number
                )
            )

    assert 'role="search"' not in (await boss.get("/admin/interpreters")).text
    await server.app[STORE].write(work)
    first = (await boss.get("/admin/interpreters")).text
    assert "Élan 24" in first and "Élan 25" not in first and "Page 1 of 2" in first
    assert "Élan 25" in (await boss.get("/admin/interpreters?page=2")).text
    found = (await boss.get("/admin/interpreters?search=elan%2017")).text
    assert re.findall(r"<bdi>(Élan \d\d)</bdi>", found) == ["Élan 17"]
    assert "Nothing was found." in (await boss.get("/admin/interpreters?search=zzz")).text
    refused = await boss.post("/admin/interpreters/o25", {"name": "Élan 25", "email": "nowhere"})
    assert refused.status == 400
    assert 'value="nowhere"' in refused.text and "Page 2 of 2" in refused.text
