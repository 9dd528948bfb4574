"""Sessions in several hands: shared, and handed over; and how they leave these hands again."""

import re
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader

from signaling.report import NAMES_IN_REPORT
from tests.people import Refused
from tests.serving import audit_lines
from tests.web.access.clinic import assert_ended, open_lobby
from tests.web.pages.colleagues import Ward, opened, until_waiting
from web.keys import ROOMS, STORE


@pytest.fixture
async def ward(tmp_path: Path) -> AsyncIterator[Ward]:
    async with opened(tmp_path) as ward:
        yield ward


async def offered(ward: Ward, step: str, search: str = "") -> list[str]:
    """The names that may be chosen."""
    page = (await ward.nurse.get(f"{ward.session}/{step}?search={search}")).text
    options = page[page.index('id="colleague"') :].partition("</select>")[0]
    return re.findall(r"<option[^>]*>([^<]*)<", options)[1:]


@pytest.mark.slow
async def test_both_who_share_a_session_hold_it_and_the_report_says_who_wrote(ward: Ward) -> None:
    lobby = await open_lobby(ward.doctor)
    await ward.share()
    await until_waiting(lobby, ("Amina", "Nurse Joy"))
    desk, second = await ward.room(ward.nurse), await ward.room(ward.doctor)
    shown = await ward.seat.until("participant_changed")
    while shown["participant"]["name"] != "Dr Remi" or not shown["participant"]["online"]:
        shown = await ward.seat.until("participant_changed")
    assert shown["participant"]["role"] == "scheduler"
    await second.command("start_consultation")
    await second.say("I am here as well")
    await desk.say("So am I")
    call = "call-of-both-01"
    await ward.seat.command("call_start", id=call, media="audio")
    for wire in (desk, second):
        await wire.command("call_accept", call_id=call)
    while True:
        members = (await ward.seat.until("call_changed"))["call"]["members"]
        if sum(member["state"] == "joined" for member in members) == 3:
            break
    await desk.command("terminate_consultation", choice="keep_open")
    await second.command("resume_consultation")
    assert "Amina" in (await ward.doctor.get("/opened")).text
    await second.command("terminate_consultation", choice="close")
    assert "Amina" in (await ward.doctor.get("/history")).text
    chat = await ward.server.app[STORE].read.chat.of_consultation(ward.consultation_id)
    said = {line.text: line.participant_id for line in chat if line.kind == "text"}
    assert said == {"I am here as well": ward.remi.id, "So am I": ward.joy.id}
    await ward.server.app[STORE].write(lambda records: records.settings.put(NAMES_IN_REPORT, "on"))
    for person in (ward.nurse, ward.doctor):
        report = (await person.get(f"{ward.session}/report.pdf")).body
        written = "".join(page.extract_text() for page in PdfReader(BytesIO(report)).pages)
        assert "Participants Nurse Joy\nDr Remi\nAmina" in written
        assert re.search(r"Dr Remi[^\n]*\n*I am here as well", written), written
        assert re.search(r"Nurse Joy[^\n]*\n*So am I", written), written


async def test_who_shares_a_session_may_not_cancel_it_or_pass_it_on(ward: Ward) -> None:
    await ward.share()
    third = await ward.server.account("third@example.org", "Dr Third")
    assert (await ward.doctor.get(ward.session)).status == 200
    for step in ("cancel", "share", "hand-over"):
        answer = await ward.doctor.post(f"{ward.session}/{step}", {"colleague": third.id})
        assert answer.status == 403
    assert await offered(ward, "share") == ["Dr Third", "The Boss"]


async def test_a_share_that_ends_ends_what_is_open_and_leaves_the_name(ward: Ward) -> None:
    await ward.share()
    lobby, second = await open_lobby(ward.doctor), await ward.room(ward.doctor)
    await second.say("Good morning")
    await ward.end_share()
    await assert_ended(second, 4410)
    await until_waiting(lobby)
    for path in (ward.session, f"{ward.session}/case", f"{ward.session}/report.pdf"):
        assert (await ward.doctor.get(path)).status == 404
    with pytest.raises(Refused, match="not_found"):
        await ward.room(ward.doctor)
    later = await ward.room(ward.nurse)
    people = next(f for f in later.frames if f["type"] == "snapshot")["participants"]
    gone = [person for person in people if person["participant_id"] == ward.remi.id]
    assert [(each["name"], each["former"], each.get("present", False)) for each in gone] == [
        ("Dr Remi", True, False)
    ]
    assert (await later.chat())[-1]["kind"] == "left"


