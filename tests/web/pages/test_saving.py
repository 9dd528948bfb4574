"""Browsers that ask every server for little data."""

from typing import Any

from tests.people import Person
from tests.serving import Server


async def test_whoever_sends_the_header_has_save_data_on_from_the_beginning(
    server: Server,
) -> None:
    async with Person(server) as nurse, Person(server) as amina:
        await nurse.sign_in()
        seat = await amina.join(await nurse.invite("Amina"))
        here = f"/seat/{seat}"
        for headers, asked in [
            ({}, False),
            ({"Save-Data": "on"}, True),
            ({"Save-Data": "x"}, False),
        ]:
            given: dict[str, Any] = headers
            text = (await amina.get(here, **given)).text
            assert ('data-save-data="on"' in text) is asked
            assert ('role="switch" checked' in text) is asked
            # nothing to press before there is a script that heeds it
            assert 'id="saving" class="saving" hidden' in text
