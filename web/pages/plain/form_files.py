"""A photo or PDF that a form sends, whole and in one piece, from a page without scripts."""

import asyncio
from collections.abc import AsyncIterator

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from signaling.errors import N_, InvalidInput, InviteNotUsable, NotFound, TeleConnectError
from signaling.identifier import PATTERN, new_id
from web.connections.http_server import admit
from web.connections.limits import BODY_WITHIN
from web.http.errors import sentence
from web.http.request import viewer_of
from web.keys import LIMITS, UPLOADING
from web.pages.places import staying
from web.pages.plain.page import lost, page
from web.pages.plain.place import arrived, back

_NO_FILE = N_("Please choose a photo or a PDF first.")


async def send_file(request: web.Request) -> web.Response:
    """Put it into the chat, once for the id that the form has; or say why it is not taken."""
    try:
        _arrival, attendance, _viewer = await arrived(request)
        async with staying(request, "send_file") as place:
            await request.app[LIMITS].hit("new_upload", attendance.participant_id)
            admit(request)
            upload_id, part = await _file(request)
            await request.app[UPLOADING].receive_at_once(
                place.author, upload_id, part.filename or "", _pieces(request, part)
            )
    except (NotFound, InviteNotUsable) as error:
        return await lost(request, error)
    except TeleConnectError as error:
        viewer = await viewer_of(request)
        words = sentence(error, viewer.translate, viewer.plural)
        return await page(request, error.status, error=words)
    raise back(request)


async def _file(request: web.Request) -> tuple[str, BodyPartReader]:
    """The id in the form, and the part with the file, which comes after it. Raises InvalidInput."""
    upload_id = ""
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                break
            if part.name == "file" and part.filename:
                return upload_id if PATTERN.fullmatch(upload_id) else new_id(), part
            if part.name == "id":
                upload_id = (await part.read_chunk(64)).decode("ascii", "replace")
    except (ValueError, AssertionError, HttpProcessingError):
        # not a multipart body, without its boundary, headers of a part that cannot be read
        raise InvalidInput("form") from None
    raise InvalidInput("file", _NO_FILE)


async def _pieces(request: web.Request, part: BodyPartReader) -> AsyncIterator[bytes]:
    """The file as it arrives: for as long as something does, however slow the line is."""
    while True:
        try:
            async with asyncio.timeout(BODY_WITHIN.total_seconds()):
                piece = await part.read_chunk()
        except TimeoutError:
            if request.transport is not None:
                request.transport.abort()
            raise ConnectionResetError from None
        except (ValueError, AssertionError, HttpProcessingError):
            raise InvalidInput("form") from None
        if not piece:
            return
        yield piece
