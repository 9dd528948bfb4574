"""Teams: their members see who waits for each other, and take part; until they are none any more."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.people import Refused, consultation_of
from tests.serving import audit_lines
from tests.web.access.clinic import open_lobby
from tests.web.pages.colleagues import Ward, opened, until_waiting, waiting
from tests.web.pages.desk.test_new_address import link_to
from web.keys import STORE


@pytest.fixture
async def ward(tmp_path: Path) -> AsyncIterator[Ward]:
    async with opened(tmp_path) as ward:
        yield ward


async def test_a_team_sees_who_waits_and_whose_it_is_and_takes_part(ward: Ward) -> None:
    lobby, old = await open_lobby(ward.doctor), await open_lobby(ward.nurse)
    assert waiting(lobby.frames[0]) == []
    await ward.team(ward.joy, ward.remi)
    await until_waiting(lobby, ("Amina", "Nurse Joy"))
    assert "Nurse Joy" in (await ward.doctor.get("/waiting-room")).text
    led = await ward.doctor.get(f"{ward.session}?start=video")
    assert led.location == f"{ward.session}/take-part?start=video"
    question = await ward.doctor.get(led.location)
    assert "Amina" in question.text and "Nurse Joy" in question.text
    with pytest.raises(Refused, match="not_found"):
        await ward.room(ward.doctor)
    went = await ward.doctor.post(f"{ward.session}/take-part", {"start": "video"})
    assert went.location == f"{ward.session}?start=video"
    await old.until("list_changed")
    second = await ward.room(ward.doctor)
    await second.command("start_consultation")
    await until_waiting(old)
    again = await ward.doctor.post(f"{ward.session}/take-part")
    assert (again.status, again.location) == (303, ward.session)


async def test_a_team_reads_the_role_of_somebody_without_a_name_who_waits(ward: Ward) -> None:
    await ward.team(ward.joy, ward.remi)
    typed = {"kind": "in_person", "colleague_1_address": "lee@example.org", "language": "en"}
    await ward.nurse.post("/invites/new", typed)
    expert = await ward.person()
    seat = await expert.join(await link_to(ward.server, "lee@example.org"))
    wire = await expert.enter(invite_id=seat)
    session = await consultation_of(wire)
    assert (await wire.until("consultation_changed"))["consultation"]["state"] == "waiting"
    question = await ward.doctor.get(f"/sessions/{session}/take-part")
    assert "Colleague waits for Nurse Joy." in re.sub("<[^>]+>", "", question.text)


async def test_start_next_goes_to_ones_own_before_a_teams(ward: Ward) -> None:
    await ward.team(ward.joy, ward.remi)
    assert (await ward.doctor.post("/waiting-room/next")).location == ward.session
    phone = await ward.person()
    seat = await phone.enter(invite_id=await phone.join(await ward.doctor.invite("Boris")))
    own = f"/sessions/{await consultation_of(seat)}"
    assert (await ward.doctor.post("/waiting-room/next")).location == own


async def test_who_leaves_a_team_loses_sight_at_once(ward: Ward) -> None:
    team = await ward.team(ward.joy, ward.remi)
    lobby = await open_lobby(ward.doctor)
    assert waiting(lobby.frames[0]) == [("Amina", "Nurse Joy")]
    await ward.boss.post(f"{team}/remove-member", {"member": ward.remi.id})
    await until_waiting(lobby)
    assert (await ward.doctor.get(ward.session)).status == 404
    assert (await ward.doctor.get(f"{ward.session}/take-part")).status == 404
    assert (await ward.doctor.post(f"{ward.session}/take-part")).status == 404


async def test_a_deleted_team_shows_nothing_and_shared_sessions_stay(ward: Ward) -> None:
    team = await ward.team(ward.joy, ward.remi)
    await ward.doctor.post(f"{ward.session}/take-part")
    await ward.boss.post(f"{team}/delete")
    assert (await ward.boss.get(team)).status == 404
    assert (await ward.doctor.get(ward.session)).status == 200


async def test_a_button_that_is_pressed_twice_leads_where_the_first_press_does(ward: Ward) -> None:
    team = await ward.team(ward.joy, ward.remi)
    for step, member, led_to in (
        ("add-member", ward.joy.id, team),
        ("remove-member", ward.remi.id, team),
        ("delete", "", "/admin/teams"),
    ):
        for _ in range(2):
            answer = await ward.boss.post(f"{team}/{step}", {"member": member})
            assert (answer.status, answer.location) == (303, led_to), step
    done = [line.action for line in await audit_lines(ward.server.app[STORE])]
    assert done[-3:] == ["add_team_member", "remove_team_member", "remove_team"], "each once"


async def test_without_teams_the_page_says_how_to_make_one(ward: Ward) -> None:
    assert "press Add a team" in (await ward.boss.get("/admin/teams")).text


async def test_a_team_is_told_of_what_nobody_has_read(ward: Ward) -> None:
    await ward.team(ward.joy, ward.remi)
    await ward.seat.say("Is anybody there?")
    desk = await ward.room(ward.nurse)
    await desk.command("start_consultation")
    await desk.command("terminate_consultation", choice="keep_open")
    await desk.ws.close()
    lobby = await open_lobby(ward.doctor)
    [unread] = lobby.frames[0]["unread"]
    assert (unread["consultation_id"], unread["name"]) == (ward.consultation_id, "Amina")


async def test_what_a_colleague_has_read_is_news_for_nobody_in_the_team(ward: Ward) -> None:
    lee = await ward.server.account("lee@example.org", "Dr Lee")
    await ward.team(ward.joy, ward.remi, lee)
    position = (await ward.seat.say("Is anybody there?"))["position"]
    await ward.doctor.post(f"{ward.session}/take-part")
    second = await ward.room(ward.doctor)
    await second.command("start_consultation")
    third = await ward.person()
    await third.sign_in("lee@example.org")
    assert (await open_lobby(third)).frames[0]["unread"]
    await second.send("seen", position=position)
    await ward.seat.until("seen_changed")
    await second.command("terminate_consultation", choice="keep_open")
    assert not (await open_lobby(third)).frames[0].get("unread")


async def test_a_session_in_which_nobody_is_yet_does_not_exist_for_a_team(ward: Ward) -> None:
    await ward.team(ward.joy, ward.remi)
    await ward.nurse.invite("Nobody yet")
    held = await ward.server.app[STORE].read.consultations.visible_to(ward.joy.id, ["planned"])
    [planned] = [each for each in held if each.id != ward.consultation_id]
    assert (await ward.doctor.get(f"/sessions/{planned.id}")).status == 404
    assert (await ward.doctor.post(f"/sessions/{planned.id}/take-part")).status == 404


async def test_a_team_has_a_name_of_its_own_and_members_who_exist(ward: Ward) -> None:
    team = await ward.team(ward.joy)
    for form in ({"name": ""}, {"name": "WARD"}):
        assert (await ward.boss.post("/admin/teams", form)).status == 400
    answer = await ward.boss.post(f"{team}/add-member", {"member": "nobody"})
    assert answer.status == 400 and 'class="error"' in answer.text
    assert (await ward.boss.post(f"{team}/rename", {"name": "Day"})).status == 303
    page = (await ward.boss.get(team)).text
    assert "Day" in page and "Nurse Joy" in page
    assert "1 member" in (await ward.boss.get("/admin/teams?search=day")).text
    assert (
        "No team has this in its name." in (await ward.boss.get("/admin/teams?search=night")).text
    )
    for path in ("/admin/teams", team):
        assert (await ward.doctor.get(path)).status == 404
