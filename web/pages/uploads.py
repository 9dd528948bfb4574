"""Sending a photo or PDF in pieces, as tus 1.0.0 says; the headers are in `web/http/tus.py`."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Annotated

import msgspec
from aiohttp import hdrs, web

from signaling.errors import (
    N_,
    FileTooLate,
    InvalidInput,
    InviteNotUsable,
    NotFound,
    SignInRequired,
)
from signaling.flows.sessions.uploading import Announced, Author, Progress
from signaling.wire.values import Id
from web.connections.eviction import BODY_WITHIN
from web.connections.http_server import admit
from web.http import tus
from web.http.file_request_turns import end_turn
from web.keys import LIMITS, UPLOADING
from web.pages.places import Place, place_of, staying
from web.routes import path

_PLACE_LOST = N_(
    "You are no longer in this session, so the file was not sent."
    " Please open your link again, and send it there."
)
Sha256 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
"Of a whole file."


class _Metadata(msgspec.Struct):
    """What `Upload-Metadata` says."""

    id: Id
    sha256: Sha256
    filename: str = ""
    caption: str = ""
    request: Id | None = None


async def create(request: web.Request) -> web.Response:
    """Begin an upload; the same again says how far it is (tus, creation)."""
    place = await _place(request)
    if not tus.speaks_it(request):
        return tus.other_version()
    await request.app[LIMITS].hit("new_upload", place.author.participant_id)
    said = _metadata(request)
    announced = Announced(
        id=said.id,
        name=said.filename,
        caption=said.caption,
        size=tus.number(request, tus.LENGTH),
        sha256=said.sha256,
        request_id=said.request,
    )
    progress = await request.app[UPLOADING].create(place.author, announced)
    headers = _headers(progress) | {hdrs.LOCATION: _address(request, said.id)}
    return web.Response(status=201, headers=headers)


async def look(request: web.Request) -> web.Response:
    """How far an upload is."""
    place = await _place(request)
    if not tus.speaks_it(request):
        return tus.other_version()
    progress = await request.app[UPLOADING].look(place.author, request.match_info["upload_id"])
    return web.Response(headers=_headers(progress))


async def receive(request: web.Request) -> web.Response:
    """A piece of the file; the answer to the last one comes when the file stands in the chat."""
    place: Place | None = None
    try:
        async with staying(request, "send_file") as place:
            return await _receive(request, place.author)
    except (InviteNotUsable, NotFound, SignInRequired) as error:
        if place is None:
            raise
        if isinstance(error, SignInRequired) and place.grant.invite_id is None:
            raise  # a scheduler who signs in again goes on where it was
        if not await request.app[UPLOADING].abandon(place.author, request.match_info["upload_id"]):
            raise
        raise FileTooLate(_PLACE_LOST) from error


async def _receive(request: web.Request, author: Author) -> web.Response:
    await request.app[LIMITS].hit("upload", author.participant_id)
    if not tus.speaks_it(request):
        return tus.other_version()
    upload_id = request.match_info["upload_id"]
    offset, checksum = tus.number(request, tus.OFFSET), tus.checksum(request)
    async with contextlib.aclosing(_pieces(request)) as pieces:
        progress = await request.app[UPLOADING].receive(
            author, upload_id, offset, pieces, checksum, lambda: end_turn(request)
        )
    return web.Response(status=204, headers=_headers(progress))


async def cancel(request: web.Request) -> web.Response:
    """The author does not want it sent (tus, termination)."""
    place = await _place(request)
    if not tus.speaks_it(request):
        return tus.other_version()
    await request.app[UPLOADING].cancel(place.author, request.match_info["upload_id"])
    return web.Response(status=204)


async def _place(request: web.Request) -> Place:
    place = await place_of(request, "send_file")
    await request.app[LIMITS].hit("upload", place.author.participant_id)
    return place


async def _pieces(request: web.Request) -> AsyncGenerator[bytes, None]:
    """The body as it arrives: for as long as something does, however slow the line is."""
    admit(request)
    await tus.say_continue(request)
    while True:
        try:
            async with asyncio.timeout(BODY_WITHIN.total_seconds()):
                piece = await request.content.readany()
        except TimeoutError:
            if request.transport is not None:
                request.transport.abort()
            raise ConnectionResetError from None
        if not piece:
            return
        yield piece


def _metadata(request: web.Request) -> _Metadata:
    try:
        return msgspec.convert(dict(tus.metadata(request)), _Metadata)
    except msgspec.ValidationError:
        raise InvalidInput(tus.METADATA) from None


def _headers(progress: Progress) -> dict[str, str]:
    return tus.headers(progress.offset, progress.size, progress.expires_at)


def _address(request: web.Request, upload_id: str) -> str:
    """Where an upload goes on, beside where it was created."""
    parts = request.match_info
    if "invite_id" in parts:
        return path("seat_upload", invite_id=parts["invite_id"], upload_id=upload_id)
    return path("session_upload", consultation_id=parts["consultation_id"], upload_id=upload_id)
