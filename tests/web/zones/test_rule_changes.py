"""Zone rules that change after a session was planned: the local time stays, the moment moves."""

from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from signaling.audit import SERVER
from signaling.consultation import Consultation
from signaling.moments.moment import same_clock
from tests.people import Person, outbox
from tests.serving import Server, audit_lines, serving
from web.keys import STORE
from web.zones.rule_changes import SETTING, KeptRules, rules_from

YEAR = datetime.now(UTC).year + 1
PLAN = {"plan_later": "on", "date": f"{YEAR}-01-11", "time": "14:30"}
HOUR = 3600


async def planned(server: Server, link: str) -> Consultation:
    read = server.app[STORE].read
    invite = await read.invites.by_token(link.removeprefix("/i/"))
    assert invite is not None
    consultation = await read.consultations.get(invite.consultation_id)
    assert consultation is not None
    return consultation


async def kept(server: Server) -> KeptRules:
    text = await server.app[STORE].read.settings.get(SETTING)
    assert text is not None
    return msgspec.json.decode(text, type=KeptRules)


async def leave(server: Server, rules: KeptRules) -> None:
    """Store these rules as those of the previous server."""
    text = msgspec.json.encode(rules).decode()
    await server.app[STORE].write(lambda records: records.settings.put(SETTING, text))


def an_hour_ahead(rules: KeptRules, zone: str) -> KeptRules:
    changes = [(start, ahead + HOUR) for start, ahead in rules.zones[zone]]
    return msgspec.structs.replace(rules, zones={**rules.zones, zone: changes})


async def test_a_session_keeps_the_hour_that_people_agreed_on(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, Person(server) as nurse:
        await server.account()
        await nurse.sign_in()
        there = await nurse.invite(**PLAN, time_zone="Africa/Lagos")
        elsewhere = await nurse.invite(**PLAN, time_zone="Asia/Kabul")
        before = await planned(server, there)
        assert before.planned_at == datetime(YEAR, 1, 11, 13, 30, tzinfo=UTC)
        # 14:30 was 12:30 UTC while the clocks of Lagos were two hours ahead
        form = {
            **PLAN, "time": "13:30", "time_zone": "Africa/Lagos", "first_name": "Amina",
            "last_name": "", "channel": "", "address": "amina@example.org", "language": "en",
        }  # fmt: skip
        assert (await nurse.post(f"/sessions/{before.id}/edit", form)).status == 303
        told = len(await outbox(server))
        await leave(server, an_hour_ahead(await kept(server), "Africa/Lagos"))

    async with serving(tmp_path) as server:
        after = await planned(server, there)
        assert after.planned_at == datetime(YEAR, 1, 11, 13, 30, tzinfo=UTC)
        assert after.calendar_sequence == 2
        unmoved = await planned(server, elsewhere)
        assert (unmoved.planned_at, unmoved.calendar_sequence) == (
            datetime(YEAR, 1, 11, 10, 0, tzinfo=UTC), 0,
        )  # fmt: skip
        assert len(await outbox(server)) == told + 1
        newest = max((tmp_path / "outbox").glob("*.eml"), key=lambda file: file.stat().st_mtime_ns)
        mail = message_from_bytes(newest.read_bytes(), policy=default)
        [calendar] = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
        text = calendar.get_content()
        assert f"DTSTART:{YEAR}0111T133000Z" in text and "SEQUENCE:2" in text
        last = (await audit_lines(server.app[STORE]))[-1]
        assert (last.actor, last.action) == (SERVER, "edit")

    async with serving(tmp_path) as server:  # and only once
        assert (await planned(server, there)).calendar_sequence == 2
        assert await kept(server) == rules_from(datetime.now(UTC).year)


async def test_a_move_that_a_crash_interrupted_is_made_once(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, Person(server) as nurse:
        await server.account()
        await nurse.sign_in()
        links = [await nurse.invite(**PLAN, time_zone="Africa/Lagos") for _ in range(2)]
        first, second = [await planned(server, link) for link in links]
        assert first.planned_at is not None
        at = int(first.planned_at.timestamp())
        # the first had already been moved when the server was killed
        moving = {first.id: (at - HOUR, at), second.id: (at, at + HOUR)}
        await leave(server, msgspec.structs.replace(await kept(server), moving=moving))

    async with serving(tmp_path) as server:
        first, second = [await planned(server, link) for link in links]
        assert (first.planned_at, second.planned_at) == (
            datetime(YEAR, 1, 11, 13, 30, tzinfo=UTC),
            datetime(YEAR, 1, 11, 14, 30, tzinfo=UTC),
        )
        assert (await kept(server)).moving == {}


@pytest.mark.parametrize("left", ["", "{}", "no JSON", '{"since": 1}'])
async def test_a_start_after_which_nothing_is_known_moves_nothing(
    tmp_path: Path, left: str
) -> None:
    async with serving(tmp_path) as server, Person(server) as nurse:
        await server.account()
        await nurse.sign_in()
        link = await nurse.invite(**PLAN, time_zone="Africa/Lagos")
        await server.app[STORE].write(lambda records: records.settings.put(SETTING, left))
    async with serving(tmp_path) as server:
        assert (await planned(server, link)).calendar_sequence == 0
        assert await kept(server) == rules_from(datetime.now(UTC).year)


def test_what_is_kept_tells_how_far_clocks_are_ahead() -> None:
    rules = rules_from(2027)
    for name in ("Europe/Zurich", "Africa/Casablanca", "Australia/Lord_Howe", "Antarctica/Troll"):
        zone = ZoneInfo(name)
        for hours in range(0, 5 * 365 * 24, 7):
            at = datetime(2027, 1, 1, tzinfo=UTC) + timedelta(hours=hours)
            assert rules.ahead(name, at) == at.astimezone(zone).utcoffset()
    assert rules.ahead("Europe/Zurich", datetime(2026, 12, 31, tzinfo=UTC)) is None
    assert rules.ahead("Europe/Zurich", datetime(2032, 1, 1, tzinfo=UTC)) is None
    assert rules.ahead("Mars/Olympus", datetime(2027, 1, 1, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    ("at", "ahead", "moved"),
    [
        ("2027-01-11 13:30", 1, "2027-01-11 13:30"),
        ("2027-01-11 12:30", 2, "2027-01-11 13:30"),
        ("2027-10-31 01:30", 1, "2027-10-31 01:30"),  # the second of two 02:30
        ("2027-03-28 00:30", 2, "2027-03-28 00:30"),  # 02:30, which is skipped now
    ],
)
def test_the_same_clock_is_found_by_other_rules(at: str, ahead: int, moved: str) -> None:
    before, after = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (at, moved))
    assert same_clock(before, timedelta(hours=ahead), ZoneInfo("Europe/Zurich")) == after
