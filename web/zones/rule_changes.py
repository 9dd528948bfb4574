"""Moves sessions that were planned under other time zone rules than those in force now.

People agree on a local time. When a country changes its clocks by law, that local time stays and the
moment moves: everybody is notified, and calendars are updated. Each start stores the rules in force,
so that the next start knows what the clocks showed under the old ones.
"""

import asyncio
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import msgspec

from signaling.audit import SERVER
from signaling.errors import TeleConnectError
from signaling.flows.sessions.planning import EDITABLE_STATES, Planning
from signaling.moments.moment import same_clock
from signaling.ports.clock import Clock
from storage.store import Store
from web.zones.names import clocks_held, todays_name, zone_of

SETTING = "zone_rules"
YEARS = 5
"Sessions are planned at most three years ahead, and a server may run for a year or two."
STEP = timedelta(days=14)
"Clocks are never changed and changed back sooner: the shortest period is Ramadan."

_log = logging.getLogger(__name__)

Changes = list[tuple[int, int]]
"(seconds since 1970, UTC offset in seconds from then on), oldest first."


class KeptRules(msgspec.Struct, frozen=True):
    """What clocks show from `since` to `until` (seconds since 1970)."""

    since: int
    until: int
    zones: dict[str, Changes]
    moving: dict[str, tuple[int, int]] = {}
    "Consultation id -> its moment under the old and the new rules, until it is moved."

    def ahead(self, time_zone: str, at: datetime) -> timedelta | None:
        """The UTC offset of a zone at a moment; None where it is not known."""
        seconds = at.timestamp()
        changes = self.zones.get(todays_name(time_zone) or "", [])
        if not changes or not self.since <= seconds < self.until:
            return None
        return timedelta(seconds=[ahead for start, ahead in changes if start <= seconds][-1])


@cache
def rules_from(year: int) -> KeptRules:
    """The rules in force, for YEARS from the beginning of `year`."""
    since, until = datetime(year, 1, 1, tzinfo=UTC), datetime(year + YEARS, 1, 1, tzinfo=UTC)
    zones = {name: list(_changes(zone, since, until)) for name, zone in clocks_held().items()}
    return KeptRules(int(since.timestamp()), int(until.timestamp()), zones)


def _changes(zone: ZoneInfo, since: datetime, until: datetime) -> Iterator[tuple[int, int]]:
    at, ahead = since, _ahead(zone, since)
    yield int(at.timestamp()), ahead
    while at < until:
        before, at = at, at + STEP
        if _ahead(zone, at) != ahead:
            start = _first_minute(zone, before, at)
            ahead = _ahead(zone, start)
            yield int(start.timestamp()), ahead


def _first_minute(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The minute between these two at which the offset changes."""
    old = _ahead(zone, before)
    while after - before > timedelta(minutes=1):
        middle = before + (after - before) // timedelta(minutes=2) * timedelta(minutes=1)
        before, after = (middle, after) if _ahead(zone, middle) == old else (before, middle)
    return after


def _ahead(zone: ZoneInfo, at: datetime) -> int:
    offset = at.astimezone(zone).utcoffset() or timedelta()
    return int(offset.total_seconds())


class ZoneChanges:
    def __init__(self, store: Store, planning: Planning, clock: Clock) -> None:
        self._store = store
        self._planning = planning
        self._clock = clock

    async def begin(self) -> None:
        """Move what was planned under other rules, once; store those in force for the next start."""
        now = self._clock.now()
        rules = await asyncio.to_thread(rules_from, now.year)
        kept = await self._kept()
        if kept == rules:
            return
        moving = await self._moving(kept, now) if kept else {}
        # stored before anybody is notified: a session that a killed server moved is not moved again
        await self._keep(msgspec.structs.replace(rules, moving=moving))
        for consultation_id, moments in moving.items():
            await self._move(consultation_id, *map(_from_seconds, moments))
        if moving:
            await self._keep(rules)

    async def _kept(self) -> KeptRules | None:
        text = await self._store.read.settings.get(SETTING)
        try:
            return msgspec.json.decode(text, type=KeptRules) if text else None
        except msgspec.DecodeError:
            return None

    async def _keep(self, rules: KeptRules) -> None:
        text = msgspec.json.encode(rules).decode()
        await self._store.write(lambda records: records.settings.put(SETTING, text))

    async def _moving(self, kept: KeptRules, now: datetime) -> dict[str, tuple[int, int]]:
        found = dict(kept.moving)
        for consultation in await self._store.read.consultations.in_states(EDITABLE_STATES):
            at = consultation.planned_at
            ahead = kept.ahead(consultation.time_zone, at) if at else None
            if at is None or ahead is None or consultation.id in found:
                continue
            moved = same_clock(at, ahead, zone_of(consultation.time_zone))
            if moved != at and min(moved, at) > now:
                found[consultation.id] = (int(at.timestamp()), int(moved.timestamp()))
        return found

    async def _move(self, consultation_id: str, before: datetime, after: datetime) -> None:
        read = self._store.read
        consultation = await read.consultations.get(consultation_id)
        if consultation is None or consultation.planned_at != before:
            return
        scheduler = await read.accounts.get(consultation.scheduler_id)
        if scheduler is None:
            return
        facts = {"consultation_id": consultation_id}
        try:
            await self._planning.edit(
                consultation_id, scheduler, after, consultation.time_zone, by=SERVER
            )
        except TeleConnectError:
            _log.exception("not moved though the rules of its zone have changed", extra=facts)
        else:
            _log.warning("moved as the rules of its zone have changed", extra=facts)


def _from_seconds(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
