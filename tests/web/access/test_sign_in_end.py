"""The time of a sign-in: who is told of it, what goes on after it, and under the next one."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from signaling.errors import SignInRequired
from signaling.moments.milliseconds import to_ms
from signaling.token import token_digest
from storage.engine.commit_hooks import WebSessionMoved
from tests.people import Person, Refused
from tests.web.access.clinic import Clinic, assert_ended, half_hours, open_lobby, opened
from tests.web.sign_in.factors import set_up_app
from web.access.revocation import CHECK_EVERY, Grant
from web.keys import CLOCKWORK, REVOCATION


@pytest.fixture
async def clinic(tmp_path: Path) -> AsyncIterator[Clinic]:
    async with opened(tmp_path) as clinic:
        yield clinic


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


async def test_signing_out_between_two_steps_ends_it_too(tmp_path: Path) -> None:
    async with opened(tmp_path, TELECONNECT_SIGN_IN_DAYS="0.5") as clinic:
        await set_up_app(clinic.nurse, clinic.clock)
        await clinic.room.command("start_consultation")
        await clinic.pass_time(timedelta(hours=12))
        assert (await clinic.nurse.sign_in()).location.startswith("/signin/code")
        await clinic.room.say("Goodbye")
        await clinic.nurse.post("/signout")
        await assert_ended(clinic.room, 4401)
        assert await clinic.lobby.end() == 4401


async def test_what_is_just_being_opened_is_checked_under_the_web_session_it_has_moved_to(
    clinic: Clinic,
) -> None:
    live = clinic.server.app[REVOCATION]
    before = token_digest(clinic.nurse.cookie)

    async def opening() -> None:
        async with live.while_granted(Grant(before), lambda _: None):
            pass

    async with Person(clinic.server) as again:
        await again.sign_in()
        task = asyncio.create_task(opening())
        await asyncio.sleep(0)  # it waits for the store
        live.lost(WebSessionMoved(before, token_digest(again.cookie)))
        await task
    task = asyncio.create_task(opening())
    await asyncio.sleep(0)
    live.lost(WebSessionMoved(before, b"nobody's"))
    with pytest.raises(SignInRequired):
        await task


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
    lobby = await open_lobby(clinic.nurse)
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


async def test_a_session_with_others_is_work_and_keeps_its_scheduler_signed_in(
    clinic: Clinic,
) -> None:
    await clinic.room.command("start_consultation")
    await half_hours(clinic, 60)
    await clinic.room.say("Still with you, after thirty hours")
    assert (await clinic.nurse.get("/invites")).status == 200
