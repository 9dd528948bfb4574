"""Numbers: they are counted as things happen, outlive the sessions, and name nobody."""

import re
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from signaling.numbers import Number
from storage.store import Records
from tests.clock import MovableClock
from tests.people import Person, outbox, visiting
from tests.serving import Server, moment, serving
from web.keys import CLOCKWORK, STORE

NOW = moment("2026-12-07 14:30")


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(NOW)


@pytest.fixture
async def server(tmp_path: Path, clock: MovableClock) -> AsyncIterator[Server]:
    async with serving(tmp_path, clock) as running:
        await running.account("boss@example.org", "The Boss", "administrator")
        await running.account()
        yield running


async def counted(server: Server) -> Counter[tuple[str, str]]:
    found = await server.app[STORE].read.numbers.since("")
    return Counter({(number.kind, number.label): count for _, number, count in found})


async def test_a_session_is_counted_and_the_counts_outlive_it(
    server: Server, clock: MovableClock
) -> None:
    async with visiting(server) as visit:
        await outbox(server)
        clock.move(timedelta(minutes=7))
        await visit.desk.command("start_consultation")
        for media in ("audio", "video"):
            await visit.desk.command("call_start", media=media, id=f"call-{media}-0001")
            if media == "video":
                await visit.amina.command("call_accept", call_id="call-video-0001")
                await visit.amina.send("set_quality", quality="poor")
                await visit.desk.until("call_changed")
            await visit.desk.command("call_leave", call_id=f"call-{media}-0001")
        await visit.desk.command("terminate_consultation", choice="keep_open")
        await visit.desk.command("resume_consultation")
        await visit.desk.command("terminate_consultation", choice="close")
        await visit.nurse.post(f"/sessions/{visit.consultation_id}/reopen")
        await visit.desk.command("terminate_consultation", choice="close")
        await visit.nurse.invite("Nobody comes")
        await visit.nurse.invite("Canceled")
        gone = await server.app[STORE].read.consultations.in_states(["planned"])
        await visit.nurse.post(f"/sessions/{gone[0].id}/cancel")
        await outbox(server)
        for _ in range(3):
            clock.move(timedelta(hours=25))
            await server.app[CLOCKWORK].run_due()
    assert await server.app[STORE].read.consultations.ids() == []
    found = await counted(server)
    assert found.pop(("delivery", "email||handed_over")) >= 3
    assert found == {
        ("session", "planned"): 3,
        ("session", "held"): 1,
        ("session", "canceled"): 1,
        ("session", "not_held"): 1,
        ("waiting", "up_to_10"): 1,
        ("call", "unanswered"): 1,
        ("call", "mesh|poor"): 1,
    }


async def fill(server: Server, weeks: int) -> None:
    """One session more each week, until now."""

    async def work(records: Records) -> None:
        for week in range(weeks):
            at = NOW - timedelta(weeks=weeks - 1 - week)
            await records.numbers.count(at, [Number("session", "held")] * (week + 1))
        await records.numbers.count(NOW, [Number("delivery", "sms|=Clinic|handed_over")] * 2)
        await records.numbers.count(NOW, [Number("delivery", "sms|=Clinic|failed")])

    await server.app[STORE].write(work)


async def test_the_page_shows_bars_and_the_same_as_a_table(server: Server) -> None:
    await fill(server, 20)
    async with Person(server) as boss:
        await boss.sign_in("boss@example.org")
        page = (await boss.get("/admin/numbers")).text
        assert "Week of Mon, 7 Dec 2026 · Held: 20" in page
        assert "· Held: 9<" in page and "· Held: 8<" not in page, "the first of twelve weeks"
        assert re.search(r'<th scope="row">Week of Mon, 7 Dec 2026</th><td>20</td>', page)
        assert re.search(r"<td><bdi>=Clinic</bdi></td><td>2</td><td>1</td>", page)
        bars = re.findall(r'<rect class="series-0" x="([\d.]+)"[^>]*><title>[^<]*Held', page)
        assert bars == sorted(bars, key=float) and len(bars) == 12
        assert "style=" not in page
        longer = (await boss.get("/admin/numbers?weeks=26")).text
        assert "· Held: 1<" in longer
        assert (await boss.get("/admin/numbers?weeks=100000")).text.count("· Held: ") == 12
        right = (await boss.get("/admin/numbers", Cookie=f"language=ar; {cookie_of(boss)}")).text
        assert 'dir="rtl"' in right
        mirrored = re.findall(
            r'<rect class="series-0" x="([\d.]+)"[^>]*><title>[^<]*: (?:\d+)', right
        )
        assert len(mirrored) == 12 and mirrored[:12] == sorted(
            mirrored[:12], key=float, reverse=True
        )


def cookie_of(person: Person) -> str:
    return f"teleconnect={person.cookie}"


async def test_the_table_to_download_has_every_week(server: Server) -> None:
    await fill(server, 60)
    async with Person(server) as boss, Person(server) as nurse:
        await nurse.sign_in()
        assert (await nurse.get("/admin/numbers.csv")).status == 404
        assert (await nurse.get("/admin/numbers")).status == 404
        await boss.sign_in("boss@example.org")
        answer = await boss.get("/admin/numbers.csv")
    lines = answer.body.decode("utf-8-sig").splitlines()
    assert lines[0] == "week,kind,label,count"
    assert lines[-1] == "2026-W50,session,held,60"
    assert sum(",session,held," in line for line in lines) == 60


async def test_what_is_undone_is_not_counted(server: Server) -> None:
    """A transaction that fails counts nothing."""

    async def work(records: Records) -> None:
        await records.numbers.count(NOW, [Number("session", "held")])
        raise LookupError

    with pytest.raises(LookupError):
        await server.app[STORE].write(work)
    assert not await counted(server)
