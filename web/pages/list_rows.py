"""Consultations as rows of lists, with their people and state."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from aiohttp import web

from signaling.account import Account
from signaling.consultation import Consultation
from signaling.invite import Invite
from signaling.moments.milliseconds import from_ms
from signaling.rooms.room import Room
from web.hosts.ports import ELSEWHERE, OWNERS
from web.keys import ABANDONING, CLOCK, ROOMS, RUNNING, STORE, UNREAD
from web.markup.shared.labels import shown_name
from web.texts.catalogs import OWN_NAMES
from web.view_models import HistoryRow, InviteRow, Person, Viewer, WaitingRow
from web.zones.names import todays_name

CONNECT_WITHIN = timedelta(seconds=15)
"After taking the seat: by then even a page on a slow network is connected."


async def invite_rows(
    app: web.Application,
    account: Account,
    viewer: Viewer,
    states: Sequence[str],
    only: str | None = None,
) -> list[InviteRow]:
    """The account's consultations in these states, soonest first; or `only` this one of them."""
    consultations = await app[STORE].read.consultations.visible_to(account.id, states)
    unread = {each.consultation_id: each for each in await app[UNREAD].of(account.id)}
    return [
        replace(await invite_row(app, viewer, consultation), unread=unread.get(consultation.id))
        for consultation in consultations
        if only in (None, consultation.id)
    ]


async def _names(app: web.Application, account_ids: Iterable[str]) -> tuple[str, ...]:
    found = [await app[STORE].read.accounts.get(each) for each in account_ids]
    return tuple(sorted(account.name for account in found if account is not None))


async def invite_row(app: web.Application, viewer: Viewer, consultation: Consultation) -> InviteRow:
    """One consultation with its people: those who are invited now, the awaited person first."""
    read = app[STORE].read
    every = await read.invites.of_consultation(consultation.id)
    invites = [invite for invite in every if invite.state != "revoked"] or every[:1]
    deliveries = await read.deliveries.latest([invite.id for invite in invites])
    checks = await read.device_checks.of_consultation(consultation.id)
    replies = await read.replies.of_invites([invite.id for invite in invites])
    room = app[ROOMS].hub.room(consultation.id)
    elsewhere = OWNERS in app and await app[OWNERS].is_elsewhere(consultation.id)
    people = []
    for invite in invites:
        delivery, check = deliveries.get(invite.id), checks.get(invite.id)
        people.append(
            Person(
                name=shown_name(viewer, invite.person.name, invite.role),
                role=invite.role,
                channel=invite.person.channel,
                address=invite.person.address,
                language=OWN_NAMES.get(invite.person.language, invite.person.language),
                invite_state=invite.state,
                delivery_state=delivery.shown_state if delivery else None,
                delivery_reason=delivery.reason or None if delivery else None,
                time_zone=todays_name(invite.person.time_zone or ""),
                unconnected=not elsewhere and _is_unconnected(app, room, invite),
                invite_id=invite.id,
                online=room is not None and _is_online(room, invite),
                readiness=check.readiness if check else "not_tested",
                usable=invite.state != "revoked",
            )
        )
    return InviteRow(
        consultation_id=consultation.id,
        invite_id=invites[0].id if invites else "",
        state=consultation.state,
        kind=consultation.kind,
        people=tuple(people),
        planned_at=consultation.planned_at,
        created_at=consultation.created_at,
        online=room is not None and room.others_online(),
        readiness=people[0].readiness if people else "not_tested",
        interpreting=consultation.interpreting,
        closes_at=await app[ABANDONING].closes_at(consultation),
        # a reply without text is shown by its kind: image, location
        scheduler_id=consultation.scheduler_id,
        scheduler_name="".join(await _names(app, [consultation.scheduler_id])),
        shared_with=await _names(app, consultation.shared_with),
        replies=tuple(reply.text or f"({reply.kind})" for reply in replies),
    )


def _is_unconnected(app: web.Application, room: Room | None, invite: Invite) -> bool:
    if invite.joined_at is None or app[CLOCK].now() - invite.joined_at < CONNECT_WITHIN:
        return False
    return invite.state == "joined" and not (room is not None and _is_online(room, invite))


def _is_online(room: Room, invite: Invite) -> bool:
    seat = room.seats.get(invite.id)
    return seat is not None and seat.online


async def waiting_rows(app: web.Application, account: Account, viewer: Viewer) -> list[WaitingRow]:
    """The people waiting for this account, longest first; on whichever host."""
    if ELSEWHERE in app:
        await app[ELSEWHERE].ask_all(account.id)
    return [
        WaitingRow(
            consultation_id=waiting.consultation_id,
            name=shown_name(viewer, waiting.name, waiting.role or ""),
            language=OWN_NAMES.get(waiting.language, waiting.language),
            waiting_since=from_ms(waiting.waiting_since),
            state=waiting.state,
            readiness=waiting.readiness,
            whose=waiting.whose,
            asks_for_phone_call=waiting.asks_for_phone_call,
        )
        for waiting in app[ROOMS].hub.entries(account.id)
    ]


async def history_rows(app: web.Application, account: Account, viewer: Viewer) -> list[HistoryRow]:
    """What was closed and is not purged yet, latest first."""
    read = app[STORE].read
    rows = []
    for consultation in await read.consultations.visible_to(account.id, ("closed",)):
        purge_at = consultation.purge_at(app[RUNNING].retention)
        if consultation.closed_at is None or purge_at is None or purge_at <= app[CLOCK].now():
            continue
        invites = await read.invites.of_consultation(consultation.id)
        messages, files = await read.chat.amounts(consultation.id)
        rows.append(
            HistoryRow(
                consultation_id=consultation.id,
                names=tuple(
                    shown_name(viewer, invite.person.name, invite.role) for invite in invites
                ),
                started_at=consultation.started_at,
                closed_at=consultation.closed_at,
                purge_at=purge_at,
                messages=messages,
                files=files,
            )
        )
    return sorted(rows, key=lambda row: row.closed_at, reverse=True)
