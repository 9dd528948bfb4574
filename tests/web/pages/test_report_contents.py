"""What administrators put into reports: names, end, a password, a logo."""

from collections.abc import AsyncIterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader

from signaling.report import ENDING_IN_REPORT, NAMES_IN_REPORT, PASSWORD_ON_REPORT
from tests.files import photo
from tests.people import Person, consultation_of
from tests.serving import audit_lines, serving
from tests.web.pages.ward import Ward, opened
from tests.web.settings.test_settings_page import send_logo
from web.keys import STORE
from web.routes import path

pytestmark = pytest.mark.slow


@pytest.fixture
async def ward(tmp_path: Path) -> AsyncIterator[Ward]:
    async with opened(tmp_path) as ward:
        await ward.server.account("boss@example.org", "Boss", role="administrator")
        await ward.desk.command("start_consultation")
        await ward.seat.say("Good morning")
        await ward.pass_time(timedelta(minutes=25))
        await ward.desk.command("terminate_consultation", choice="close")
        yield ward


def text_of(body: bytes, password: str | None = None) -> str:
    reader = PdfReader(BytesIO(body), password=password)
    text = " ".join(page.extract_text() for page in reader.pages)
    return " ".join(text.translate({0x2068: None, 0x2069: None}).split())


async def test_names_and_end_are_in_a_report_where_they_are_switched_on(ward: Ward) -> None:
    address = f"/sessions/{ward.consultation_id}/report.pdf"
    person = ward.nurse.person
    bare = text_of((await person.get(address)).body)
    assert "Participants" not in bare and "Duration" not in bare
    async with Person(ward.server) as boss:
        await boss.sign_in("boss@example.org")
        await boss.post("/admin/sessions", {NAMES_IN_REPORT: "on", ENDING_IN_REPORT: "on"})
        assert (await send_logo(boss, photo(), "A red lamp")).status == 303
    body = (await person.get(address)).body
    full = text_of(body)
    assert "Participants Nurse Joy Amina" in full
    assert "Duration 25" in full
    assert len(PdfReader(BytesIO(body)).pages[0].images) == 1


async def test_who_asked_for_a_call_by_phone_is_in_a_report(tmp_path: Path) -> None:
    async with opened(tmp_path) as ward:
        await ward.seat.say("I hear nothing")
        address = path("seat_phone_call", invite_id=ward.invite_id)
        for _ in range(2):
            assert (await ward.amina.person.post(address)).status == 303
        await ward.desk.command("start_consultation")
        await ward.desk.command("terminate_consultation", choice="close")
        address = f"/sessions/{ward.consultation_id}/report.pdf"
        text = text_of((await ward.nurse.person.get(address)).body)
    sentence = "Amina cannot use this browser for calls, and asks for a call by phone"
    assert text.count(sentence) == 1
    assert text.index("I hear nothing") < text.index(sentence)
    assert "joined" not in text


async def test_a_report_with_a_password_opens_with_it_alone(ward: Ward) -> None:
    address = f"/sessions/{ward.consultation_id}/report.pdf"
    async with Person(ward.server) as boss:
        await boss.sign_in("boss@example.org")
        await boss.post("/admin/sessions", {PASSWORD_ON_REPORT: "on"})
    person = ward.nurse.person
    page = await person.get(address)
    assert page.status == 200 and "Password of the report" in page.text
    assert "At least" not in page.text
    refused = await person.post(address, {"report_password": "short"})
    assert refused.status == 400
    assert "Please choose at least 8 characters." in refused.text
    answer = await person.post(f"{address}?part=1", {"report_password": "nine lives"})
    assert answer.headers["Content-Type"] == "application/pdf"
    assert PdfReader(BytesIO(answer.body)).is_encrypted
    assert "Good morning" in text_of(answer.body, "nine lives")
    exports = [
        line for line in await audit_lines(ward.server.app[STORE]) if line.action == "export"
    ]
    assert len(exports) == 1


async def test_somebody_without_a_name_is_in_a_report_by_the_role_in_its_language(
    tmp_path: Path,
) -> None:
    expert = {"kind": "in_person", "colleague_1_address": "lee@example.org"}
    async with (
        serving(tmp_path) as server,
        Person(server) as nurse,
        Person(server) as phone,
    ):
        await server.account()
        await server.app[STORE].write(lambda records: records.settings.put(NAMES_IN_REPORT, "on"))
        await nurse.sign_in()
        lee = await phone.enter(invite_id=await phone.join(await nurse.invite(**expert)))
        await lee.say("The blood count is fine")
        consultation_id = await consultation_of(lee)
        desk = await nurse.enter(consultation_id=consultation_id)
        await desk.command("start_consultation")
        await desk.command("terminate_consultation", choice="close")
        await nurse.post("/language", {"language": "fr"})
        report = await nurse.get(path("report", consultation_id=consultation_id))
        # who was there, and beside the message
        assert text_of(report.body).count("Collègue") == 2