async def test_a_colleague_gives_a_session_back(ward: Ward) -> None:
    await ward.share()
    answer = await ward.doctor.post(f"{ward.session}/share/{ward.remi.id}/end")
    assert (answer.status, answer.location) == (303, "/")
    assert (await ward.doctor.get(ward.session)).status == 404
    assert (await ward.nurse.get(ward.session)).status == 200


async def test_a_session_handed_over_changes_sides_at_once(ward: Ward) -> None:
    desk, old, new = (
        await ward.room(ward.nurse),
        await open_lobby(ward.nurse),
        await open_lobby(ward.doctor),
    )
    answer = await ward.nurse.post(f"{ward.session}/hand-over", {"colleague": ward.remi.id})
    assert (answer.status, answer.location) == (303, "/")
    await assert_ended(desk, 4410)
    await until_waiting(new, ("Amina", ""))
    await old.until("list_changed")
    lines = [(await ward.seat.until("chat_added"))["message"] for _ in range(4)]
    assert [(line["kind"], line["participant_id"]) for line in lines[1:]] == [
        ("joined", ward.joy.id),
        ("left", ward.joy.id),
        ("took_over", ward.remi.id),
    ]
    assert (await ward.nurse.get(ward.session)).status == 404
    assert (await ward.doctor.get(ward.session)).status == 200
    await (await ward.room(ward.doctor)).command("start_consultation")


async def test_who_takes_over_a_session_that_they_share_stays_in_it(ward: Ward) -> None:
    await ward.share()
    second = await ward.room(ward.doctor)
    await ward.nurse.post(f"{ward.session}/hand-over", {"colleague": ward.remi.id})
    await second.say("Mine now")
    assert (await ward.doctor.get(f"{ward.session}/hand-over")).status == 200


async def test_for_those_who_wait_the_new_host_comes_before_the_former_one(ward: Ward) -> None:
    """The page names the first host as the one who is awaited."""
    await ward.nurse.post(f"{ward.session}/hand-over", {"colleague": ward.remi.id})
    removed = await ward.seat.until("participant_removed")
    assert removed["participant_id"] == ward.joy.id
    came = [
        f["participant"]["name"] for f in ward.seat.frames if f["type"] == "participant_changed"
    ]
    assert came[-1] == "Dr Remi"
    former = (await ward.seat.until("participant_changed"))["participant"]
    assert (former["name"], former["online"]) == ("Nurse Joy", False)


async def test_a_button_that_is_pressed_twice_leads_where_the_first_press_does(ward: Ward) -> None:
    ending = f"{ward.session}/share/{ward.remi.id}/end"
    for person, led_to in ((ward.nurse, f"{ward.session}/case"), (ward.doctor, "/")):
        await ward.share()
        for _ in range(2):
            answer = await person.post(ending)
            assert (answer.status, answer.location) == (303, led_to)
    for _ in range(2):
        answer = await ward.nurse.post(f"{ward.session}/hand-over", {"colleague": ward.remi.id})
        assert (answer.status, answer.location) == (303, "/")
    third = await ward.server.account("third@example.org", "Dr Third")
    for step, colleague in (("hand-over", third), ("share", ward.remi)):
        again = await ward.nurse.post(f"{ward.session}/{step}", {"colleague": colleague.id})
        assert again.status == 404
    assert (await ward.nurse.post(ending)).status == 404


async def test_the_mail_says_who_and_where_and_nobodys_name(ward: Ward) -> None:
    await ward.share()
    await ward.end_share()
    await ward.nurse.post(f"{ward.session}/hand-over", {"colleague": ward.remi.id})
    handed, shared = await ward.mails(ward.remi)
    assert (shared.subject, handed.subject) == (
        "A session was shared with you",
        "A session was handed over to you",
    )
    for mail in (shared, handed):
        assert "Nurse Joy" in mail.text and ward.session in mail.text and "Amina" not in mail.text


async def test_each_step_has_its_line_in_the_audit_log(ward: Ward) -> None:
    await ward.share()
    await ward.end_share()
    await ward.nurse.post(f"{ward.session}/hand-over", {"colleague": ward.remi.id})
    lines = await audit_lines(ward.server.app[STORE])
    by_joy = [(line.action, line.thing) for line in lines if line.actor == ward.joy.id]
    session = by_joy[-2][1]
    assert session.startswith("session:")
    assert by_joy[-6:] == [
        ("share_session", session),
        ("give_session_to", ward.remi.id),
        ("end_share", session),
        ("take_session_from", ward.remi.id),
        ("hand_over", session),
        ("give_session_to", ward.remi.id),
    ]


