"""Interpreter requests: asked one by one, and nobody else is notified before one accepts."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from signaling.interpreter_request import InterpretingOrganization
from tests.clock import MovableClock
from tests.people import Person, gather, outbox
from tests.serving import Server, audit_lines, moment, serving
from web.keys import CLOCKWORK, STORE

NOW = moment("2026-12-01 09:00")

FORM = {
    "kind": "remote",
    "first_name": "Amina",
    "address": "amina@example.org",
    "language": "ar",
    "interpreter": "on",
    "companion": "on",
    "companion_address": "brother@example.org",
}


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(NOW)


@pytest.fixture
async def server(tmp_path: Path, clock: MovableClock) -> AsyncIterator[Server]:
    async with serving(tmp_path, clock) as running:
        await running.account()
        for position, name in enumerate(("first", "second"), 1):
            organization = InterpretingOrganization(
                f"organization-{name}", name, f"{name}@example.org", ("ar", "fa"), position
            )
            await running.app[STORE].write(
                lambda records, each=organization: records.interpreters.put_organization(each)
            )
        yield running


async def written(server: Server) -> list[tuple[str, str]]:
    """(to, subject) of every mail so far, in the order of queueing."""
    notices = await outbox(server)
    return sorted((notice.to, notice.subject) for notice in notices)


async def request_link(server: Server, to: str) -> str:
    notices = await outbox(server)
    text = next(notice.text for notice in notices if notice.to == to)
    found = re.search(r"/r/[\w-]+", text)
    assert found is not None
    return found.group()


async def ask(nurse: Person, **fields: str) -> None:
    answer = await nurse.post("/invites/new", {**FORM, **fields})
    assert answer.status == 303, answer.text


ACCEPTANCE = {"answer": "accept", "name": "Ibrahim", "address": "ibrahim@example.org"}


async def test_refusal_then_silence_then_acceptance_in_the_order_of_the_mails(
    server: Server, nurse: Person, clock: MovableClock
) -> None:
    third = InterpretingOrganization("organization-third", "third", "third@example.org", ("ar",), 3)
    await server.app[STORE].write(lambda records: records.interpreters.put_organization(third))
    seen: list[str] = []

    async def arrived() -> None:
        new = [to for to, _ in await written(server) if to not in seen]
        seen.extend(new)

    await ask(nurse)
    await arrived()
    async with Person(server) as manager:
        link = await request_link(server, "first@example.org")
        assert (await manager.post(link, {"answer": "decline"})).status == 303
        await arrived()
        clock.move(timedelta(hours=24))
        await server.app[CLOCKWORK].run_due()
        await arrived()
        link = await request_link(server, "third@example.org")
        assert (await manager.post(link, ACCEPTANCE)).status == 303
    await arrived()
    assert seen == [
        "first@example.org",
        "second@example.org",
        "third@example.org",
        "amina@example.org",
        "brother@example.org",
        "ibrahim@example.org",
    ]
    assert len(await written(server)) == 6


async def test_nobody_else_is_written_to_before_somebody_accepts(
    server: Server, nurse: Person
) -> None:
    await ask(nurse, colleague="on", colleague_1_address="doctor@example.org")
    assert await written(server) == [("first@example.org", "Request for an interpreter")]


async def test_looking_at_a_request_decides_nothing(server: Server, nurse: Person) -> None:
    await ask(nurse)
    link = await request_link(server, "first@example.org")
    async with Person(server) as scanner:
        page = await scanner.get(link)
        again = await scanner.ask("HEAD", link)
    assert "Accept" in page.text and "Decline" in page.text and again.status == 200
    requests = await server.app[STORE].read.interpreters.expired(moment("2027-01-01 00:00"))
    assert [request.state for request in requests] == ["sent"]


async def test_a_second_answer_is_told_who_was_first(server: Server, nurse: Person) -> None:
    await ask(nurse)
    link = await request_link(server, "first@example.org")
    async with Person(server) as manager, Person(server) as deputy:
        assert (await manager.post(link, ACCEPTANCE)).status == 303
        late = await deputy.post(link, {"answer": "decline"})
        page = await deputy.get(link)
    assert late.status == 409
    thanks = "<h1>Thank you. You accepted this request.</h1>"
    assert thanks in late.text and thanks in page.text
    assert "Please answer by" not in page.text
    mails = await written(server)
    assert ("second@example.org", "Request for an interpreter") not in mails


async def test_when_nobody_can_the_scheduler_is_told_and_may_go_on_without(
    server: Server, nurse: Person
) -> None:
    await ask(nurse)
    async with Person(server) as manager:
        for name in ("first", "second"):
            link = await request_link(server, f"{name}@example.org")
            assert (await manager.post(link, {"answer": "decline"})).status == 303
    assert ("nurse@example.org", "No interpreter is available") in await written(server)
    page = await nurse.get("/invites")
    action = re.search(r"/sessions/[\w-]+/without-interpreter", page.text)
    assert action is not None and "Invite without interpreter" in page.text
    assert (await nurse.post(action.group())).status == 303
    assert (await nurse.post(action.group())).status == 409
    mails = [to for to, _ in await written(server)]
    assert mails.count("amina@example.org") == 1
    assert mails.count("brother@example.org") == 1


async def test_canceling_withdraws_the_request_and_tells_only_the_organization(
    server: Server, nurse: Person
) -> None:
    await ask(nurse)
    link = await request_link(server, "first@example.org")
    page = await nurse.get("/invites")
    action = re.search(r"/sessions/[\w-]+/cancel", page.text)
    assert action is not None
    assert (await nurse.post(action.group())).status == 303
    assert await written(server) == [
        ("first@example.org", "Request for an interpreter"),
        ("first@example.org", "Request for an interpreter withdrawn"),
    ]
    async with Person(server) as manager:
        late = await manager.post(link, ACCEPTANCE)
    assert late.status == 409
    assert "An interpreter is no longer needed" in late.text


async def test_moving_tells_the_organization_the_new_date_and_nobody_accepts_the_old_one(
    server: Server, nurse: Person
) -> None:
    planned = {"plan_later": "on", "date": "2026-12-03", "time": "10:00", "time_zone": "UTC"}
    await ask(nurse, **planned)
    link = await request_link(server, "first@example.org")
    action = re.search(r"/sessions/[\w-]+/edit", (await nurse.get("/invites")).text)
    assert action is not None
    async with Person(server) as manager:
        seen = re.search(r'name="date" value="(\d+)"', (await manager.get(link)).text)
        assert seen is not None
        edit = {**FORM, **planned, "date": "2026-12-05"}
        assert (await nurse.post(action.group(), edit)).status == 303
        assert (await nurse.post(action.group(), {**edit, "time": "16:45"})).status == 303
        moved = [each for each in await outbox(server) if "new date" in each.subject]
        assert [each.to for each in moved] == ["first@example.org"] * 2
        assert all(link in each.text for each in moved)
        assert sum("16:45" in each.text for each in moved) == 1
        late = await manager.post(link, {**ACCEPTANCE, "date": seen.group(1)})
        assert late.status == 400
        assert "The session has been moved in the meantime" in late.text
        assert "Ibrahim" in late.text and "16:45" in late.text
        assert "amina@example.org" not in [to for to, _ in await written(server)]
        odd = await manager.post(link, {**ACCEPTANCE, "date": "9" * 5000})
        assert odd.status == 400
        shown = re.search(r'name="date" value="(\d+)"', late.text)
        assert shown is not None
        assert (await manager.post(link, {**ACCEPTANCE, "date": shown.group(1)})).status == 303
    assert ("ibrahim@example.org", "Invitation to interpret") in await written(server)


async def test_a_language_without_organization_is_refused_at_its_field(
    server: Server, nurse: Person
) -> None:
    answer = await nurse.post("/invites/new", {**FORM, "language": "fr"})
    assert answer.status == 400
    assert "No interpreting organization offers this language" in answer.text
    assert await written(server) == []


async def test_an_acceptance_without_a_usable_contact_keeps_what_was_typed(
    server: Server, nurse: Person
) -> None:
    await ask(nurse)
    link = await request_link(server, "first@example.org")
    async with Person(server) as manager:
        answer = await manager.post(link, {**ACCEPTANCE, "address": "nowhere"})
    assert answer.status == 400
    assert "Ibrahim" in answer.text and "nowhere" in answer.text
    assert len(await written(server)) == 1


async def test_an_unknown_request_says_no_more_than_an_unknown_invite(server: Server) -> None:
    async with Person(server) as stranger:
        first = await stranger.get("/r/AAAAAAAAAAAAAAAAAAAAAA")
        other = await stranger.get("/i/AAAAAAAAAAAAAAAAAAAAAA")
    assert first.status == other.status == 410
    strip = SimpleNamespace(pattern=re.compile(r"/[ir]/A+"))
    assert strip.pattern.sub("", first.text) == strip.pattern.sub("", other.text)


@pytest.mark.slow
async def test_in_person_with_one_colleague_goes_up_to_the_pdf(
    server: Server, nurse: Person
) -> None:
    form = {"kind": "in_person", "colleague_1_address": "doctor@example.org"}
    answer = await nurse.post("/invites/new", form)
    assert answer.status == 303
    notices = await outbox(server)
    assert [notice.to for notice in notices] == ["doctor@example.org"]
    link = re.search(r"/i/[\w-]+", notices[0].text)
    assert link is not None
    async with Person(server) as doctor:
        invite_id = await doctor.join(link.group())
        consultation = (await server.app[STORE].read.invites.get(invite_id)).consultation_id  # type: ignore[union-attr]
        desk = await nurse.enter(consultation_id=consultation)
        with pytest.raises(Exception, match="nobody_there"):
            await desk.command("start_consultation")
        phone = await doctor.enter(invite_id=invite_id)
        await desk.command("start_consultation")
        await phone.say("Please look at the wound")
        call = await desk.command("call_start", media="audio")
        ringing = await phone.until("call_changed")
        assert ringing["call"]["members"][0]["state"] == "ringing"
        assert call["type"] == "ack"
        await desk.command("terminate_consultation", choice="close")
        assert await phone.end() == 4410
        report = await nurse.get(f"/sessions/{consultation}/report.pdf")
    assert report.status == 200 and report.body.startswith(b"%PDF")


async def test_in_person_with_nobody_to_call_is_refused(server: Server, nurse: Person) -> None:
    answer = await nurse.post("/invites/new", {"kind": "in_person"})
    assert answer.status == 400
    assert "at least one colleague or companion" in answer.text


async def test_removing_a_companion_tells_them_and_closes_their_link(
    server: Server, nurse: Person
) -> None:
    form = {**FORM}
    del form["interpreter"]
    assert (await nurse.post("/invites/new", form)).status == 303
    notices = await outbox(server)
    text = next(notice.text for notice in notices if notice.to == "brother@example.org")
    link = re.search(r"/i/[\w-]+", text)
    assert link is not None
    consultations = await server.app[STORE].read.consultations.visible_to(
        (await server.app[STORE].read.accounts.by_email("nurse@example.org")).id,  # type: ignore[union-attr]
        ("planned",),
    )
    invites = await server.app[STORE].read.invites.of_consultation(consultations[0].id)
    companion = next(invite for invite in invites if invite.role == "companion")
    async with Person(server) as brother:
        assert (await brother.get(link.group())).status == 200
        assert (await nurse.post(f"/invites/{companion.id}/remove")).status == 303
        assert (await brother.get(link.group())).status == 410
        assert (await brother.post(link.group())).status == 410
    subjects = [subject for to, subject in await written(server) if to == "brother@example.org"]
    assert len(subjects) == 2


async def test_adding_to_a_session_in_progress_needs_the_administrators_switch(
    server: Server, nurse: Person
) -> None:
    link = await nurse.invite()
    async with Person(server) as phone:
        seat = await phone.join(link)
        wire = await phone.enter(invite_id=seat)
        consultation = wire.frames[1]["consultation"]["consultation_id"]
        desk = await nurse.enter(consultation_id=consultation)
        await desk.command("start_consultation")
        address = f"/sessions/{consultation}/people/new"
        form = {"colleague": "on", "colleague_1_address": "lee@example.org"}
        assert (await nurse.post(address, form)).status == 403
        await server.app[STORE].write(
            lambda records: records.settings.put("add_colleague_in_progress", "on")
        )
        companion = {"companion": "on", "companion_address": "son@example.org"}
        assert (await nurse.post(address, {**form, **companion})).status == 403
        assert (await nurse.post(address, form)).status == 303
        added = await wire.until("chat_added")
        while added["message"]["kind"] != "added":
            added = await wire.until("chat_added")
    lines = await audit_lines(server.app[STORE])
    assert [line.action for line in lines].count("add_person") == 1
    assert (await server.app[STORE].read.audit.check()).holds


async def test_a_companion_at_a_corrected_address_gets_a_link_of_that_address_alone(
    server: Server, nurse: Person
) -> None:
    form = {**FORM}
    del form["interpreter"]
    assert (await nurse.post("/invites/new", form)).status == 303
    before = {notice.to: notice.text for notice in await outbox(server)}
    consultation = re.search(r"/sessions/([\w-]+)/edit", (await nurse.get("/invites")).text)
    assert consultation is not None
    invites = await server.app[STORE].read.invites.of_consultation(consultation.group(1))
    companion = next(invite for invite in invites if invite.role == "companion")
    address = f"/invites/{companion.id}/edit"
    assert "brother@example.org" in (await nurse.get(address)).text
    refused = await nurse.post(address, {"name": "Sami", "address": "nowhere", "language": "ar"})
    assert refused.status == 400 and "nowhere" in refused.text
    corrected = {"name": "Sami", "address": "sami@example.org", "language": "fr"}
    assert (await nurse.post(address, corrected)).status == 303
    after = {notice.to: notice.text for notice in await outbox(server)}
    links = [
        re.search(r"/i/[\w-]+", text[to]).group()  # type: ignore[union-attr]
        for text, to in ((before, "brother@example.org"), (after, "sami@example.org"))
    ]
    assert links[0] != links[1]
    async with Person(server) as stranger:
        assert (await stranger.post(address, corrected)).status == 401


async def test_of_two_answers_at_once_one_wins_and_the_other_is_told(
    server: Server, nurse: Person
) -> None:
    await ask(nurse)
    link = await request_link(server, "first@example.org")
    async with Person(server) as manager, Person(server) as deputy:
        answers = await gather(
            manager.post(link, ACCEPTANCE),
            deputy.post(link, {**ACCEPTANCE, "name": "Yusuf", "address": "yusuf@example.org"}),
        )
    assert sorted(answer.status for answer in answers) == [303, 409]
    mails = [to for to, _ in await written(server)]
    assert mails.count("ibrahim@example.org") + mails.count("yusuf@example.org") == 1
    assert mails.count("amina@example.org") == 1


async def test_an_interpreters_landline_is_asked_about_before_anybody_is_invited(
    server: Server, nurse: Person
) -> None:
    await ask(nurse)
    form = ACCEPTANCE | {"address": "+41 44 123 45 67"}
    async with Person(server) as manager:
        link = await request_link(server, "first@example.org")
        asked = await manager.post(link, form)
        assert asked.status == 400
        assert "This is a landline number" in asked.text
        assert 'name="confirm" value="+41441234567"' in asked.text
        assert len(await written(server)) == 1
        assert (await manager.post(link, form | {"confirm": "+41441234567"})).status == 303
    assert "+41441234567" in [to for to, _subject in await written(server)]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("'desk@example.org'", "desk@example.org"),
        ("Front desk <desk@example.org>;", "desk@example.org"),
        ("desk@hospital.local", "desk@hospital.local"),
        ("desk@example..org", ""),
        ("+41 79 123 45 67", ""),
        ("desk", ""),
    ],
)
async def test_an_organization_is_asked_at_the_address_that_was_meant(
    server: Server, typed: str, kept: str
) -> None:
    await server.account("boss@example.org", role="administrator")
    form = {"name": "Third", "email": typed, "language_ti": "on", "active": "on"}
    async with Person(server) as boss:
        await boss.sign_in("boss@example.org")
        answer = await boss.post("/admin/interpreters/new", form)
    assert answer.status == (303 if kept else 400)
    organizations = await server.app[STORE].read.interpreters.organizations()
    assert [each.email for each in organizations if each.name == "Third"] == [kept] * bool(kept)


async def test_a_question_about_a_number_is_in_the_language_of_its_page(
    server: Server, nurse: Person
) -> None:
    [scheduler] = await server.app[STORE].read.accounts.all()
    french = replace(scheduler, language="fr")
    await server.app[STORE].write(lambda records: records.accounts.change(french))
    await nurse.post("/invites/new", FORM)
    found = re.search(r"/r/[\w-]+", (await outbox(server))[0].text)
    assert found is not None
    async with Person(server) as manager:
        form = {"name": "Eve", "address": "+41 963931234567"}
        asked = await manager.post(found.group(), form)
    assert asked.status == 400 and '<html lang="fr"' in asked.text
    assert "Ce numéro n’est pas valide (Suisse)" in asked.text


async def test_an_interpreter_is_invited_to_interpret_and_told_the_languages(
    server: Server, nurse: Person
) -> None:
    await ask(nurse)
    link = await request_link(server, "first@example.org")
    async with Person(server) as manager:
        page = await manager.get(link)
        await manager.post(link, ACCEPTANCE)
    assert "<dt>Expected duration</dt><dd>30 minutes</dd>" in page.text
    assert "<dt>Please answer by</dt>" in page.text and "As soon as possible" in page.text
    mails = {notice.to: notice for notice in await outbox(server)}
    told = mails["ibrahim@example.org"]
    assert told.subject == "Invitation to interpret"
    assert "Nurse Joy invites you to interpret in a session now" in told.text
    assert "Languages: English, Arabic" in told.text
    assert "interpret" not in mails["brother@example.org"].text
