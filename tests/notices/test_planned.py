"""A planned session in Arabic for a zone with daylight saving: invited, reminded, moved, canceled."""

import json
import re
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from storage.engine.database import Database
from tests.notices.desk import NUMBER, Desk, Outside, desk
from web.keys import STORE

NOW = datetime(2026, 10, 20, 8, 0, tzinfo=UTC)
BEFORE_CHANGE = datetime(2026, 10, 23, 12, 30, tzinfo=UTC)  # 14:30 in Zurich, summer
AFTER_CHANGE = datetime(2026, 10, 26, 13, 30, tzinfo=UTC)  # 14:30 in Zurich, winter
PLANNED = {
    "language": "ar",
    "plan_later": "on",
    "date": "2026-10-23",
    "time": "14:30",
    "time_zone": "Europe/Zurich",
    "note": "# لا تنسوا الهوية <b> 50% *",
}
RIGHT_TO_LEFT = re.compile("[\u0600-\u06ff]")


def event_of(mail: EmailMessage) -> tuple[dict[str, str], datetime, str]:
    """(properties of the event, its start, method of the part)."""
    [part] = [each for each in mail.walk() if each.get_content_type() == "text/calendar"]
    [attached] = [each for each in mail.walk() if each.get_content_type() == "application/ics"]
    octets = part.get_payload(decode=True)
    assert isinstance(octets, bytes)
    assert attached.get_payload(decode=True) == octets
    text = octets.replace(b"\r\n ", b"").decode()
    body = text[text.index("BEGIN:VEVENT") : text.index("END:VEVENT")]
    lines = [line.partition(":") for line in body.split("\r\n") if ":" in line]
    properties = {name.partition(";")[0]: value for name, _, value in lines}
    method = str(part.get_param("method"))
    assert f"METHOD:{method}" in text
    start = datetime.fromisoformat(properties["DTSTART"])
    assert start.tzinfo is UTC
    return properties, start, method


def body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    text: str = part.get_content()
    return text


def link_in(text: str) -> str:
    found = re.search(r"http://\S+?/i/[\w-]+(?!/test)(?=\s|$|[\u200e\u200f\u2066-\u2069])", text)
    assert found is not None, text
    return found.group()


async def consultation_id(nurse: Desk) -> str:
    page = await nurse.list()
    return page.split('data-consultation-id="')[1].split('"')[0]


MARKS = dict.fromkeys(range(0x2066, 0x206A)) | dict.fromkeys((0x200E, 0x200F))
"Direction marks to drop by str.translate: typed text is equal without them."


async def move(nurse: Desk, session: str, **fields: str) -> None:
    form = {
        "first_name": "Amina", "last_name": "", "channel": "", "address": "amina@example.org",
        "language": "ar", "plan_later": "on", "date": "2026-10-26", "time": "14:30",
        "time_zone": "Europe/Zurich", **fields,
    }  # fmt: skip
    answer = await nurse.person.post(f"/sessions/{session}/edit", form)
    assert answer.status == 303, answer.text
    await nurse.deliver()


async def test_by_mail_from_invitation_to_cancellation(tmp_path: Path, around: Outside) -> None:
    mails = around.mail.received
    async with desk(tmp_path / "data", around, NOW) as nurse:
        assert (await nurse.invite(address="amina@example.org", **PLANNED)).status == 303
        [invitation] = [each.message for each in mails]
        event, start, method = event_of(invitation)
        assert (method, event["SEQUENCE"], event["STATUS"]) == ("REQUEST", "0", "CONFIRMED")
        assert start == BEFORE_CHANGE
        assert invitation["Content-Language"] == "ar"
        assert invitation["To"] == "amina@example.org"
        html, plain = (body(invitation, kind).translate(MARKS) for kind in ("html", "plain"))
        assert '<html lang="ar" dir="rtl">' in html
        assert RIGHT_TO_LEFT.search(str(invitation["Subject"]))
        assert "14:30" in plain and "14:30" in html
        assert "# لا تنسوا الهوية <b> 50% *" in plain
        assert "<b>" not in html and "&lt;b&gt; 50% *" in html
        link = link_in(plain)
        assert event["URL"] == link
        assert f"{link}/test" in plain
        assert "Amina" not in event["SUMMARY"]
        assert "14:30" in event["DESCRIPTION"]  # in her local time
        session = await consultation_id(nurse)

    # the server is stopped; the clock goes on; another one takes over the folder
    async with desk(tmp_path / "data", around, BEFORE_CHANGE - timedelta(hours=24)) as nurse:
        await nurse.deliver()
        [_, reminder] = [each.message for each in mails]
        assert link_in(body(reminder, "plain")).rpartition("/")[2] == link.rpartition("/")[2]
        assert "14:30" in body(reminder, "plain")
        assert RIGHT_TO_LEFT.search(str(reminder["Subject"]))

        await move(nurse, session)
        [_, _, moved] = [each.message for each in mails]
        update, start, method = event_of(moved)
        assert (method, update["SEQUENCE"], update["UID"]) == ("REQUEST", "1", event["UID"])
        assert start == AFTER_CHANGE
        assert "14:30" in body(moved, "plain")

        # reminders of the old date are gone, those of the new one come
        nurse.move(hours=24)
        await nurse.deliver()
        assert len(mails) == 3
        nurse.move(days=2, hours=2)
        await nurse.deliver()
        assert len(mails) == 4

        await nurse.person.sign_in()
        answer = await nurse.person.post(f"/sessions/{session}/cancel")
        assert answer.status == 303
        await nurse.deliver()
        canceled = mails[-1].message
        assert len(mails) == 5
        withdrawn, _, method = event_of(canceled)
        assert (method, withdrawn["SEQUENCE"], withdrawn["UID"]) == ("CANCEL", "2", event["UID"])
        assert withdrawn["STATUS"] == "CANCELLED"
        assert (await nurse.person.get(link[link.index("/i/") :])).status in (404, 410)
        nurse.move(days=2)
        await nurse.deliver()
        assert len(mails) == 5
    ids = [each.message["Message-ID"] for each in mails]
    assert len(set(ids)) == 5


