"""What a guest's page shows of a call: a file of its own, loaded when there is one."""

import re

from tests.people import Person
from tests.serving import Server
from web.keys import STORE
from web.routes import path
from web.texts.catalogs import OWN_NAMES

IDS = ("incoming", "accept-call", "call", "tiles", "hang-up", "start-video", "join-call", "tile")


async def test_a_waiting_page_names_it_and_does_without(server: Server, nurse: Person) -> None:
    link = await nurse.invite(language="fr")
    async with Person(server) as phone:
        pages = [await phone.post(link, {"room": room}) for room in ("here", "part")]
        for page in pages:
            assert not [each for each in IDS if f'id="{each}"' in page.text]
            for place in ("notice", "greenroom", "no-calls-ways", "chat"):
                assert f'id="{place}"' in page.text
        [address] = {re.findall(r'data-call-markup="([^"]+)"', page.text)[0] for page in pages}
        markup = await phone.get(address)
    assert all(f'id="{each}"' in markup.text for each in IDS)
    assert "Hang up" not in markup.text, "it is in the reader's language"
    assert "immutable" in markup.headers["Cache-Control"]
    assert markup.headers["Content-Security-Policy"].startswith("default-src 'none'; ")


async def test_a_scheduler_s_page_has_it_at_once(server: Server, nurse: Person) -> None:
    link = await nurse.invite()
    invite = await server.app[STORE].read.invites.by_token(link.rpartition("/")[2])
    assert invite is not None
    page = await nurse.get(path("session", consultation_id=invite.consultation_id))
    assert all(page.text.count(f'id="{each}"') == 1 for each in IDS)
    assert "data-call-markup" not in page.text


async def test_an_earlier_start_s_address_leads_to_it_too(server: Server) -> None:
    async with Person(server) as phone:
        for language in OWN_NAMES:
            markup = await phone.get(path("call_markup", digest="earlier", language=language))
            assert 'id="hang-up"' in markup.text
            assert markup.headers["Cache-Control"] == "no-cache"
        unknown = await phone.get(path("call_markup", digest="earlier", language="xx"))
        assert unknown.status == 404
