"""Joining: easy with the link, and no way to fill the database."""

import html
import json
import re
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from tests.clock import MovableClock
from tests.people import Person, consultation_of
from tests.serving import Server, moment, serving
from web.access.rate_limits import LIMITS
from web.keys import CATALOGS, STORE

NOW = moment("2026-12-07 14:30")
FROM_ONE_NETWORK = LIMITS["join_network"].amount
ALTOGETHER = LIMITS["join"].amount

TOMORROW = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d}"


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(NOW)


async def rows(server: Server, table: str) -> int:
    found = await server.app[STORE]._database.read.row(f"SELECT COUNT(*) AS count FROM {table}")
    assert found is not None
    return int(found["count"])


async def invite_behind(server: Server, link: str) -> str:
    invite = await server.app[STORE].read.invites.by_token(link.rpartition("/")[2])
    assert invite is not None
    return invite.id


async def join_anew(server: Server, link: str, network: str) -> tuple[int, str]:
    """Let a browser without cookies join. Returns the status, and when it may try again."""
    async with Person(server) as phone:
        answer = await phone.post(link, **{"X-Forwarded-For": network})
        return answer.status, answer.headers.get("Retry-After", "")


async def test_a_link_is_taken_so_often_and_no_more(
    server: Server, nurse: Person, clock: MovableClock
) -> None:
    link = await nurse.invite()
    before = await rows(server, "web_session"), await rows(server, "audit")
    for _ in range(FROM_ONE_NETWORK):
        assert (await join_anew(server, link, "192.0.2.1"))[0] == 303
    status, retry_after = await join_anew(server, link, "192.0.2.1")
    assert (status, retry_after) == (429, "3600")
    for number in range(ALTOGETHER - FROM_ONE_NETWORK + 30):
        await join_anew(server, link, f"198.51.100.{number // FROM_ONE_NETWORK}")
    after = await rows(server, "web_session"), await rows(server, "audit")
    assert [now - then for now, then in zip(after, before, strict=True)] == [ALTOGETHER] * 2
    assert (await join_anew(server, await nurse.invite("Paul"), "192.0.2.1"))[0] == 303
    clock.move(timedelta(hours=1))
    assert (await join_anew(server, link, "192.0.2.1"))[0] == 303


async def test_who_holds_the_seat_takes_it_as_often_as_they_like(
    server: Server, nurse: Person
) -> None:
    link = await nurse.invite()
    async with Person(server) as phone:
        for _ in range(FROM_ONE_NETWORK + 5):
            await phone.join(link)


async def test_the_answer_is_the_session_itself_where_the_page_asks_for_it(
    server: Server, nurse: Person
) -> None:
    link = await nurse.invite()
    async with Person(server) as phone:
        landing = await phone.get(link)
        assert '<input type="hidden" name="room" value="here">' in landing.text
        assert 'data-joining="Connecting…"' in landing.text, "what the button says meanwhile"
        answer = await phone.post(link, {"room": "here"})
        assert answer.status == 200
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        seat = f"/seat/{await invite_behind(server, link)}"
        assert f'data-seat="{seat}"' in answer.text
        assert f'name="next" value="{seat}"' in answer.text, "choosing a language leads to the seat"
        assert link not in answer.text
        assert (await phone.get(seat)).status == 200
        other = await nurse.invite("Paul")
        asked = await phone.post(other, {"room": "here"})
        assert (asked.status, asked.text.count('name="room" value="here"')) == (409, 2)
        assert (await phone.post(other, {"room": "here", "others": "keep"})).status == 200
        # Clear-Site-Data is to be over before the session page stores anything
        third = await nurse.invite("Lea")
        left = await phone.post(third, {"room": "here", "others": "leave"})
        assert (left.status, "Clear-Site-Data" in left.headers) == (303, True)