async def test_a_reminder_after_the_start_is_not_sent_and_the_scheduler_sees_why(
    tmp_path: Path, around: Outside
) -> None:
    async with desk(tmp_path / "data", around, NOW) as nurse:
        await nurse.invite(address="amina@example.org", **PLANNED)
        await nurse.invite(address=NUMBER, channel="sms", **PLANNED)
        assert (len(around.mail.received), len(around.texts)) == (1, 1)

    # down from before the first reminder until after the start
    late = BEFORE_CHANGE + timedelta(seconds=1)
    async with desk(tmp_path / "data", around, late) as nurse:
        await nurse.deliver()
        assert (len(around.mail.received), len(around.texts)) == (1, 1)
        page = await nurse.list()
        assert page.count("The reminder was not sent: the hour of the session had passed.") == 2


async def test_a_reminder_that_failed_until_the_start_is_not_retried(
    tmp_path: Path, around: Outside
) -> None:
    async with desk(tmp_path / "data", around, BEFORE_CHANGE - timedelta(minutes=11)) as nurse:
        await nurse.invite(address="amina@example.org", **PLANNED)
        around.mail.on_recipient = lambda address: "451 4.7.1 Come back later"
        nurse.move(minutes=2)
        await nurse.deliver()
        assert "asks to try again" in await nurse.list()
        around.mail.on_recipient = lambda address: None
        nurse.move(minutes=10)
        await nurse.deliver()
        assert len(around.mail.received) == 1
        assert "the hour of the session had passed" in await nurse.list()


async def test_a_reminder_is_in_time_until_the_start(tmp_path: Path, around: Outside) -> None:
    async with desk(tmp_path / "data", around, NOW) as nurse:
        await nurse.invite(address="amina@example.org", **PLANNED)
    async with desk(tmp_path / "data", around, BEFORE_CHANGE) as nurse:
        await nurse.deliver()
        assert len(around.mail.received) == 2


async def test_reminders_of_many_people_do_not_hide_who_has_two(
    tmp_path: Path, around: Outside
) -> None:
    """After a day without power, more is due than is claimed at once."""
    people = 40
    async with desk(tmp_path / "data", around, NOW) as nurse:
        for number in range(people):
            await nurse.invite(address=f"p{number}@example.org", **PLANNED)
        assert len(around.mail.received) == people
    async with desk(tmp_path / "data", around, BEFORE_CHANGE - timedelta(minutes=9)) as nurse:
        await nurse.deliver()
        reached = [each.recipients[0] for each in around.mail.received[people:]]
        assert sorted(reached) == sorted(f"p{number}@example.org" for number in range(people))


