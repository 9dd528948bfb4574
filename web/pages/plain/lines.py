"""The lines of the chat for a page without scripts, which refresh in a frame of it."""

from datetime import UTC, datetime

from aiohttp import web

from signaling.attachment import ORIGINAL
from signaling.errors import InviteNotUsable, NotFound
from signaling.identifier import new_id
from signaling.rooms.attendance import Attendance
from signaling.wire import client_messages as client
from signaling.wire.values import ChatLine
from web.http.request import show_by_link
from web.keys import CHATTING
from web.markup.guests.plain import lost_lines, plain_lines
from web.pages.plain.place import arrived, count_page, host_of, why_lost
from web.plain_views import PlainFile, PlainLine, PlainLines
from web.routes import path


async def show_lines(request: web.Request) -> web.Response:
    """The newest lines, or those before a position. What was shown counts as seen."""
    await count_page(request)
    try:
        arrival, attendance, viewer = await arrived(request)
    except (NotFound, InviteNotUsable) as error:
        viewer, status, heading, sentences = await why_lost(request, error)
        return show_by_link(lost_lines(viewer, heading, *sentences), status)
    room, host = attendance.room, host_of(attendance)
    before = _position(request.query.get("before", ""))
    lines = list(room.chat.lines) if before is None else await _older(request, attendance, before)
    if before is None and lines:
        seen = client.Seen(position=lines[-1].position)
        await request.app[CHATTING].seen(attendance, seen)
    here = host is not None and host.online
    view = PlainLines(
        invite_id=arrival.invite.id,
        state=room.consultation.state,
        host=host.name if host is not None else arrival.scheduler.name,
        host_is="here" if here else "busy" if room.scheduler_busy else "away",
        in_call=room.call is not None and not room.call.over,
        lines=[_line(attendance, each) for each in lines],
        before=lines[0].position if lines and lines[0].position > 1 else None,
        newest=before is None,
        planned_at=arrival.consultation.planned_at,
    )
    return show_by_link(plain_lines(viewer, view))


async def _older(request: web.Request, attendance: Attendance, before: int) -> list[ChatLine]:
    question = client.ReadChat(id=new_id(), before=before)
    return (await request.app[CHATTING].read(attendance, question)).chat


def _position(asked: str) -> int | None:
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 9 else None


def _line(attendance: Attendance, line: ChatLine) -> PlainLine:
    room, author = attendance.room, line.participant_id
    seat = room.seats.get(author)
    return PlainLine(
        kind=line.kind,
        author=room.name_of(author),
        role=seat.role if seat else "",
        mine=line.participant_id == attendance.participant_id,
        text=line.text,
        sent_at=datetime.fromtimestamp(line.sent_at / 1000, UTC),
        file=_file(attendance.participant_id, line),
    )


def _file(invite_id: str, line: ChatLine) -> PlainFile | None:
    found = line.attachment
    if found is None:
        return None

    def address(rendition: str) -> str:
        return path("seat_file", invite_id=invite_id, file_id=line.id, rendition=rendition)

    pdf = line.kind == "pdf"
    there = found.width > 0 and "lost" not in found.notes
    return PlainFile(
        name=found.name,
        address=address(ORIGINAL if pdf else "large"),
        picture=address("preview" if pdf else "small") if there else "",
        width=found.width,
        height=found.height,
        turned=found.turned,
        pdf=pdf,
        size=found.size,
    )