@pytest.mark.parametrize("chosen", ["", "nobody", "joy", "suspended"])
async def test_nobody_who_cannot_hold_it_is_chosen_and_nothing_changes(
    ward: Ward, chosen: str
) -> None:
    await ward.boss.post(f"/admin/people/{ward.remi.id}/suspend")
    ids = {"joy": ward.joy.id, "suspended": ward.remi.id}
    for step in ("share", "hand-over"):
        answer = await ward.nurse.post(
            f"{ward.session}/{step}", {"colleague": ids.get(chosen, chosen)}
        )
        assert answer.status == 400
        assert 'class="error"' in answer.text
    assert (await ward.nurse.get(ward.session)).status == 200


async def test_a_long_list_of_colleagues_is_searched(ward: Ward) -> None:
    for number in range(30):
        await ward.server.account(f"{number}@example.org", f"Person {number:02}")
    assert len(await offered(ward, "share")) == 20
    assert "There are more" in (await ward.nurse.get(f"{ward.session}/share")).text
    assert await offered(ward, "hand-over", "person+29") == ["Person 29"]
    await ward.server.account("twin@example.org", "Dr Remi")
    assert sorted(await offered(ward, "share", "remi")) == [
        "Dr Remi (remi@example.org)",
        "Dr Remi (twin@example.org)",
    ]


async def test_a_closed_session_can_be_neither_shared_nor_handed_over(ward: Ward) -> None:
    desk = await ward.room(ward.nurse)
    await desk.command("start_consultation")
    await desk.command("terminate_consultation", choice="close")
    for step in ("share", "hand-over"):
        answer = await ward.nurse.post(f"{ward.session}/{step}", {"colleague": ward.remi.id})
        assert answer.status == 409
        assert "This session is over" in answer.text


# --- accounts


async def test_a_deleted_colleague_leaves_shared_sessions_and_teams(ward: Ward) -> None:
    await ward.team(ward.joy, ward.remi)
    await ward.share()
    second = await ward.room(ward.doctor)
    await second.say("Goodbye")
    await ward.boss.post(f"/admin/people/{ward.remi.id}/delete")
    assert await second.end() in (4401, 4410)
    desk = await ward.room(ward.nurse)
    people = next(f for f in desk.frames if f["type"] == "snapshot")["participants"]
    assert "Dr Remi" in [person["name"] for person in people]
    store = ward.server.app[STORE].read
    consultation = await store.consultations.get(ward.consultation_id)
    assert consultation is not None and consultation.shared_with == frozenset()
    assert [team.members for team in await store.teams.all()] == [(ward.joy.id,)]


async def test_what_is_over_stays_with_a_colleague_when_its_scheduler_is_deleted(
    ward: Ward,
) -> None:
    await ward.share()
    desk = await ward.room(ward.nurse)
    await desk.command("start_consultation")
    await desk.say("As discussed")
    await desk.command("terminate_consultation", choice="close")
    assert (await ward.boss.post(f"/admin/people/{ward.joy.id}/delete")).status == 303
    case = (await ward.doctor.get(f"{ward.session}/case")).text
    assert "This session is yours." in case
    assert (await ward.doctor.post(f"{ward.session}/reopen")).status == 303
    again = await ward.room(ward.doctor)
    people = next(f for f in again.frames if f["type"] == "snapshot")["participants"]
    assert {"Nurse Joy", "Dr Remi"} <= {person["name"] for person in people}


async def test_a_suspended_colleague_is_out_at_once_and_back_when_let_in(ward: Ward) -> None:
    await ward.share()
    second = await ward.room(ward.doctor)
    await ward.boss.post(f"/admin/people/{ward.remi.id}/suspend")
    assert await second.end() == 4401
    await ward.boss.post(f"/admin/people/{ward.remi.id}/let-in")
    await ward.doctor.sign_in("remi@example.org")
    await (await ward.room(ward.doctor)).say("Here again")


async def test_what_a_colleague_loads_ends_with_the_share(ward: Ward) -> None:
    """Also when another program ended it."""
    await ward.share()
    second = await ward.room(ward.doctor)
    store = ward.server.app[STORE]
    await store.write(
        lambda records: records.consultations.end_share(ward.consultation_id, ward.remi)
    )
    assert await second.end() == 4410


async def test_a_purged_session_is_gone_for_everybody_who_held_it(ward: Ward) -> None:
    await ward.share()
    desk, second = await ward.room(ward.nurse), await ward.room(ward.doctor)
    for _ in range(2):  # that both have come is written
        await desk.until("chat_added")
    store, held = ward.server.app[STORE], ward.consultation_id
    await store.write(lambda records: records.consultations.purge(held))
    ward.server.app[ROOMS].end(held)
    assert [await wire.end() for wire in (desk, second)] == [4410, 4410]
    assert await store.read.consultations.shared_with(ward.remi.id) == []
    assert (await ward.doctor.get(ward.session)).status == 404
