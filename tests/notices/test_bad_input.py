"""Every field of the forms with unintended values: refused at a field, or harmless."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.notices.desk import NUMBER, Outside, desk
from tests.notices.test_planned import body, consultation_id

NOW = datetime(2026, 10, 20, 8, 0, tzinfo=UTC)
FORM = {
    "kind": "remote",
    "first_name": "Amina",
    "last_name": "Haddad",
    "address": "amina@example.org",
    "channel": "",
    "language": "en",
    "plan_later": "on",
    "date": "2026-10-23",
    "time": "14:30",
    "time_zone": "Europe/Zurich",
    "occurrence": "",
    "companion": "on",
    "companion_name": "Sami",
    "companion_address": "sami@example.org",
    "companion_language": "",
    "companion_channel": "",
    "colleague": "on",
    "colleague_1_name": "Lee",
    "colleague_1_address": "lee@example.org",
    "colleague_1_language": "",
    "colleague_1_channel": "",
    "interpreter": "",
    "interpreter_language": "",
    "note": "Bring your letter",
}
EVIL = {
    "huge": "x" * 30_000,
    "huge_digits": "9" * 30_000,
    "huge_emoji": "😀" * 5_000,
    "override": "\u202eevil\u2066",
    "header": "x\r\nBcc: eve@example.org\r\n\r\n<script>alert(1)</script>",
    "lone_break": "x\nBcc: eve@example.org",
    "nul": "x\x00y",
    "separators": "a\u2028b\u2029c\x85d\x0be",
    "markup": '"><img src=x onerror=alert(1)>[x](javascript:alert(1))',
    "template": "$link ${note} %(limit)s {0} %s",
    "path": "../../../etc/passwd",
    "digits": "٢٠٢٦-١٠-٢٣",
    "emoji": "👩‍⚕️😀",
    "space": " \t\u00a0\u200b ",
    "negative": "-1",
    "nan": "NaN",
}


@pytest.mark.parametrize("evil", sorted(EVIL))
async def test_every_field_of_the_form_with_unintended_values(
    tmp_path: Path, around: Outside, evil: str
) -> None:
    value = EVIL[evil]
    async with desk(tmp_path / "data", around, NOW) as nurse:
        for field in FORM:
            nurse.move(minutes=7)  # each time somebody gets one more, and only ten within an hour
            form = {**FORM, field: value}
            answer = await nurse.person.post("/invites/new", form)
            assert answer.status in (303, 400), field
            if answer.status == 400:
                assert 'role="alert"' in answer.text
                assert "<img src=x" not in answer.text and "<script>alert" not in answer.text
                assert "amina@example.org" in answer.text or field == "address"
            preview = await nurse.person.post("/invites/preview", form)
            assert preview.status == 200 and "channel" in json.loads(preview.text)
        listed = await nurse.person.ask("GET", "/invites", params={"search": value[:500]})
        assert listed.status == 200 and "<img src=x" not in listed.text
        await nurse.deliver()
        check(around)


def check(around: Outside) -> None:
    """Every mail has one recipient, the expected headers, and no foreign markup."""
    for each in around.mail.received:
        mail = each.message
        assert len(each.recipients) == 1 and not mail.defects
        assert "eve@example.org" not in "".join(str(value) for _, value in mail.items())
        names = [name.lower() for name in mail]
        assert len(set(names)) == len(names)
        html = body(mail, "html")
        assert (
            "<script" not in html
            and "<img" not in html
            and "javascript:" not in html.replace("[x](javascript:alert(1))", "")
        )
        assert mail["To"] == each.recipients[0]


@pytest.mark.parametrize("evil", sorted(EVIL))
async def test_the_edit_form_with_unintended_values(
    tmp_path: Path, around: Outside, evil: str
) -> None:
    async with desk(tmp_path / "data", around, NOW) as nurse:
        assert (await nurse.person.post("/invites/new", FORM)).status == 303
        session = await consultation_id(nurse)
        page = (await nurse.person.get(f"/sessions/{session}/edit")).text
        addresses = [part.split('"')[0] for part in page.split('action="/invites/')[1:]]
        companion = next(each for each in addresses if each.endswith("/edit"))
        for field in ("first_name", "address", "channel", "language", "date", "time", "time_zone"):
            edit = {**FORM, field: EVIL[evil]}
            answer = await nurse.person.post(f"/sessions/{session}/edit", edit)
            assert answer.status in (303, 400), field
            name = "name" if field == "first_name" else field
            form = {"name": "Sami", "address": "sami@example.org", "language": "en"}
            answer = await nurse.person.post(f"/invites/{companion}", form | {name: EVIL[evil]})
            assert answer.status in (303, 400), field
        await nurse.deliver()
        check(around)


@pytest.mark.parametrize("octets", [b"first_name=%ff%fe&kind=remote", b"\xff\xfe", b"=&=&&", b"%"])
async def test_anything_but_a_form_is_refused(
    tmp_path: Path, around: Outside, octets: bytes
) -> None:
    async with desk(tmp_path / "data", around, NOW) as nurse:
        answer = await nurse.person.ask(
            "POST", "/invites/new", data=octets,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )  # fmt: skip
        assert answer.status in (400, 413, 422)


@pytest.mark.parametrize("evil", sorted(EVIL))
async def test_every_field_by_sms_with_unintended_values(
    tmp_path: Path, around: Outside, evil: str
) -> None:
    async with desk(tmp_path / "data", around, NOW) as nurse:
        for field in ("first_name", "note"):
            form = {**FORM, "address": NUMBER, "channel": "sms", field: EVIL[evil]}
            assert (await nurse.person.post("/invites/new", form)).status in (303, 400)
            await nurse.deliver()
        for text in around.texts:
            assert "\n" not in text and "\u202e" not in text