async def test_by_sms_from_invitation_to_cancellation(tmp_path: Path, around: Outside) -> None:
    async with desk(tmp_path / "data", around, NOW) as nurse:
        assert (await nurse.invite(address=NUMBER, channel="sms", **PLANNED)).status == 303
        [invitation] = around.texts
        assert RIGHT_TO_LEFT.search(invitation) and "14:30" in invitation
        assert "\n" not in invitation
        token = link_in(invitation).rpartition("/")[2]
        session = await consultation_id(nurse)

    async with desk(tmp_path / "data", around, BEFORE_CHANGE - timedelta(minutes=9)) as nurse:
        # both reminders became due while the server was stopped
        await nurse.deliver()
        [_, reminder] = around.texts  # one of them is enough
        assert token in reminder
        before = len(around.texts)
        await nurse.deliver()
        assert len(around.texts) == before
        await move(nurse, session, address=NUMBER, channel="sms")
        assert len(around.texts) == before + 1
        assert token in around.texts[-1] and "14:30" in around.texts[-1]
        await nurse.person.post(f"/sessions/{session}/cancel")
        await nurse.deliver()
        assert len(around.texts) == before + 2
        assert token not in around.texts[-1]


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"date": "2027-03-28", "time": "02:30"}, "this time does not exist"),
        ({"date": "2026-10-25", "time": "02:30"}, "comes twice"),
        ({"date": "2026-10-19"}, "in the past"),
        ({"time_zone": "Mars/Olympus"}, "zone does not exist"),
    ],
)
async def test_an_impossible_time_is_refused_and_nobody_is_told(
    tmp_path: Path, around: Outside, fields: dict[str, str], problem: str
) -> None:
    async with desk(tmp_path / "data", around, NOW) as nurse:
        answer = await nurse.invite(address="amina@example.org", **{**PLANNED, **fields})
        assert answer.status == 400
        assert problem in answer.text
        assert around.mail.received == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"first_name": "Amina\r\nBcc: eve@example.org"},
        {"first_name": "Ami\u202ena"},
        {"first_name": "😀" * 79},
        {"note": "x\r\nBcc: eve@example.org\r\n\r\n<script>alert(1)</script>"},
        {"last_name": "[click](javascript:alert(1)) ![x](http://evil.example/x.png)"},
        {"note": "$link ${scheduler} $$ %s {0}"},
    ],
)
async def test_typed_text_becomes_neither_header_nor_markup(
    tmp_path: Path, around: Outside, wrong: dict[str, str]
) -> None:
    async with desk(tmp_path / "data", around, NOW) as nurse:
        answer = await nurse.invite(address="amina@example.org", **{**PLANNED, **wrong})
        assert answer.status in (303, 400)
        for each in around.mail.received:
            mail = each.message
            assert each.recipients == ["amina@example.org"]
            assert mail["Bcc"] is None and not mail.defects
            html = body(mail, "html")
            assert "<script" not in html and "<img" not in html
            assert not re.search(r'href="(?!http://localhost)', html)
            assert "eve@example.org" not in "".join(str(mail[name]) for name in mail)


async def plan(database: Database, sql: str) -> str:
    """How the engine goes about it, in its own words."""
    explain = "EXPLAIN QUERY PLAN" if database.engine == "sqlite" else "EXPLAIN"
    rows = await database.read.rows(f"{explain} {sql}")
    return "\n".join(str(list(row)[-1]) for row in rows)


async def test_a_hundred_thousand_planned_sessions_wait_in_one_index(
    tmp_path: Path, around: Outside
) -> None:
    async with desk(tmp_path / "data", around, NOW) as nurse:
        await nurse.invite(address="amina@example.org", **PLANNED)
        database = nurse.server.app[STORE]._database

        async def seed(executor: object) -> None:
            await executor.rows(  # type: ignore[attr-defined]
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)"
                " INSERT INTO notice (id, consultation_id, invite_id, occasion, dedupe_key, envelope,"
                " created_at, due_at, next_at, state, version, channel)"
                " SELECT 'seeded' || i, consultation_id, invite_id, 'reminder', 'seeded' || i,"
                " envelope, created_at, due_at + 864000000 + i, due_at + 864000000 + i, 'pending', 0,"
                " channel FROM n, (SELECT * FROM notice LIMIT 1) AS first"
            )

        await database.write(seed)
        for sql in (
            "SELECT next_at FROM notice WHERE next_at IS NOT NULL ORDER BY next_at LIMIT 1",
            "SELECT id FROM notice WHERE next_at <= 5 AND channel = 'email'"
            " ORDER BY next_at LIMIT 100",
        ):
            told = await plan(database, sql)
            assert "notice_next" in told or "notice_channel" in told
            told = told.replace("SCAN notice USING COVERING INDEX notice_next", "")
            assert not re.search("SCAN notice|TEMP B-TREE|Seq Scan|Sort", told)
        from web.keys import CLOCKWORK

        await nurse.deliver()
        timers = nurse.server.app[CLOCKWORK]._timers
        assert len(timers) < 16, sorted(timers)
        assert json.dumps(sorted(timers))