async def test_a_script_is_answered_by_what_takes_the_place_of_the_landing_page(
    server: Server, nurse: Person
) -> None:
    link = await nurse.invite()
    async with Person(server) as phone:
        whole = await phone.post(link, {"room": "here"})
        part = await phone.post(link, {"room": "part"})
        assert (part.status, part.headers["Cache-Control"]) == (200, "no-store")
        assert part.headers["Content-Security-Policy"].startswith("default-src 'none'; ")
        assert part.headers["X-Content-Type-Options"] == "nosniff"
        assert "Permissions-Policy" in whole.headers
        assert "Permissions-Policy" not in part.headers, "no page, so nothing to be allowed"
        assert link not in part.text
        assert "<script" not in part.text
        assert "ticket" not in whole.text
        room = r'<main id="main".*</main>'
        bare = [
            re.sub(r'name="id" value="[^"]*"', "", re.findall(room, each.text, re.DOTALL)[0])
            for each in (whole, part)
        ]
        assert bare[0] == bare[1]
        other = await nurse.invite("Paul")
        assert (await phone.post(other, {"room": "part"})).status == 409
        left = await phone.post(other, {"room": "part", "others": "leave"})
        assert (left.status, "Clear-Site-Data" in left.headers) == (303, True)


@pytest.mark.parametrize("room", ["here", "part"])
async def test_the_forms_of_a_session_page_at_the_link_s_address_work_in_browsers_that_hide_its_origin(
    server: Server, nurse: Person, room: str
) -> None:
    """Safari before 16.4 sends nothing but a null origin from a page with `no-referrer`."""
    link = await nurse.invite()
    async with Person(server) as phone:
        page = (await phone.post(link, {"room": room})).text
        forms = re.findall(r'<form[^>]* method="post"[^>]*>', page)
        actions = [re.findall(r' action="([^"]+)"', form)[0] for form in forms]
        assert len(actions) >= 3
        for action in sorted(actions, key=lambda each: "leave" in each):
            answer = await phone.post(action, {"text": "hello", "next": "/"}, Origin="null")
            assert answer.status in (200, 303), action


@pytest.mark.parametrize("language", ["en", "uk"])
async def test_a_short_catalog_stands_in_the_pages_before_the_waiting_room(
    server: Server, nurse: Person, language: str
) -> None:
    link = await nurse.invite(language=language)
    catalog = server.app[CATALOGS].get(language).way_in_catalog
    async with Person(server) as phone:
        pages = [await phone.get(link), await phone.post(link, {"room": "here"})]
    for page in pages:
        held = re.findall(
            r'<script id="held-catalog" type="application/json">(.*?)</script>', page.text
        )
        fetched = page.text.count(f"{language}-way-in.json")
        if language == "en":
            assert [json.loads(each) for each in held] == [json.loads(catalog)]
            assert fetched == 1, "named only, for what is loaded later"
        else:
            assert held == []
            assert fetched == 2


async def test_a_page_runs_no_script_inline_but_ours(server: Server, nurse: Person) -> None:
    link = await nurse.invite()
    async with Person(server) as phone:
        answer = await phone.post(link, {"room": "here"})
    policy = answer.headers["Content-Security-Policy"]
    scripts = re.findall(r"<script(?: data-[^>]*)>(.+?)</script>", answer.text, re.DOTALL)
    proofs = [b64encode(sha256(html.unescape(each).encode()).digest()).decode() for each in scripts]
    assert len(scripts) == 2, "first.js and whole.js"
    [sources] = re.findall(r"script-src ([^;]+)", policy)
    assert sorted(sources.split()) == sorted(["'self'", *(f"'sha256-{each}'" for each in proofs)])
    assert "unsafe" not in policy


async def test_the_page_is_right_before_its_socket_is_open(server: Server, nurse: Person) -> None:
    link = await nurse.invite()
    async with Person(server) as phone:
        seat = await phone.join(link)
        page = (await phone.get(f"/seat/{seat}")).text
        assert "You are in the waiting room" in page
        assert "\u2068Nurse Joy\u2069 has not joined yet." in page
        assert "Loading" not in page
        amina = await phone.enter(invite_id=seat)
        consultation = next(each for each in amina.frames if each["type"] == "snapshot")
        desk = await nurse.enter(consultation_id=consultation["consultation"]["consultation_id"])
        assert "is here. The session will start soon." in (await phone.get(f"/seat/{seat}")).text
        await desk.command("start_consultation")
        page = (await phone.get(f"/seat/{seat}")).text
        assert "You are in the session" in page
        await desk.command("terminate_consultation", choice="keep_open")
        page = (await phone.get(f"/seat/{seat}")).text
        assert "The session is paused" in page
        assert "You can still write messages here." in page


