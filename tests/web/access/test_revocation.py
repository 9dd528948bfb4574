"""Revoked access ends what is open: every kind of loss, in the room and in the lobby."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from signaling.account import Account
from signaling.errors import SignInRequired
from signaling.moments.milliseconds import to_ms
from signaling.token import token_digest
from signaling.wire.messages import PROTOCOL_VERSION
from storage.engine.master_key import DATABASE_NAME
from tests.clock import MovableClock
from tests.people import Person, Refused, Wire, consultation_of
from tests.serving import Server, moment, serving
from tests.web.report.drawing import Drawing
from web.access.revocation import CHECK_EVERY, Grant
from web.access.web_sessions import BY_LINK
from web.keys import CLOCKWORK, REVOCATION, STORE, WEB_SESSIONS


@dataclass
class Clinic:
    """A nurse with a lobby and a room open, an administrator, and Amina in her seat."""

    server: Server
    clock: MovableClock
    folder: Path
    nurse: Person
    boss: Person
    amina: Person
    account: Account
    link: str
    invite_id: str
    consultation_id: str
    lobby: Wire
    room: Wire
    seat: Wire

    async def pass_time(self, by: timedelta) -> None:
        self.clock.move(by)
        await self.server.app[CLOCKWORK].run_due()

    async def behind_its_back(self, sql: str, *values: str) -> None:
        """Another program writes to the database; the server notices at its next check."""

        def write() -> None:
            database = sqlite3.connect(self.folder / DATABASE_NAME, timeout=60)
            with database:
                database.execute(sql, values)
            database.close()

        await asyncio.to_thread(write)
        await self.pass_time(CHECK_EVERY)


async def _lobby(person: Person) -> Wire:
    wire = await person.connect()
    await wire.send("hello", version=PROTOCOL_VERSION, stream="lobby", peer_id="peer-lobby-0001")
    await wire.until("lobby")
    return wire


@asynccontextmanager
async def opened(folder: Path, **settings: str) -> AsyncIterator[Clinic]:
    async with AsyncExitStack() as stack:
        clock = MovableClock(moment("2026-12-07 14:30"))
        server = await stack.enter_async_context(serving(folder, clock, **settings))
        nurse, boss, amina = [await stack.enter_async_context(Person(server)) for _ in range(3)]
        account = await server.account()
        await server.account("boss@example.org", "The Boss", "administrator")
        await nurse.sign_in()
        await boss.sign_in("boss@example.org")
        link = await nurse.invite()
        invite_id = await amina.join(link)
        seat = await amina.enter(invite_id=invite_id)
        consultation_id = await consultation_of(seat)
        room = await nurse.enter(consultation_id=consultation_id)
        yield Clinic(
            server, clock, folder, nurse, boss, amina, account, link, invite_id, consultation_id,
            await _lobby(nurse), room, seat,
        )  # fmt: skip


@pytest.fixture
async def clinic(tmp_path: Path) -> AsyncIterator[Clinic]:
    async with opened(tmp_path) as clinic:
        yield clinic


async def assert_ended(wire: Wire, code: int) -> None:
    """Wait until the socket ends with this code; what was sent at the same moment has no effect."""
    with pytest.raises((Refused, ConnectionError)):
        await wire.say("Written after the end")
    assert await wire.end() == code


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
    boss = await _lobby(clinic.boss)
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


async def half_hours(clinic: Clinic, count: int) -> None:
    for _ in range(count):
        await clinic.pass_time(timedelta(minutes=30))


async def test_a_session_with_others_is_work_and_keeps_its_scheduler_signed_in(
    clinic: Clinic,
) -> None:
    await clinic.room.command("start_consultation")
    await half_hours(clinic, 60)
    await clinic.room.say("Still with you, after thirty hours")
    assert (await clinic.nurse.get("/invites")).status == 200


async def test_nobody_is_thrown_out_of_a_session_with_others_when_their_time_is_over(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path, TELECONNECT_SIGN_IN_DAYS="0.5") as clinic:
        await clinic.room.command("start_consultation")
        await clinic.pass_time(timedelta(hours=12))
        await half_hours(clinic, 6)
        await clinic.room.say("Still with you, after fifteen hours")
        for wire in (clinic.lobby, clinic.room):
            await wire.send("ping")
            assert await wire.until("pong")
        # a line that drops in the middle of it
        await clinic.room.ws.close()
        again = await clinic.nurse.enter(consultation_id=clinic.consultation_id)
        await again.say("And back")
        # but everything else asks to sign in
        assert (await clinic.nurse.get("/invites")).status == 303
        await clinic.seat.ws.close()
        await again.until("participant_changed")
        await clinic.pass_time(CHECK_EVERY)
        await assert_ended(again, 4401)
        assert await clinic.lobby.end() == 4401
        with pytest.raises(Refused):
            await clinic.nurse.enter(consultation_id=clinic.consultation_id)


async def test_signing_out_ends_what_went_on_after_the_time_of_the_sign_in(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path, TELECONNECT_SIGN_IN_DAYS="0.5") as clinic:
        await clinic.room.command("start_consultation")
        await clinic.pass_time(timedelta(hours=12))
        await clinic.room.say("Goodbye")
        await clinic.nurse.post("/signout")
        await assert_ended(clinic.room, 4401)
        assert await clinic.lobby.end() == 4401


@pytest.mark.parametrize("hours", [11, 12])
async def test_whoever_signs_in_again_has_everything_go_on_without_a_break(
    tmp_path: Path, hours: int
) -> None:
    """Before their time is over, or after it in the middle of a session."""
    async with opened(tmp_path, TELECONNECT_SIGN_IN_DAYS="0.5") as clinic:
        seat = await clinic.nurse.join(await clinic.nurse.invite("Baraka"))
        await clinic.room.command("start_consultation")
        await clinic.pass_time(timedelta(hours=hours))
        before = clinic.nurse.cookie
        assert (await clinic.nurse.sign_in()).status == 303
        assert clinic.nurse.cookie != before
        await clinic.server.app[CLOCKWORK].run_due()
        ends_at = to_ms(clinic.clock.now() + timedelta(hours=12))
        assert await clinic.lobby.until("sign_in_ends", at=ends_at)
        await clinic.pass_time(timedelta(hours=3))
        await clinic.room.say("As if nothing had been")
        await clinic.lobby.send("ping")
        assert await clinic.lobby.until("pong")
        own_seat = await clinic.nurse.enter(invite_id=seat)
        await own_seat.say("A seat that this browser had is still its own")
        # the earlier cookie is worth nothing
        async with Person(clinic.server) as thief:
            thief.plant(before)
            assert (await thief.get("/")).status == 303


async def test_a_page_is_told_when_its_reader_will_have_to_sign_in_again(clinic: Clinic) -> None:
    lobby = await _lobby(clinic.nurse)
    begun = clinic.clock.now()
    at = (await lobby.until("sign_in_ends"))["at"]
    assert at == to_ms(begun + timedelta(hours=12))
    await clinic.pass_time(timedelta(hours=11))
    await lobby.send("active")
    await lobby.send("ping")
    assert await lobby.until("pong")
    await clinic.pass_time(CHECK_EVERY)
    at = (await lobby.until("sign_in_ends"))["at"]
    assert at == to_ms(begun + timedelta(hours=23) + CHECK_EVERY)


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
