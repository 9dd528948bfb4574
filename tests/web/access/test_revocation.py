"""Revoked access ends what is open: every kind of loss, in the room and in the lobby."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from signaling.errors import SignInRequired
from signaling.token import token_digest
from tests.people import Person
from tests.web.access.clinic import Clinic, assert_ended, half_hours, open_lobby, opened
from tests.web.report.drawing import Drawing
from web.access.revocation import CHECK_EVERY, Grant
from web.access.web_sessions import BY_LINK
from web.keys import REVOCATION, STORE, WEB_SESSIONS


@pytest.fixture
async def clinic(tmp_path: Path) -> AsyncIterator[Clinic]:
    async with opened(tmp_path) as clinic:
        yield clinic


# --- those who sign in


async def suspended(clinic: Clinic) -> None:
    await clinic.boss.post(f"/admin/people/{clinic.account.id}/suspend")


async def signed_out_everywhere(clinic: Clinic) -> None:
    await clinic.boss.post(f"/admin/people/{clinic.account.id}/sign-out")


async def signed_out(clinic: Clinic) -> None:
    await clinic.nurse.post("/signout")


async def somebody_else_signs_in(clinic: Clinic) -> None:
    await clinic.server.account("doctor@example.org", "Doctor Ann")
    await clinic.nurse.sign_in("doctor@example.org")


async def another_role(clinic: Clinic) -> None:
    other = replace(clinic.account, role="administrator")
    await clinic.server.app[STORE].write(lambda records: records.accounts.change(other))


async def twelve_hours_over(clinic: Clinic) -> None:
    """With nobody else in the room."""
    await clinic.seat.ws.close()
    await clinic.room.until("participant_changed")
    await clinic.pass_time(timedelta(hours=12))


async def gone_behind_the_servers_back(clinic: Clinic) -> None:
    await clinic.behind_its_back("DELETE FROM web_session WHERE account_id = ?", clinic.account.id)


async def suspended_behind_the_servers_back(clinic: Clinic) -> None:
    await clinic.behind_its_back(
        "UPDATE account SET suspended_at = 1 WHERE id = ?", clinic.account.id
    )


@pytest.mark.parametrize(
    "lose",
    [
        suspended,
        signed_out_everywhere,
        signed_out,
        somebody_else_signs_in,
        another_role,
        twelve_hours_over,
        gone_behind_the_servers_back,
        suspended_behind_the_servers_back,
    ],
    ids=lambda way: way.__name__,
)
async def test_who_may_not_be_here_any_more_has_no_lobby_and_no_room(
    clinic: Clinic, lose: Callable[[Clinic], Awaitable[None]]
) -> None:
    boss = await open_lobby(clinic.boss)
    await lose(clinic)
    assert await clinic.lobby.end() == 4401
    await assert_ended(clinic.room, 4401)
    chat = await clinic.server.app[STORE].read.chat.of_consultation(clinic.consultation_id)
    assert [line.text for line in chat if line.kind == "text"] == []
    # nobody else loses anything; the administrator's day began when the nurse's did
    others = [] if lose is twelve_hours_over else [clinic.seat, boss]
    for wire in others:
        await wire.send("ping")
        assert await wire.until("pong")


# --- those who are in the middle of something


async def test_a_session_with_others_adds_nothing_once_they_have_left(clinic: Clinic) -> None:
    await clinic.room.command("start_consultation")
    await half_hours(clinic, 26)
    await clinic.seat.ws.close()
    await clinic.room.until("participant_changed")
    await half_hours(clinic, 25)
    await assert_ended(clinic.room, 4401)


async def test_a_seat_outlives_its_week_while_the_session_goes_on(tmp_path: Path) -> None:
    async with opened(tmp_path, TELECONNECT_EXPIRY_HOURS="1000") as clinic:
        await clinic.room.command("start_consultation")
        await clinic.pass_time(BY_LINK.idle - timedelta(minutes=30))
        await clinic.nurse.sign_in()
        again = await clinic.nurse.enter(consultation_id=clinic.consultation_id)
        await half_hours(clinic, 3)
        await clinic.seat.say("In the second week")
        await again.say("Welcome")


async def test_who_writes_stays_signed_in_and_a_page_that_is_only_open_does_not_keep_them(
    clinic: Clinic,
) -> None:
    await clinic.seat.ws.close()
    await clinic.pass_time(timedelta(hours=11))
    await clinic.room.say("Working late")
    await clinic.pass_time(CHECK_EVERY)
    await clinic.pass_time(timedelta(hours=11))
    await clinic.room.send("ping")
    assert await clinic.room.until("pong")
    await clinic.pass_time(timedelta(hours=1))
    await assert_ended(clinic.room, 4401)


# --- those who come by link


async def seven_days_over(clinic: Clinic) -> int:
    await clinic.pass_time(BY_LINK.idle)
    return 4401


async def taken_over(clinic: Clinic) -> int:
    async with Person(clinic.server) as phone:
        assert await phone.join(clinic.link) == clinic.invite_id
    return 4001


async def seat_gone_behind_the_servers_back(clinic: Clinic) -> int:
    await clinic.behind_its_back("DELETE FROM seat")
    return 4401


async def revoked_behind_the_servers_back(clinic: Clinic) -> int:
    await clinic.behind_its_back("UPDATE invite SET state = 'revoked'")
    return 4410


async def canceled(clinic: Clinic) -> int:
    await clinic.nurse.post(f"/sessions/{clinic.consultation_id}/cancel")
    return 4410


async def closed(clinic: Clinic) -> int:
    await clinic.room.command("start_consultation")
    await clinic.room.command("terminate_consultation", choice="close")
    return 4410


@pytest.mark.parametrize(
    "lose",
    [
        seven_days_over,
        taken_over,
        seat_gone_behind_the_servers_back,
        revoked_behind_the_servers_back,
        canceled,
        closed,
    ],
    ids=lambda way: way.__name__,
)
async def test_a_lost_seat_is_lost_at_once(
    tmp_path: Path, lose: Callable[[Clinic], Awaitable[int]]
) -> None:
    async with opened(tmp_path, TELECONNECT_EXPIRY_HOURS="1000") as clinic:
        code = await lose(clinic)
        await assert_ended(clinic.seat, code)
        chat = await clinic.server.app[STORE].read.chat.of_consultation(clinic.consultation_id)
        assert [line.text for line in chat if line.kind == "text"] == []


async def test_somebody_who_is_not_invited_any_more_is_shown_out(clinic: Clinic) -> None:
    form = {"colleague": "on", "colleague_1_address": "colleague@example.org"}
    added = await clinic.nurse.post(f"/sessions/{clinic.consultation_id}/people", form)
    assert added.status == 303, added.text
    invites = await clinic.server.app[STORE].read.invites.of_consultation(clinic.consultation_id)
    token = await clinic.server.app[STORE].read.invites.token(clinic.consultation_id, invites[1].id)
    async with Person(clinic.server) as colleague:
        await colleague.join(f"/i/{token}")
        wire = await colleague.enter(invite_id=invites[1].id)
        await clinic.nurse.post(f"/invites/{invites[1].id}/remove")
        await assert_ended(wire, 4410)
    await clinic.seat.send("ping")
    assert await clinic.seat.until("pong")


async def test_the_first_device_is_told_where_the_session_goes_on(clinic: Clinic) -> None:
    await taken_over(clinic)
    assert await clinic.seat.until("replaced")
    assert await clinic.seat.end() == 4001


async def test_the_same_browser_may_take_its_seat_again(clinic: Clinic) -> None:
    await clinic.amina.join(clinic.link)
    await clinic.seat.say("Still here")


async def test_a_purged_session_is_gone_for_its_scheduler_too(tmp_path: Path) -> None:
    async with opened(tmp_path, TELECONNECT_RETENTION_HOURS="1") as clinic:
        await closed(clinic)
        await clinic.pass_time(timedelta(hours=1))
        await assert_ended(clinic.room, 4410)


async def test_a_session_of_somebody_else_now_is_left(clinic: Clinic) -> None:
    await clinic.behind_its_back(
        "UPDATE consultation SET scheduler_id ="
        " (SELECT id FROM account WHERE role = 'administrator')"
    )
    await assert_ended(clinic.room, 4410)
    await clinic.lobby.send("ping")
    assert await clinic.lobby.until("pong")


async def test_nothing_leans_on_a_browser_that_has_gone(clinic: Clinic) -> None:
    live = clinic.server.app[REVOCATION]
    assert len(live) == 3
    for wire in (clinic.lobby, clinic.room, clinic.seat):
        await wire.ws.close()
    while len(live):
        await clinic.nurse.get("/healthz")


async def test_a_session_that_was_ended_is_not_brought_back_by_a_request_under_way(
    clinic: Clinic,
) -> None:
    """A page that began to render before the end saves its web session after it."""
    web_sessions, store = clinic.server.app[WEB_SESSIONS], clinic.server.app[STORE]
    request = await _request_of(clinic)
    session = await web_sessions.load_session(request)
    await signed_out_everywhere(clinic)
    session["seated"] = True
    await web_sessions.settle(session)
    rows = await store._database.read.rows("SELECT account_id FROM web_session")
    assert clinic.account.id not in [row["account_id"] for row in rows]


async def test_a_session_that_has_just_begun_is_not_brought_back_by_its_own_answer(
    clinic: Clinic,
) -> None:
    """Signing in saves the web session at once, and sets its cookie with the response."""
    web_sessions, store = clinic.server.app[WEB_SESSIONS], clinic.server.app[STORE]
    session = await web_sessions.new_session()
    session["account_id"] = clinic.account.id
    await web_sessions.settle(session)
    await signed_out_everywhere(clinic)
    await web_sessions.save_session(await _request_of(clinic), web.Response(), session)
    rows = await store._database.read.rows("SELECT account_id FROM web_session")
    assert clinic.account.id not in [row["account_id"] for row in rows]


async def _request_of(clinic: Clinic) -> web.Request:
    return make_mocked_request("GET", "/", headers={"Cookie": f"teleconnect={clinic.nurse.cookie}"})


async def test_what_a_request_does_for_somebody_ends_with_their_access(clinic: Clinic) -> None:
    """A long download or upload is canceled; one without a grant does not begin."""
    live, store = clinic.server.app[REVOCATION], clinic.server.app[STORE]
    grant = Grant(token_digest(clinic.nurse.cookie))
    begun, done = asyncio.Event(), False

    async def long_work() -> None:
        nonlocal done
        async with live.cancelled_when_revoked(grant):
            begun.set()
            await asyncio.Event().wait()
            done = True

    working = asyncio.create_task(long_work())
    await begun.wait()
    await store.write(lambda records: records.web_sessions.remove_all_of(clinic.account.id))
    with pytest.raises(SignInRequired):
        await working
    with pytest.raises(SignInRequired):
        await long_work()
    assert not done and working.cancelling() == 0


async def test_a_request_that_is_canceled_otherwise_is_just_canceled(clinic: Clinic) -> None:
    begun = asyncio.Event()

    async def long_work() -> None:
        async with clinic.server.app[REVOCATION].cancelled_when_revoked(
            Grant(token_digest(clinic.nurse.cookie))
        ):
            begun.set()
            await asyncio.Event().wait()

    working = asyncio.create_task(long_work())
    await begun.wait()
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    assert len(clinic.server.app[REVOCATION]) == 3


@pytest.mark.slow
async def test_no_report_is_given_to_somebody_who_was_signed_out_meanwhile(
    clinic: Clinic,
) -> None:
    await closed(clinic)
    path = f"/sessions/{clinic.consultation_id}/report.pdf"
    assert (await clinic.nurse.get(path)).status == 200
    drawing = Drawing(clinic.amina)
    asked = asyncio.create_task(clinic.nurse.get(path))
    await drawing.until(1)
    await signed_out_everywhere(clinic)
    answer = await asked
    assert (answer.status, answer.body) == (303, b"")
    await drawing.until(0)
