"""The profile: who one is here, how one's pages behave, and where one is signed in."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from signaling.preferences import Preferences
from signaling.token import token_digest
from tests.clock import MovableClock
from tests.people import Person
from tests.serving import Server, moment
from tests.web.sign_in.test_changing_passwords import (
    BOSS,
    NEW,
    NURSE,
    account,
    audit,
    change,
    known_browsers,
    link_for,
    signed_in,
)
from web.http.browser_names import browser_name
from web.keys import CLOCKWORK, OUTBOX, STORE
from web.notices.outbox import read_outbox

# --- about oneself


ABOUT = {"name": "Joy Okoro", "language": "fr", "time_zone": "Africa/Lagos"}


async def test_name_language_and_zone_are_changed_and_used(server: Server) -> None:
    async with Person(server) as nurse:
        await nurse.sign_in()
        answer = await nurse.post("/profile", ABOUT)
        page = (await nurse.get(answer.location)).text
        assert 'lang="fr"' in page  # also where another language was chosen by hand
        assert page.count("Joy Okoro") >= 2
        stored = await account(server)
        assert (stored.name, stored.language, stored.time_zone) == tuple(ABOUT.values())
        assert (stored.id, "change_profile", stored.id) in await audit(server)


async def test_what_nobody_can_be_is_refused_and_kept(server: Server) -> None:
    bad = [
        *({"name": name} for name in ("", " \u200b", "x" * 10_000, "a\u202eb", "a\0b", "\u2067")),
        *({"language": code} for code in ("", "xx", "../en", "x" * 10_000)),
        *({"time_zone": zone} for zone in ("", "Mars/Base", "../etc/passwd", "\0", "x" * 10_000)),
    ]
    async with Person(server) as nurse:
        await nurse.sign_in()
        for values in bad:
            refused = await nurse.post("/profile", ABOUT | values)
            assert refused.status == 400, values
            assert 'aria-invalid="true"' in refused.text
            if "name" not in values:
                assert "Joy Okoro" in refused.text
    assert (await account(server)).name == "Nurse Joy"


async def test_the_ring_is_kept_and_every_page_knows_it(server: Server) -> None:
    async with Person(server) as nurse:
        await nurse.sign_in()
        assert (
            'data-ring-sound="phone" data-ring-volume="70" data-notifications="on"'
            in (await nurse.get("/")).text
        )
        chosen = {"ring_sound": "soft", "ring_volume": "0"}
        assert (await nurse.post("/profile/preferences", chosen)).status == 303
        page = (await nurse.get("/")).text
        assert 'data-ring-sound="soft" data-ring-volume="0"' in page
        assert "data-notifications" not in page
        for bad in ({"ring_sound": "loud"}, *({"ring_volume": each} for each in BAD_VOLUMES)):
            assert (await nurse.post("/profile/preferences", chosen | bad)).status == 400, bad
        assert (await account(server)).preferences == Preferences("soft", 0, notifications=False)


BAD_VOLUMES = ("", "-1", "101", "1e2", "\u0665", "\u00b2", "9" * 10_000, "NaN", "5 5")


async def test_a_request_to_be_deleted_reaches_every_administrator_and_can_be_taken_back(
    server: Server,
) -> None:
    other = await server.account("gone@example.org", "Gone", "administrator")
    async with Person(server) as nurse, Person(server) as boss:
        await nurse.sign_in()
        await boss.sign_in(BOSS)
        await boss.post(f"/admin/people/{other.id}/suspend")
        for _ in range(2):
            answer = await nurse.post("/profile/deletion", {"step": "ask"})
        assert "You asked for your account to be deleted" in (await nurse.get(answer.location)).text
        asked = await account(server)
        assert asked.deletion_requested_at == moment("2026-12-07 14:30")
        await server.app[CLOCKWORK].run_due()
        [mail] = await read_outbox(server.app[OUTBOX])
        assert mail.to == BOSS and "Nurse Joy" in mail.text and "/admin/people" in mail.text
        for _ in range(2):
            await nurse.post("/profile/deletion", {"step": "keep"})
        assert (await account(server)).deletion_requested_at is None
        assert (await nurse.post("/profile/deletion", {"step": "now"})).status == 404
        steps = [action for _, action, _ in await audit(server) if "delet" in action]
        assert steps == ["request_deletion", "withdraw_deletion_request"]
        again = [await nurse.post("/profile/deletion", {"step": each}) for each in ("ask", "keep")]
        again.append(await nurse.post("/profile/deletion", {"step": "ask"}))
        assert [answer.status for answer in again] == [303, 303, 429], "each is a mail to many"


async def test_every_change_of_a_password_is_told_by_mail(server: Server) -> None:
    nurse_account = await account(server)
    async with Person(server) as nurse, Person(server) as boss:
        await nurse.sign_in()
        await boss.sign_in(BOSS)
        await change(nurse)
        link = await link_for(boss, nurse_account.id)
        await nurse.post(link, {"password": NEW + " again"})
        await server.app[CLOCKWORK].run_due()
        mails = await read_outbox(server.app[OUTBOX])
    assert [mail.to for mail in mails] == [NURSE, NURSE]
    assert {mail.subject for mail in mails} == {"Your password was changed"}
    assert all("14:30" in mail.text and NEW not in mail.text for mail in mails)


async def test_somebody_without_a_password_is_not_asked_for_one(server: Server) -> None:
    async with Person(server) as nurse:
        await nurse.sign_in()
        stored = await account(server)
        bare = replace(stored, password_hash=None)
        await server.app[STORE].write(lambda records: records.accounts.change(bare))
        page = (await nurse.get("/profile")).text
        assert "This account has no password." in page
        assert "Change password" not in page
        assert (await change(nurse)).status == 400


async def test_the_old_address_leads_to_the_profile(server: Server) -> None:
    async with Person(server) as nurse:
        await nurse.sign_in()
        assert (await nurse.get("/account")).location == "/profile"
        assert 'href="/profile"' in (await nurse.get("/")).text


# --- where one is signed in


async def places(person: Person) -> list[str]:
    """The values of the buttons of other web sessions."""
    return re.findall(r'name="where" value="(\w+)"', (await person.get("/profile")).text)


async def test_the_profile_lists_where_i_am_signed_in_and_ends_any_of_it(
    server: Server, clock: MovableClock
) -> None:
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0"
    safari = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1"
    async with (
        Person(server, **{"User-Agent": firefox}) as here,
        Person(server, **{"User-Agent": safari}) as phone,
        Person(server) as other,
    ):
        await other.sign_in(BOSS)
        for person in (here, phone):
            await person.sign_in()
        page = (await here.get("/profile")).text
        assert page.index("Firefox on Linux") < page.index("This browser")
        assert page.index("This browser") < page.index("Safari on iPhone")
        assert 'datetime="2026-12-07T14:30:00+00:00"' in page
        assert page.count("with a password") == 2
        clock.move(timedelta(hours=2))
        await phone.get("/")
        page = (await here.get("/profile")).text
        assert page.count('Last used <time datetime="2026-12-07T16:30:00+00:00"') == 1
        [where, others] = await places(here)
        assert others == "others"
        ended = await here.post("/profile/sign-out", {"where": where})
        assert "You are signed out there now." in (await here.get(ended.location)).text
        assert not await signed_in(phone)
        assert await signed_in(here)
        assert await signed_in(other)
        assert await places(here) == []
        assert (await here.post("/profile/sign-out", {"where": where})).status == 404


async def test_signing_out_everywhere_else_leaves_this_browser(server: Server) -> None:
    async with Person(server) as here, Person(server) as one, Person(server) as two:
        for person in (here, one, two):
            await person.sign_in()
        assert (await here.post("/profile/sign-out", {"where": "others"})).status == 303
        assert [await signed_in(person) for person in (here, one, two)] == [True, False, False]
        assert len(await known_browsers(server)) == 1


async def test_nobody_ends_the_web_session_of_somebody_else(server: Server) -> None:
    async with Person(server) as nurse, Person(server) as again, Person(server) as boss:
        for person in (nurse, again):
            await person.sign_in()
        await boss.sign_in(BOSS)
        [where, _others] = await places(nurse)
        assert (await boss.post("/profile/sign-out", {"where": where})).status == 404
        assert await signed_in(again)


async def test_no_page_shows_what_is_stored_of_a_web_session(server: Server) -> None:
    async with Person(server) as here, Person(server) as other:
        for person in (here, other):
            await person.sign_in()
        page = (await here.get("/profile")).text
        for person in (here, other):
            assert person.cookie not in page
            assert token_digest(person.cookie).hex() not in page


@pytest.mark.parametrize(
    ("user_agent", "names"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/156.0 Safari/537.36", "Chrome Windows"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/156.0 Safari/537.36 Edg/156.0", "Edge Windows"),
        ("Mozilla/5.0 (Linux; Android 9) SamsungBrowser/20 Chrome/1", "Samsung Internet Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) Version/19 Safari/605", "Safari Mac"),
        ("Mozilla/5.0 (iPhone; like Mac OS X) CriOS/156 Safari/604.1", "Chrome iPhone"),
        ("curl/8", " "),
        ("", " "),
    ],
)
def test_a_browser_is_called_as_people_call_it(user_agent: str, names: str) -> None:
    assert " ".join(browser_name(user_agent)) == names
