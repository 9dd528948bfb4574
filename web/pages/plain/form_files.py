"""The form of a page without scripts: what was typed, and a photo or PDF, whole and in one piece."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from signaling.errors import (
    N_,
    InvalidInput,
    InviteNotUsable,
    NotFound,
    TeleConnectError,
    TooManyRequests,
)
from web.connections.eviction import BODY_WITHIN
from web.connections.http_server import admit, answer_after_all
from web.http.client_address import client_network
from web.http.errors import sentence
from web.http.kept_forms import KEPT
from web.http.request import seat_of, viewer_of
from web.keys import LIMITS, UPLOADING
from web.pages.places import staying
from web.pages.plain.messages import write
from web.pages.plain.page import lost, page
from web.pages.plain.phone_call import ask_once
from web.pages.plain.place import arrived, back, valid_id
from web.routes import path

_NO_FILE = N_("Please choose a photo or a PDF first.")
_SHORT = frozenset(("id", "file_id", "send", "phone"))
_LONGEST_SHORT = 64
_LONG = frozenset(("text", "caption"))
_MOST_PARTS = 8
"Of a form; a page of ours sends seven."


@dataclass
class _Typed:
    """What comes before the file."""

    id: str = ""
    file_id: str = ""
    send: str = ""
    "Not empty: **Send** was pressed, and not the button beside the file."
    phone: str = ""
    "Not empty: **Ask for a call by phone** was, where browsers do not know `formaction`."
    text: str = ""
    "Not sent so far."
    caption: str = ""
    "The same, of the file."
    is_read: bool = False
    "Whether the form has been read, as far as it could be."

    @property
    def all(self) -> str:
        return "\n".join(filter(str.strip, (self.text, self.caption)))


async def send_form(request: web.Request) -> web.Response:
    """Put the file into the chat, and what was typed if **Send** was pressed, each once for its id.

    What was typed and is not sent comes back in the field, with the reason if it should have been.
    """
    typed = _Typed()
    try:
        return await _send(request, typed)
    except web.HTTPException:
        raise
    except Exception:
        # what fails may have done so before the form was read
        if not typed.is_read:
            with contextlib.suppress(InvalidInput, web.HTTPRequestEntityTooLarge):
                await _read(request, typed)
        if typed.all:
            fields = {"id": valid_id(typed.id), "text": typed.all}
            request[KEPT] = path("seat_plain_message", **request.match_info), fields
        raise


async def _send(request: web.Request, typed: _Typed) -> web.Response:
    faults: dict[str, TeleConnectError] = {}
    try:
        invite = await seat_of(request, request.match_info["invite_id"])
    except (NotFound, InviteNotUsable) as error:
        # within the limit of their network, which was counted before
        with contextlib.suppress(InvalidInput, web.HTTPRequestEntityTooLarge):
            await _read(request, typed)
        return await lost(request, error, typed.all)
    answer_after_all(request)
    try:
        if wait := request.app[LIMITS].take("plain_form", invite.id):
            if not request.app[LIMITS].take("returned_form", client_network(request)):
                await _read(request, typed)
            raise TooManyRequests(wait)
        file = await _read(request, typed)
        _arrival, attendance, _viewer = await arrived(request)
        if typed.phone:
            file = None  # nobody asked for it to be sent
            await ask_once(request, attendance)
        elif typed.send:
            try:
                await write(request, attendance, valid_id(typed.id), typed.text)
                # another text, even the same one, is another message
                typed.text = typed.id = ""
            except TeleConnectError as error:
                if isinstance(error, NotFound | InviteNotUsable):
                    raise
                faults["error"] = error
        if file is not None:
            upload_id = valid_id(typed.file_id or typed.id)
            await _send_file(request, upload_id, typed.caption, file)
            typed.caption = ""
        elif not (typed.send or typed.phone):
            raise InvalidInput("file", _NO_FILE)
    except (NotFound, InviteNotUsable) as error:
        return await lost(request, error, typed.all)
    except TeleConnectError as error:
        faults["other_error"] = error
    if faults or typed.all:
        return await _again(request, typed, faults)
    raise back(request)


async def _again(
    request: web.Request, typed: _Typed, faults: dict[str, TeleConnectError]
) -> web.Response:
    """The page with what is still to be sent; `faults` are the errors of `page`."""
    viewer = await viewer_of(request)
    return await page(
        request,
        next((each.status for each in faults.values()), 200),
        message_id=valid_id(typed.id),
        text=typed.text,
        caption=typed.caption,
        **{key: sentence(each, viewer.translate, viewer.plural) for key, each in faults.items()},
    )


async def _send_file(
    request: web.Request, upload_id: str, caption: str, part: BodyPartReader
) -> None:
    async with staying(request, "send_file") as place:
        await request.app[LIMITS].hit("new_upload", place.author.participant_id)
        admit(request)
        await request.app[UPLOADING].receive_at_once(
            place.author, upload_id, part.filename or "", caption, _pieces(request, part)
        )


async def _read(request: web.Request, typed: _Typed) -> BodyPartReader | None:
    """Read what comes before the file; the part with the file, if one was chosen.

    Raises InvalidInput.
    """
    parts, left = 0, request.client_max_size
    typed.is_read = True
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                break
            if part.name == "file" and part.filename:
                return part
            parts += 1
            if parts > _MOST_PARTS:
                raise InvalidInput("form")
            if part.name in _SHORT:
                setattr(typed, part.name, await _text(part, _LONGEST_SHORT))
            else:
                text = await _text(part, left)
                left -= len(text)
                if part.name in _LONG:
                    setattr(typed, part.name, text)
    except (ValueError, AssertionError, RuntimeError, HttpProcessingError):
        # not a multipart body, without its boundary, headers of a part that cannot be read
        raise InvalidInput("form") from None
    return None


async def _text(part: BodyPartReader, most: int) -> str:
    """Raises HTTPRequestEntityTooLarge for more than `most` bytes, ValueError if not UTF-8."""
    text = bytearray()
    while piece := await part.read_chunk():
        text += piece
        if len(text) > most:
            raise web.HTTPRequestEntityTooLarge(most, len(text))
    return text.decode()


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