async def test_who_comes_too_early_leaves_no_web_session_behind(
    server: Server, nurse: Person
) -> None:
    link = await nurse.invite(plan_later="on", date="2026-12-09", time="10:00", time_zone="UTC")
    before = await rows(server, "web_session")
    async with Person(server) as phone:
        answer = await phone.post(link)
        assert (answer.status, "You are early." in answer.text) == (409, True)
        assert phone.cookie == ""
    assert await rows(server, "web_session") == before


async def test_whoever_joins_a_session_that_was_moved_meanwhile_is_told_from_when(
    server: Server, nurse: Person, clock: MovableClock
) -> None:
    """Their link goes on working, and nobody is to think that it does not."""
    today = {"plan_later": "on", "date": "2026-12-07", "time": "14:45", "time_zone": "UTC"}
    link = await nurse.invite(**today)
    invite = await server.app[STORE].read.invites.by_token(link.rpartition("/")[2])
    assert invite is not None
    async with Person(server) as phone:
        assert "Join the session" in (await phone.get(link)).text
        form = {"first_name": "Amina", "address": "amina@example.org", "channel": "email"}
        later = form | today | {"time": "16:00", "language": "en"}
        moved = await nurse.post(f"/sessions/{invite.consultation_id}/edit", later)
        assert moved.status == 303, moved.text
        for room in ("here", "part", "plain"):
            answer = await phone.post(link, {"room": room})
            assert answer.status == 409
            assert "You can join from" in answer.text
            assert "no longer works" not in answer.text
        # an hour until the door opens; after that the browser asks when it does
        assert '<noscript><meta http-equiv="refresh" content="1800"></noscript>' in answer.text
        clock.move(timedelta(minutes=59))
        early = (await phone.get(link)).text
        assert '<noscript><meta http-equiv="refresh" content="61"></noscript>' in early
        clock.move(timedelta(minutes=1))
        ready = (await phone.get(link)).text
        assert ("Join the session" in ready, 'http-equiv="refresh"' in ready) == (True, False)
        await phone.join(link)


async def test_whoever_has_joined_reads_in_the_language_of_their_invitation_that_it_is_over(
    server: Server, nurse: Person
) -> None:
    def language(page: str) -> str:
        return re.findall(r'<html[^>]* lang="(\w+)"', page)[0]

    link = await nurse.invite(language="fr")
    english = {"Accept-Language": "en"}
    async with Person(server, **english) as one, Person(server, **english) as other:
        seat = f"/seat/{await one.join(link)}"
        pages = seat, f"{seat}/plain", f"{seat}/plain/lines"
        await other.join(link)
        for address in pages:
            moved = await one.get(address)
            assert (moved.status, language(moved.text)) == (410, "fr")
        amina = await other.enter(invite_id=seat.rpartition("/")[2])
        desk = await nurse.enter(consultation_id=await consultation_of(amina))
        await desk.command("start_consultation")
        await desk.command("terminate_consultation", choice="close")
        for address in (*pages, link):
            over = await other.get(address)
            assert (over.status, language(over.text)) == (410, "fr")
        assert language((await other.post(link)).text) == "fr"
        async with Person(server, **english) as stranger:
            for address in (*pages, link):
                assert language((await stranger.get(address)).text) == "en"


async def test_what_was_mistyped_can_be_corrected_right_after_sending(
    server: Server, nurse: Person
) -> None:
    link = await nurse.invite("Amnia")
    invite = await server.app[STORE].read.invites.by_token(link.rpartition("/")[2])
    assert invite is not None
    sent = await nurse.get(f"/invites/{invite.id}/link")
    edit = f"/sessions/{invite.consultation_id}/edit"
    assert f'action="{edit}"' in sent.text
    assert 'value="Amnia"' in (await nurse.get(edit)).text


@pytest.mark.parametrize("name", ["Clinic, North", "Hospital @ Home", "Clinic: North; East"])
async def test_the_organizer_in_a_calendar_is_the_sender_of_mails(
    tmp_path: Path, name: str
) -> None:
    settings = {"TELECONNECT_MAIL_FROM": f"{name} <a@b.example>"}
    async with serving(tmp_path, None, **settings) as server, Person(server) as nurse:
        await server.account()
        await nurse.sign_in()
        link = await nurse.invite(plan_later="on", date=TOMORROW, time="10:00", time_zone="UTC")
        entry = (await nurse.get(f"{link}/session.ics")).text
    assert "ORGANIZER:mailto:a@b.example\r\n" in entry
