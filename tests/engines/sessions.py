"""Sessions with everything that belongs to one, for tests that look at what is stored."""

from datetime import UTC, datetime, timedelta

from signaling.account import Account
from signaling.attachment import Attachment, Upload
from signaling.calls.call import Call
from signaling.command import Command
from signaling.consultation import Consultation
from signaling.device_check import DeviceCheck
from signaling.interpreter_request import InterpreterRequest
from signaling.invite import Invite, Person
from signaling.notices.notice import Attempt, Content, Envelope, Notice, Way
from signaling.numbers import session as held
from signaling.token import token_digest
from storage.store import Records

NOW = datetime(2026, 12, 7, 14, 30, tzinfo=UTC)
NURSE = Account("nurse", "n@example.org", "N", "scheduler", None, "en", "UTC", NOW)
NUMBER = "+41791234567"


async def add_session(
    records: Records, session: str, at: datetime = NOW, seat: bytes = b""
) -> None:
    """Add a session of NURSE, and the web session of the browser that holds its seat."""
    amina = f"{session}-amina"
    seat = seat or token_digest(session)
    await records.consultations.add(
        Consultation(session, "nurse", "remote", "active", at, note="Bring the papers")
    )
    token = await records.invites.token(session, amina)
    person = Person("Amina", "", "sms", NUMBER, "en")
    invite = Invite(amina, session, "service_user", person, token_digest(token), at)
    await records.invites.add(invite)
    await records.web_sessions.save(seat, None, "{}", at, at + timedelta(days=1))
    await records.invites.take_seat(amina, seat, at)
    await records.device_checks.put(invite, DeviceCheck.from_input({}, at))
    for number, text in enumerate(("Good morning", "I take five")):
        await records.chat.append(session, f"{session}-line{number}", amina, "text", text, at)
    photo = Attachment(f"{session}-photo", session, "photo", "foot.jpg", 400)
    await records.chat.append(session, photo.id, amina, "photo", "", at, attachment=photo)
    await records.chat.mark_seen(session, amina, 3)
    await records.commands.mark_done(session, Command(amina, f"{session}-command"))
    await records.calls.put(
        session, Call.start(f"{session}-call", "video", "nurse", "peer", [amina], at)
    )
    upload = Upload(f"{session}-upload", session, amina, "a.pdf", "", 9, "ab", None, at, at)
    await records.uploads.create(upload)
    notice = Notice(f"{session}-notice", session, amina, "invitation", session, at)
    envelope = Envelope(NUMBER, "en", (Way("sms"),), Content("", "Text"))
    await records.notices.add(notice, envelope, at)
    attempt = Attempt(f"{session}-attempt", notice.id, "sms", None, "failed", 1, at, None)
    await records.notices.put_attempts([(0, attempt)])
    await records.interpreters.add_request(
        InterpreterRequest(
            f"{session}-asked", session, "agency", "ti", token_digest(f"{session}-asked"), at,
            at + timedelta(days=1),
        )
    )  # fmt: skip
    await records.audit.append(at, "nurse", "invite", session)
    await records.numbers.count(at, [held("held")])
