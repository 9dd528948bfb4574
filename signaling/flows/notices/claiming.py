"""The books of the outbox: who holds which notice. Everything here is part of a caller's transaction.

A notice that waits has a `next_at`; one that is claimed has none until it is settled. So whatever
is claimed is handed over by one task, and a server that starts finds what another one left behind.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from signaling.identifier import new_id
from signaling.notices.notice import OVER_STATES, Attempt, Channel, Envelope, Notice, Outcome, Way
from signaling.notices.outcome import Due, conclude, hour_has_passed
from signaling.ports.store import Records

REPEATABLE = ("email",)
"""A mail may leave twice with one Message-ID, so it is stored as leaving when it is claimed. A phone
message is stored as leaving by itself, in the moment before it leaves."""
UNTOUCHED_WAIT = timedelta(seconds=10)
"Until a notice is looked at again that could not even be stored as leaving."


@dataclass(frozen=True)
class Job:
    """One claimed notice, ready to be handed over."""

    notice: Notice
    envelope: Envelope
    attempt: Attempt
    number: int
    "Of the way that is tried: 0, 1 ..."

    @property
    def is_repeatable(self) -> bool:
        return self.attempt.channel in REPEATABLE


async def claim(records: Records, now: datetime, room: Mapping[Channel, int]) -> list[Job]:
    """Take what is due, as many of each channel as there is room; drop what is pointless by now."""
    jobs: list[Job] = []
    changes: list[tuple[Notice, datetime | None]] = []
    stored: list[tuple[int, Attempt]] = []
    for due in await records.notices.due(now, room):
        notice = due.notice
        if due.overtaken:
            changes.append((notice.after("drop"), None))
            continue
        number, attempt = _next_attempt(due)
        if attempt is None:
            changes.append((notice.after("fail"), None))
            if not due.attempts:  # nothing was tried, and the scheduler shall see that
                stored.append((number, _without_way(due)))
        elif hour_has_passed(notice, due.planned_at, now):
            changes.append((notice.after("drop"), None))
            stored.append((number, attempt.abandon("hour_passed")))
        else:
            queued = attempt if attempt.state == "queued" else attempt.retry(now)
            job = Job(notice, due.envelope, queued.take(now), number)
            jobs.append(job)
            changes.append((notice, None))
            stored.append((number, job.attempt if job.is_repeatable else queued))
    await records.notices.put_attempts(stored)
    await records.notices.change(changes)
    return jobs


def _next_attempt(due: Due) -> tuple[int, Attempt | None]:
    """(number of its way, attempt): the one begun, or one of the next way; None: no way is left."""
    if due.attempts and due.attempts[-1].state not in OVER_STATES:
        return len(due.attempts) - 1, due.attempts[-1]
    number = len(due.attempts)
    if number >= len(due.envelope.ways):
        return number, None
    way = due.envelope.ways[number]
    return number, Attempt(new_id(), due.notice.id, way.channel, way.sender_id)


def _without_way(due: Due) -> Attempt:
    channel: Channel = "sms" if due.envelope.address.startswith("+") else "email"
    return Attempt(new_id(), due.notice.id, channel, None).abandon("no_route")


async def take(records: Records, job: Job) -> bool:
    """Store that a message which cannot be repeated leaves now; False: it is not needed."""
    notice = await records.notices.get(job.notice.id)
    if notice is None or notice.state != "pending":
        return False
    await records.notices.put_attempts([(job.number, job.attempt)])
    return True


async def settle(
    records: Records,
    done: Sequence[tuple[Job, Outcome | None]],
    now: datetime,
    random: Callable[[], float],
) -> list[str]:
    """Store what became of claimed notices; None: nothing has left.

    The ids of those that were purged meanwhile.
    """
    # read again: a receipt may have overtaken the answer, the session may be off
    current = await records.notices.standing([job.notice.id for job, _ in done])
    moved = []
    untouched = []
    for job, outcome in done:
        if job.notice.id not in current:
            continue
        notice, attempts = current[job.notice.id]
        if outcome is None and notice.state == "pending":
            untouched.append((notice, now + UNTOUCHED_WAIT))
            continue
        settled = [
            each.settle(outcome, now, random())
            if outcome is not None and each.id == job.attempt.id
            else each
            for each in attempts
        ]
        moved.append((notice, settled, job.envelope.ways))
    await records.notices.change(untouched)
    await put_back(records, moved, now)
    return [job.notice.id for job, _ in done if job.notice.id not in current]


async def recover(records: Records, now: datetime, random: Callable[[], float]) -> None:
    """What another server held when it ended is tried again, or nobody knows what became of it."""
    moved = []
    untouched = []
    for due in await records.notices.interrupted():
        attempt = due.attempts[-1]
        if attempt.state == "queued":  # claimed, and nothing had left
            if due.notice.state == "pending":
                untouched.append((due.notice, now))
            continue
        recovered = [*due.attempts[:-1], attempt.recover(now, random())]
        moved.append((due.notice, recovered, due.envelope.ways))
    await records.notices.change(untouched)
    await put_back(records, moved, now)


async def put_back(
    records: Records,
    moved: Iterable[tuple[Notice, Sequence[Attempt], Sequence[Way]]],
    now: datetime,
) -> None:
    """Store (notice, its attempts, its ways) of which an attempt has moved.

    What that means for the notice and its invite is stored with it.
    """
    changes: list[tuple[Notice, datetime | None]] = []
    stored: list[tuple[int, Attempt]] = []
    told = []
    turned: list[tuple[str, Channel]] = []
    for notice, attempts, ways in moved:
        concluded, latest, next_at = conclude(notice, attempts, len(ways), now)
        if latest.state in OVER_STATES and len(attempts) < len(ways):
            turned.append((notice.id, ways[len(attempts)].channel))
        changes.append((concluded, next_at))
        stored += enumerate([*attempts[:-1], latest])
        if concluded.state == "handed_over" and concluded.invite_id is not None:
            told.append(concluded.invite_id)
    await records.invites.mark_sent(told)
    await records.notices.turn_to(turned)
    await records.notices.put_attempts(stored)
    await records.notices.change(changes)
