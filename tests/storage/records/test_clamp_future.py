"""What a wrong clock has dated in the future waits from now on, not for years."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from signaling.account import Account
from signaling.attachment import Upload
from signaling.consultation import Consultation
from signaling.interpreter_request import InterpreterRequest
from signaling.notices.notice import Attempt, Channel, Content, Envelope, Notice, Occasion, Way
from storage.store import Records
from tests.engines.databases import open_store

NOW = datetime(2026, 12, 7, 14, 30, tzinfo=UTC)
ROOM: dict[Channel, int] = {"email": 10, "sms": 10, "whatsapp": 10}
DAY = timedelta(days=1)
AHEAD = NOW + 3650 * DAY
ENVELOPE = Envelope("amina@example.org", "en", (Way("email"),), Content("Subject", "Text"))


async def queue(records: Records, notice_id: str, occasion: Occasion, due_at: datetime) -> None:
    notice = Notice(notice_id, "session", None, occasion, notice_id, due_at)
    await records.notices.add(notice, ENVELOPE, AHEAD)


async def test_stored_times_in_the_future_are_set_to_now(tmp_path: Path) -> None:
    store = await open_store(tmp_path)
    account = Account("nurse", "n@example.org", "N", "scheduler", None, "en", "UTC", NOW)

    async def store_all(records: Records) -> None:
        await records.accounts.add(account)
        await records.consultations.add(
            Consultation("session", "nurse", "remote", "closed", AHEAD, closed_at=AHEAD)
        )
        await queue(records, "invitation", "invitation", AHEAD)
        await queue(records, "soon", "invitation", NOW + DAY / 2)
        await queue(records, "reminder", "reminder", NOW + 30 * DAY)
        await records.notices.put_attempts(
            [(0, Attempt("attempt", "invitation", "email", None, "failed", 1, AHEAD, AHEAD + DAY))]
        )
        await records.interpreters.add_request(
            InterpreterRequest("request", "session", "org", "ar", b"digest", AHEAD, AHEAD + DAY)
        )
        await records.used_tokens.use("token", AHEAD, NOW)
        await records.uploads.create(
            Upload("upload", "session", "amina", "a.jpg", "", 1, "", None, AHEAD, AHEAD)
        )

    async def clamp_future(records: Records) -> None:
        for noun in (records.consultations, records.notices, records.interpreters,
                     records.used_tokens, records.uploads):  # fmt: skip
            await noun.clamp_future(NOW)  # type: ignore[attr-defined]

    await store.write(store_all)
    await store.write(clamp_future)
    read = store.read
    session = await read.consultations.get("session")
    assert session is not None
    assert (session.created_at, session.closed_at, session.last_event_at) == (NOW, NOW, NOW)
    due = {each.notice.id: each for each in await read.notices.due(NOW, ROOM)}
    assert due.keys() == {"invitation"}
    (attempt,) = due["invitation"].attempts
    assert (attempt.first_try_at, attempt.next_try_at) == (NOW, NOW)
    assert {each.notice.id for each in await read.notices.due(NOW + 30 * DAY, ROOM)} == {
        "invitation", "soon", "reminder",
    }  # fmt: skip
    assert await read.interpreters.next_expiry() == NOW + DAY
    assert [each.id for each in await read.uploads.untouched_since(NOW)] == ["upload"]
    await store.write(lambda records: records.used_tokens.use("other", NOW, NOW + DAY))
    assert not await read.used_tokens.is_used("token")
    await store.close()
