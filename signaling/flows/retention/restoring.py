"""What a restored backup must not resume, since it may have happened after the backup was made.

Nobody is written to twice, no session that had begun is open again unless the operator says so,
and no call goes on. All of it is part of the caller's transaction.
"""

from dataclasses import dataclass
from datetime import datetime

from signaling.consultation import OPEN_STATES, Consultation, ConsultationEvent
from signaling.identifier import new_id
from signaling.notices.notice import Attempt, Notice
from signaling.notices.outcome import Due
from signaling.notices.outdated import NOT_STARTED
from signaling.ports.store import Records

REASON = "restored"


@dataclass(frozen=True)
class Settled:
    """What became of the sessions of a backup."""

    closed: int
    open: int
    "Planned ones included."
    silenced: int
    "Notices that were waiting and are no longer sent."


async def begun(records: Records, now: datetime) -> list[Consultation]:
    """Open sessions whose date has come; they may have ended after the backup."""
    return [
        consultation
        for consultation in await records.consultations.in_states(OPEN_STATES)
        if consultation.state != "planned"
        or (consultation.planned_at or consultation.created_at) <= now
    ]


async def settle(records: Records, now: datetime, close: bool) -> Settled:
    """Bring a restored store up to date; `close` ends the sessions that had begun."""
    ended = await begun(records, now) if close else []
    for consultation in ended:
        await _close(records, consultation, now)
    still_open = await records.consultations.in_states(OPEN_STATES)
    for consultation in still_open:
        await _leave_open(records, consultation, now)
    silenced = await _silence(records, {each.id for each in still_open}, now)
    return Settled(len(ended), len(still_open), silenced)


async def _close(records: Records, consultation: Consultation, now: datetime) -> None:
    unheld = consultation.state in NOT_STARTED
    step: ConsultationEvent = "expire" if unheld else "close"
    await _end_call(records, consultation, now)
    await records.consultations.change(consultation.after(step, now))
    for invite in await records.invites.of_consultation(consultation.id):
        if invite.usable:
            await records.invites.change(invite.after("expire"))
    for request in await records.interpreters.requests_of(consultation.id):
        if request.state == "sent":
            await records.interpreters.change_request(request.after("withdraw", now))
    await records.chat.append(
        consultation.id, new_id(), consultation.scheduler_id, "closed", "", now
    )


async def _leave_open(records: Records, consultation: Consultation, now: datetime) -> None:
    """End the call; expire an overdue interpreter request without asking the next organization.

    The last event counts as now: nobody knows what happened after the backup.
    """
    await _end_call(records, consultation, now)
    await records.consultations.touch(consultation.id, now)
    for request in await records.interpreters.requests_of(consultation.id):
        if request.state == "sent" and request.expires_at <= now:
            await records.interpreters.change_request(request.after("expire", now))
            if consultation.interpreting == "requested":
                given_up = consultation.interpreting_after("give_up", now)
                await records.consultations.change(given_up)


async def _end_call(records: Records, consultation: Consultation, now: datetime) -> None:
    call = await records.calls.current(consultation.id)
    if call is not None:
        await records.calls.put(consultation.id, call.end(now))


async def _silence(records: Records, still_open: set[str], now: datetime) -> int:
    """Abandon every waiting notice, since it may have been sent, except reminders not yet due."""
    changes: list[tuple[Notice, None]] = []
    stored: list[tuple[int, Attempt]] = []
    for due in await records.notices.unfinished():
        notice = due.notice
        to_come = notice.occasion == "reminder" and notice.due_at > now
        if to_come and notice.consultation_id in still_open:
            continue
        stored.append(_abandoned(due, now))
        changes.append((notice.after("fail") if notice.state == "pending" else notice, None))
    await records.notices.put_attempts(stored)
    await records.notices.change(changes)
    return len(changes)


def _abandoned(due: Due, now: datetime) -> tuple[int, Attempt]:
    """(number of its way, attempt): the latest one, or one that says why none was tried."""
    if not due.attempts:
        way = due.envelope.ways[0] if due.envelope.ways else None
        channel = way.channel if way else "email"
        attempt = Attempt(new_id(), due.notice.id, channel, way.sender_id if way else None)
        return 0, attempt.abandon(REASON)
    latest = due.attempts[-1]
    if latest.state == "sending":
        latest = latest.recover(now, 0)
    if latest.state in ("queued", "failed", "unknown"):
        latest = latest.abandon(REASON)
    return len(due.attempts) - 1, latest
