"""Claiming and settling notices of the outbox, within the caller's transaction.

A notice that waits has a `next_at`; a claimed one has none until it is settled, and names the host that
sends it, where there are several. So one task alone hands it over, and a server that starts, or that
sees another host end, finds what was left claimed.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from signaling import numbers
from signaling.identifier import new_id
from signaling.notices.notice import (
    ARRIVED_STATES,
    OVER_STATES,
    Attempt,
    Channel,
    Envelope,
    Notice,
    Outcome,
    Sent,
    Way,
)
from signaling.notices.outcome import Due, conclude
from signaling.notices.reminder import hour_has_passed
from signaling.numbers import Number
from signaling.ports.store import Records

REPEATABLE = ("email",)
"""A mail may leave twice with one Message-ID, so it is stored as leaving when it is claimed. A
phone message is stored as leaving on its own, just before it leaves."""
UNTOUCHED_WAIT = timedelta(seconds=10)
"Delay before a notice that could not even be stored as leaving is claimed again."


@dataclass(frozen=True)
class Job:
    """One claimed notice, ready to be handed over."""

    notice: Notice
    envelope: Envelope
    attempt: Attempt
    number: int
    "Of the way that is tried, from 0."
    host_id: str = ""
    "Of the host that claimed it; empty where there is one alone."

    @property
    def is_repeatable(self) -> bool:
        return self.attempt.channel in REPEATABLE


async def claim(
    records: Records, now: datetime, room: Mapping[Channel, int], host_id: str = ""
) -> list[Job]:
    """Claim what is due, per channel as many as there is `room`; drop what is pointless by now."""
    jobs: list[Job] = []
    changes: list[tuple[Notice, datetime | None]] = []
    stored: list[tuple[int, Attempt]] = []
    counted: list[Number] = []
    for due in await records.notices.due(now, room):
        notice = due.notice
        if due.overtaken:
            changes.append((notice.after("drop"), None))
            continue
        number, attempt = _next_attempt(due)
        if attempt is None:
            changes.append((notice.after("fail"), None))
            if not due.attempts:  # nothing was tried; the scheduler is to see why
                without = _without_way(due)
                stored.append((number, without))
                counted.append(numbers.delivery(without.channel, None, arrived=False))
        elif hour_has_passed(notice, due.planned_at, now):
            changes.append((notice.after("drop"), None))
            stored.append((number, attempt.abandon("hour_passed")))
        else:
            queued = attempt if attempt.state == "queued" else attempt.retry(now)
            job = Job(notice, due.envelope, queued.take(now), number, host_id)
            jobs.append(job)
            stored.append((number, job.attempt if job.is_repeatable else queued))
    await records.numbers.count(now, counted)
    await records.notices.put_attempts(stored)
    await records.notices.change(changes)
    await records.notices.claim([job.notice.id for job in jobs], host_id)
    return jobs


def _next_attempt(due: Due) -> tuple[int, Attempt | None]:
    """(number of its way, attempt): the current one, or one for the next way; None: no way left."""
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
    """Store that a message which must not be repeated leaves now; False: it is no longer needed."""
    notice = await records.notices.claimed(job.notice.id, job.host_id)
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
    """Store the outcomes of claimed notices (None: nothing has left).

    Those that another host has taken over meanwhile stay as they are, but for one that was sent and
    waits to be sent again: it is not. Returns the ids of notices that were purged.
    """
    # read again: a receipt may have overtaken the answer, or the session was canceled
    current = await records.notices.standing([job.notice.id for job, _ in done])
    moved = []
    untouched = []
    for job, outcome in done:
        if job.notice.id not in current:
            continue
        notice, attempts, host_id = current[job.notice.id]
        if host_id != job.host_id and not (host_id == "" and isinstance(outcome, Sent)):
            continue
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
    """Retry what a host had claimed that is gone, or mark it unknown."""
    moved = []
    untouched = []
    for due in await records.notices.interrupted():
        attempt = due.attempts[-1]
        if attempt.state == "queued":  # claimed, but nothing has left
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
    """Store notices of which an attempt has moved, as (notice, its attempts, its ways).

    The consequences for the notice and its invite are stored with it.
    """
    changes: list[tuple[Notice, datetime | None]] = []
    stored: list[tuple[int, Attempt]] = []
    sent = []
    counted: list[Number] = []
    switched: list[tuple[str, Channel]] = []
    for notice, attempts, ways in moved:
        concluded, latest, next_at = conclude(notice, attempts, len(ways), now)
        if latest.state in OVER_STATES and len(attempts) < len(ways):
            switched.append((notice.id, ways[len(attempts)].channel))
        changes.append((concluded, next_at))
        stored += enumerate([*attempts[:-1], latest])
        if concluded.state != notice.state and concluded.state in ("handed_over", "failed"):
            arrived = concluded.state == "handed_over"
            way = next((each for each in attempts if each.state in ARRIVED_STATES), latest)
            counted.append(numbers.delivery(way.channel, way.sender_id, arrived=arrived))
        if concluded.state == "handed_over" and concluded.invite_id is not None:
            sent.append(concluded.invite_id)
    await records.numbers.count(now, counted)
    await records.invites.mark_sent(sent)
    await records.notices.switch_channels(switched)
    await records.notices.put_attempts(stored)
    await records.notices.change(changes)
