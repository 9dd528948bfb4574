"""Requested notices are limited per hour; those that the server owes are not."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from signaling.errors import TooMuchSent
from signaling.flows.invites.inviting import Plan
from signaling.interpreter_request import InterpretingOrganization
from signaling.invite import Person as Invited
from signaling.notice_allowance import ASKING, INVITING, MOVING
from tests.notices.desk import NUMBER, Desk, desk
from tests.people import Answer
from web import keys
from web.keys import PURGING, STORE

AMINA = "amina@example.org"
LATER = {"plan_later": "on", "time": "10:00", "time_zone": "UTC"}
MINUTES = re.compile(r"Please try again in (\d+) minutes?\.")


def address_of(page: str, ending: str) -> str:
    """The address of the first form or button that ends with this."""
    found = re.search(rf'(/(?:invites|sessions)/[\w-]+/{ending})"', page)
    assert found is not None, page
    return found.group(1)


async def fill(nurse: Desk, count: int = INVITING.to_address, address: str = AMINA) -> None:
    for _ in range(count):
        assert (await nurse.invite(address=address)).status == 303


def is_held_back(answer: Answer, minutes: int = 60) -> bool:
    found = MINUTES.search(answer.text)
    return (
        answer.status == 429
        and found is not None
        and found[1] == str(minutes)
        and int(answer.headers["Retry-After"]) == minutes * 60
    )


def received(nurse: Desk, address: str = AMINA) -> int:
    return sum(each.recipients == [address] for each in nurse.outside.mail.received)


async def test_an_address_is_rate_limited_and_the_form_is_kept(nurse: Desk) -> None:
    await fill(nurse)
    held = await nurse.invite(address="Amina@Example.org", first_name="Salma", note="By the lake")
    assert is_held_back(held)
    assert (
        "Salma has already been sent as many messages as are allowed within an hour." in held.text
    )
    for typed in ("Salma", "By the lake", "Amina@Example.org"):
        assert typed in held.text
    assert received(nurse) == INVITING.to_address
    assert (await nurse.invite(address="samir@example.org")).status == 303


async def test_whoever_was_told_to_wait_may_send_afterwards(nurse: Desk) -> None:
    await fill(nurse, 1)
    nurse.move(minutes=20)
    await fill(nurse, INVITING.to_address - 1)
    assert is_held_back(await nurse.invite(address=AMINA), minutes=40)
    nurse.move(minutes=40)
    assert (await nurse.invite(address=AMINA)).status == 303
    assert is_held_back(await nurse.invite(address=AMINA), minutes=20)


async def test_what_is_refused_is_not_done_at_all(nurse: Desk) -> None:
    await fill(nurse)
    await nurse.invite(address="samir@example.org", colleague="on", colleague_1_address=AMINA)
    assert received(nurse, "samir@example.org") == 0
    rows = await nurse.server.app[STORE]._database.read.rows("SELECT * FROM consultation")
    assert len(rows) == INVITING.to_address


async def test_send_again_pressed_a_hundred_times_sends_ten_an_hour(nurse: Desk) -> None:
    await nurse.invite(address=AMINA)
    again = address_of(await nurse.list(), "send")
    statuses = []
    for _ in range(100):
        statuses.append((await nurse.person.post(again)).status)
        await nurse.deliver()
    assert statuses == [303] * 9 + [429] * 91
    assert received(nurse) == INVITING.to_address
    assert is_held_back(await nurse.person.post(again))


async def test_phones_are_rate_limited_like_mailboxes(nurse: Desk) -> None:
    await fill(nurse, address=NUMBER)
    assert is_held_back(await nurse.invite(address="+41 79 123 45 67"))
    assert len(nurse.outside.texts) == INVITING.to_address


async def test_a_restart_forgets_nothing(nurse: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "restarted"
    async with desk(folder, nurse.outside) as before:
        await fill(before)
        now = before.now
    async with desk(folder, nurse.outside, now) as after:
        assert is_held_back(await after.invite(address=AMINA))


async def test_a_link_given_by_hand_is_no_message(nurse: Desk) -> None:
    for _ in range(2 * INVITING.to_address):
        assert (await nurse.invite(address=AMINA, channel="none")).status == 303


async def test_inviting_more_people_and_correcting_addresses_is_limited_too(nurse: Desk) -> None:
    date = (nurse.now + timedelta(days=2)).date().isoformat()
    await nurse.invite(address="samir@example.org", date=date, **LATER)
    edit = address_of(await nurse.list(), "edit")
    await fill(nurse)
    add = edit.removesuffix("edit") + "people"
    more = {"colleague": "on", "colleague_1_name": "Dr Lee", "colleague_1_address": AMINA}
    held = await nurse.person.post(add, more)
    assert is_held_back(held)
    assert "Dr Lee" in held.text
    assert is_held_back(await nurse.person.post(add + "/new", more))
    form = {"first_name": "Samir", "address": AMINA, "language": "en", "date": date, **LATER}
    corrected = await nurse.person.post(edit, form)
    assert is_held_back(corrected)
    assert f'value="{AMINA}"' in corrected.text


# --- what the server owes


async def test_sessions_are_moved_and_canceled_when_no_more_can_be_invited(nurse: Desk) -> None:
    date = (nurse.now + timedelta(days=2)).date()
    await nurse.invite(address=AMINA, date=date.isoformat(), **LATER)
    edit = address_of(await nurse.list(), "edit")
    await fill(nurse, INVITING.to_address - 1)
    assert is_held_back(await nurse.invite(address=AMINA))
    form = {"first_name": "Amina", "address": AMINA, "language": "en", **LATER}
    moved = {**form, "date": (date + timedelta(days=1)).isoformat()}
    assert (await nurse.person.post(edit, moved)).status == 303
    assert (await nurse.person.post(edit.removesuffix("edit") + "cancel")).status == 303
    await nurse.deliver()
    assert received(nurse) == INVITING.to_address + 2


async def test_moving_a_session_back_and_forth_is_limited_and_its_date_is_the_last_sent(
    nurse: Desk,
) -> None:
    date = (nurse.now + timedelta(days=2)).date()
    await nurse.invite(address=AMINA, date=date.isoformat(), **LATER)
    edit = address_of(await nurse.list(), "edit")
    form = {"first_name": "Amina", "address": AMINA, "language": "en", **LATER}
    dates = [(date + timedelta(days=number)).isoformat() for number in range(1, 41)]
    for day in dates[: MOVING.to_address - 1]:
        assert (await nurse.person.post(edit, {**form, "date": day})).status == 303
        await nurse.deliver()
    held = await nurse.person.post(edit, {**form, "date": dates[-1]})
    assert is_held_back(held)
    assert dates[-1] in held.text  # kept in the form
    assert f'value="{dates[MOVING.to_address - 2]}"' in (await nurse.person.get(edit)).text
    assert received(nurse) == MOVING.to_address
    assert (await nurse.person.post(edit.removesuffix("edit") + "cancel")).status == 303


async def test_reminders_are_sent_and_do_not_count(nurse: Desk) -> None:
    at = nurse.now.replace(second=0) + timedelta(hours=25)
    planned = {
        "date": at.date().isoformat(), "time": at.strftime("%H:%M"),
        "plan_later": "on", "time_zone": "UTC",
    }  # fmt: skip
    for _ in range(INVITING.to_address):
        assert (await nurse.invite(address=AMINA, **planned)).status == 303
    nurse.move(hours=1, minutes=1)
    await nurse.deliver()
    assert received(nurse) == 2 * INVITING.to_address
    assert (await nurse.invite(address=AMINA)).status == 303


async def test_a_wrong_clock_keeps_nobody_waiting(nurse: Desk) -> None:
    nurse.move(days=300)
    await nurse.person.sign_in()
    await fill(nurse)
    nurse.move(days=-300)
    await nurse.person.sign_in()
    assert (await nurse.invite(address=AMINA)).status == 303


# --- by a scheduler


def plan(number: int) -> Plan:
    person = Invited("Amina", "", "email", f"amina{number}@example.org", "en")
    return Plan("remote", (("service_user", person),))


async def test_a_scheduler_sends_three_hundred_an_hour_and_others_are_not_affected(
    nurse: Desk,
) -> None:
    app = nurse.server.app
    scheduler = await app[STORE].read.accounts.by_email("nurse@example.org")
    other = await nurse.server.account("doctor@example.org", "Doctor Ann")
    assert scheduler is not None
    assert INVITING.by_scheduler is not None
    for number in range(INVITING.by_scheduler):
        await app[keys.INVITING].invite(scheduler, plan(number))
    with pytest.raises(TooMuchSent) as held:
        await app[keys.INVITING].invite(scheduler, plan(1000))
    assert held.value.seconds == 3600
    answer = await nurse.person.post(
        "/invites/new",
        {"kind": "remote", "first_name": "Amina", "language": "en", "address": "z@example.org"},
    )
    assert is_held_back(answer)
    assert "You have reached the limit of messages for one hour." in answer.text
    await app[keys.INVITING].invite(other, plan(1001))
    nurse.move(hours=1)
    await app[keys.INVITING].invite(scheduler, plan(1002))


async def test_organizations_are_asked_by_everybody_and_rate_limited_too(
    nurse: Desk,
) -> None:
    app = nurse.server.app
    voices = InterpretingOrganization("voices", "Voices", "voices@example.org", ("ar",), 1)
    await app[STORE].write(lambda records: records.interpreters.put_organization(voices))
    asking = {"interpreter": "on", "interpreter_language": "ar"}
    for number in range(ASKING.to_address):
        answer = await nurse.person.post(
            "/invites/new",
            {
                "kind": "remote", "first_name": "Amina", "language": "en",
                "address": f"amina{number}@example.org", **asking,
            },
        )  # fmt: skip
        assert answer.status == 303
    held = await nurse.invite(address="z@example.org", **asking)
    assert is_held_back(held)
    assert "Voices has already been sent as many messages" in held.text


async def test_an_accepting_organization_is_never_limited(nurse: Desk) -> None:
    app = nurse.server.app
    voices = InterpretingOrganization("voices", "Voices", "voices@example.org", ("ar",), 1)
    await app[STORE].write(lambda records: records.interpreters.put_organization(voices))
    await nurse.invite(address=AMINA, interpreter="on", interpreter_language="ar")
    await fill(nurse)
    [request] = [
        each for each in nurse.outside.mail.received if each.recipients == ["voices@example.org"]
    ]
    body = request.message.get_body(("plain",))
    assert body is not None
    found = re.search(r"/r/[\w-]+", body.get_content())
    assert found is not None
    accepted = {"answer": "accept", "name": "Ines", "address": AMINA}
    assert (await nurse.person.post(found.group(), accepted)).status == 303
    await nurse.deliver()
    assert received(nurse) == INVITING.to_address + 2


# --- nothing more is kept


async def test_notices_are_counted_by_a_digest_that_is_purged_with_the_session(
    nurse: Desk,
) -> None:
    await nurse.invite(address=AMINA)
    database = nurse.server.app[STORE]._database
    [row] = await database.read.rows("SELECT * FROM notice")
    assert len(row["address_digest"]) == 32
    assert AMINA.encode() not in b"".join(bytes(str(each), "utf-8") for each in tuple(row))
    assert (await nurse.person.post(address_of(await nurse.list(), "cancel"))).status == 303
    nurse.move(hours=25)
    await nurse.server.app[PURGING].purge_due()
    assert await database.read.rows("SELECT * FROM notice") == []
