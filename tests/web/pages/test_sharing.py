"""Sessions in several hands: shared, handed over, taken on by a team; and how they leave them again."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from signaling.account import Account
from signaling.report import NAMES_IN_REPORT
from tests.people import Person, Refused, Wire, consultation_of, outbox
from tests.serving import Server, audit_lines, serving
from tests.web.access.clinic import assert_ended, open_lobby
from web.keys import ROOMS, STORE


@dataclass
class Ward:
    """Nurse Joy, whose session Amina waits in; Dr Remi; and an administrator."""

    server: Server
    stack: AsyncExitStack
    boss: Person
    nurse: Person
    doctor: Person
    amina: Person
    joy: Account
    remi: Account
    seat: Wire
    session: str
    "Its address."

    @property
    def consultation_id(self) -> str:
        return self.session.rpartition("/")[2]

    async def room(self, person: Person) -> Wire:
        return await person.enter(consultation_id=self.consultation_id)

    async def person(self) -> Person:
        return await self.stack.enter_async_context(Person(self.server))

    async def mails(self, account: Account) -> list[Any]:
        return [mail for mail in await outbox(self.server) if mail.to == account.email]

    async def share(self) -> None:
        answer = await self.nurse.post(f"{self.session}/share", {"colleague": self.remi.id})
        assert (answer.status, answer.location) == (303, f"{self.session}/case")

    async def end_share(self) -> None:
        ending = f"{self.session}/share/{self.remi.id}/end"
        assert (await self.nurse.post(ending)).status == 303

    async def team(self, *members: Account) -> str:
        """The address of a new team."""
        team = (await self.boss.post("/admin/teams", {"name": "Ward"})).location
        for member in members:
            added = await self.boss.post(f"{team}/add-member", {"member": member.id})
            assert added.status == 303
        return team


@pytest.fixture
async def ward(tmp_path: Path) -> AsyncIterator[Ward]:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(serving(tmp_path))
        joy = await server.account()
        remi = await server.account("remi@example.org", "Dr Remi")
        await server.account("boss@example.org", "The Boss", "administrator")
        boss, nurse, doctor, amina = [
            await stack.enter_async_context(Person(server)) for _ in range(4)
        ]
        await boss.sign_in("boss@example.org")
        await nurse.sign_in()
        await doctor.sign_in("remi@example.org")
        seat = await amina.enter(invite_id=await amina.join(await nurse.invite()))
        session = f"/sessions/{await consultation_of(seat)}"
        yield Ward(server, stack, boss, nurse, doctor, amina, joy, remi, seat, session)


def waiting(frame: dict[str, Any]) -> list[tuple[str, str]]:
    return [(entry["name"], entry.get("whose", "")) for entry in frame["waiting"]]


async def offered(ward: Ward, step: str, search: str = "") -> list[str]:
    """The names that may be chosen."""
    page = (await ward.nurse.get(f"{ward.session}/{step}?search={search}")).text
    options = page[page.index('id="colleague"') :].partition("</select>")[0]
    return re.findall(r"<option[^>]*>([^<]*)<", options)[1:]


async def until_waiting(lobby: Wire, *expected: tuple[str, str]) -> None:
    while waiting(await lobby.until("lobby")) != list(expected):
        pass


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
    assert [(each["name"], each.get("present", False)) for each in gone] == [("Dr Remi", False)]
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
    by_joy = [line.action for line in lines if line.actor == ward.joy.id]
    assert by_joy[-3:] == ["share_session", "end_share", "hand_over"]


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


# --- teams


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
    assert "No team here" in (await ward.boss.get("/admin/teams?search=night")).text
    for path in ("/admin/teams", team):
        assert (await ward.doctor.get(path)).status == 404


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
    store, held = ward.server.app[STORE], ward.consultation_id
    await store.write(lambda records: records.consultations.purge(held))
    ward.server.app[ROOMS].end(held)
    assert [await wire.end() for wire in (desk, second)] == [4410, 4410]
    assert await store.read.consultations.shared_with(ward.remi.id) == []
    assert (await ward.doctor.get(ward.session)).status == 404
