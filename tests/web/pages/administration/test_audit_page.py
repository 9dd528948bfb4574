"""The audit log under Administration: filters, pages, the check, and the table to download."""

import csv
import io
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from storage.store import Records
from tests.clock import MovableClock
from tests.people import Person
from tests.serving import Server, audit_lines, moment, serving
from web.csv_lines import csv_lines
from web.keys import STORE

NOW = moment("2026-12-07 23:30")
FORMULA = '=HYPERLINK("http://evil.example","+41 79")'


@pytest.fixture
async def clock() -> MovableClock:
    return MovableClock(NOW)


@pytest.fixture
async def server(tmp_path: Path, clock: MovableClock) -> AsyncIterator[Server]:
    async with serving(tmp_path, clock) as running:
        await running.account("boss@example.org", FORMULA, "administrator")
        await running.account()
        yield running


@pytest.fixture
async def boss(server: Server, clock: MovableClock) -> AsyncIterator[Person]:
    """An administrator, a minute after a scheduler has signed in."""
    async with Person(server) as nurse, Person(server) as boss:
        await nurse.sign_in()
        clock.move(timedelta(minutes=1))
        await boss.sign_in("boss@example.org")
        yield boss


async def shown(boss: Person, query: str) -> list[str]:
    """What the lines of the page say was done."""
    page = (await boss.get(f"/admin/audit?{query}")).text
    return re.findall(r'<div class="who"><strong>([^<]*)<', page)


async def test_lines_are_found_by_who_what_and_when(
    server: Server, boss: Person, clock: MovableClock
) -> None:
    nurse = await server.app[STORE].read.accounts.by_email("nurse@example.org")
    assert nurse is not None
    await boss.post(f"/admin/people/{nurse.id}/suspend")
    clock.move(timedelta(hours=1))  # past midnight
    await boss.post(f"/admin/people/{nurse.id}/let-in")
    assert await shown(boss, f"who={nurse.id}") == ["Signed in"]
    assert await shown(boss, "what=suspend_account") == ["Account suspended"]
    assert await shown(boss, "what=exports") == []
    everything = ["Account let in again", "Account suspended", "Signed in", "Signed in"]
    assert await shown(boss, "what=accounts") == everything
    assert await shown(boss, "since=2026-12-08") == everything[:1]
    assert await shown(boss, "until=2026-12-07&what=accounts") == everything[1:]
    assert await shown(boss, "since=2026-12-09") == []
    assert await shown(boss, "who=nobody-of-this-id") == []


async def test_a_day_is_that_of_the_reader(boss: Person, clock: MovableClock) -> None:
    boss.http.cookie_jar.update_cookies({"time_zone": "Asia/Kabul"})
    assert await shown(boss, "until=2026-12-07&what=accounts") == []
    assert len(await shown(boss, "since=2026-12-08&what=accounts")) == 2


@pytest.mark.parametrize("day", ["yesterday", "2026-02-30", "0001-01-01", "9999-12-31", "7. 12."])
async def test_what_is_no_date_is_said_and_kept(boss: Person, day: str) -> None:
    answer = await boss.get(f"/admin/audit?until={day}&what=sign_in")
    assert answer.status == 400
    assert "This is not a date." in answer.text and f'value="{day}"' in answer.text
    assert '<option value="sign_in" selected>' in answer.text


async def test_words_of_an_older_version_are_read_and_found(server: Server, boss: Person) -> None:
    for word in ("disable_account", "enable_account"):
        await server.app[STORE].write(
            lambda records, word=word: records.audit.append(NOW, "server", word, "")
        )
    assert await shown(boss, "what=suspend_account") == ["Account suspended"]
    assert await shown(boss, "what=let_in_account") == ["Account let in again"]


async def test_the_pages_keep_the_filter(server: Server, boss: Person) -> None:
    async def work(records: Records) -> None:
        for _ in range(60):
            await records.audit.append(NOW, "server", "purge", "")

    await server.app[STORE].write(work)
    assert len(await shown(boss, "what=purge")) == 50
    page = (await boss.get("/admin/audit?what=purge")).text
    older = re.search(r'href="(/admin/audit\?[^"]*before=\d+)"', page)
    assert older is not None
    rest = (await boss.get(older.group(1).replace("&amp;", "&"))).text
    assert rest.count("<strong>Session deleted for good<") == 10
    assert 'href="/admin/audit?what=purge">Newest' in rest


async def test_a_check_on_request_finds_what_was_altered(server: Server, boss: Person) -> None:
    assert (await boss.post("/admin/audit/check")).location == "/admin/audit"
    head = str(await server.app[STORE].read.audit.head())
    good = (await boss.get("/admin/audit")).text
    assert "No line of this log has been altered." in good and head in good
    await server.app[STORE].write(
        lambda records: records.audit._executor.rows(
            "UPDATE audit SET object = 'x' WHERE number = 2"
        )
    )
    await boss.post("/admin/audit/check")
    assert "Line 2 has been altered" in (await boss.get("/admin/audit")).text


async def test_the_table_has_every_line_and_no_formula(server: Server, boss: Person) -> None:
    answer = await boss.get("/admin/audit.csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="audit-log.csv"'
    assert answer.body.startswith(b"\xef\xbb\xbf")
    heading, *rows = csv.reader(io.StringIO(answer.body.decode("utf-8-sig")))
    lines = await server.app[STORE].read.audit.after(0, 100)
    # an id may begin with a hyphen, as a formula does
    assert [(row[0], row[2].removeprefix("'"), row[4]) for row in rows] == [
        (str(line.number), line.actor, line.action) for line in lines
    ]
    assert heading[3] == "actor_name" and rows[-1][4] == "export_audit"
    assert rows[-1][3] == f"'{FORMULA}"
    chosen = (await boss.get("/admin/audit.csv?what=sign_in")).text
    assert chosen.count(",sign_in,") == 2 and "export_audit" not in chosen
    assert len(await shown(boss, "what=exports")) == 2


async def test_the_table_is_for_administrators(server: Server) -> None:
    async with Person(server) as nurse:
        await nurse.sign_in()
        assert (await nurse.get("/admin/audit.csv")).status == 404
        assert (await nurse.post("/admin/audit/check")).status == 404
    assert "export_audit" not in {line.action for line in await audit_lines(server.app[STORE])}


@pytest.mark.parametrize(
    "cell", ["=1+1", "+41 79", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1+1"]
)
def test_a_cell_that_would_be_a_formula_is_text(cell: str) -> None:
    [[read]] = csv.reader(io.StringIO(csv_lines([[cell]]).decode(), newline=""))
    assert read == f"'{cell}"
    assert csv_lines([["a,b", 'c"d', -1]]) == b'"a,b","c""d",-1\r\n'
