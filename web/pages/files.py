"""Serving the photos and PDFs of a session to those who have a place in it.

Renditions that this server made are shown; everything else is only for download. Nothing is cached:
a file is gone once its session is.
"""

import contextlib
import re
from collections.abc import AsyncIterator
from pathlib import PurePosixPath
from urllib.parse import quote

from aiohttp import hdrs, web

from signaling.attachment import ORIGINAL
from signaling.flows.sessions.showing import Part
from web.keys import LIMITS, SHOWING
from web.pages.places import Place, staying

_NOT_IN_A_FALLBACK = frozenset('"\\/%;')
_LAST_OF_NONE = re.compile(r"bytes=-0+", re.IGNORECASE | re.ASCII)
"A suffix range of no bytes, which cannot be satisfied (RFC 9110, 14.1.2)."
ENDINGS = {"image/jpeg": ".jpg", "image/png": ".png"}


async def send_file(request: web.Request) -> web.StreamResponse:
    """One part of a file, or a range of its bytes (RFC 9110, 14)."""
    async with staying(request, "read_file") as place:
        return await _send(request, await _part(request, place))


async def _send(request: web.Request, part: Part) -> web.StreamResponse:
    tag = f'"{part.attachment.id}-{part.name}"'
    response = web.StreamResponse(headers=_headers(part, tag))
    try:
        start, end = _span(request, part.size, tag)
    except ValueError:
        return web.Response(status=416, headers={hdrs.CONTENT_RANGE: f"bytes */{part.size}"})
    if (start, end) != (0, part.size) or _wants_range(request, tag):
        response.set_status(206)
        response.headers[hdrs.CONTENT_RANGE] = f"bytes {start}-{end - 1}/{part.size}"
    response.content_length = end - start
    async with contextlib.aclosing(request.app[SHOWING].read(part, start, end)) as blocks:
        first = await anext(blocks)  # before the head: a file that is gone is 404
        await response.prepare(request)
        if request.method != hdrs.METH_HEAD:
            await _stream(request, response, first, blocks)
    await response.write_eof()
    return response


async def _stream(
    request: web.Request, response: web.StreamResponse, first: bytes, rest: AsyncIterator[bytes]
) -> None:
    try:
        await response.write(first)
        async for block in rest:
            await response.write(block)
    except BaseException:
        # the head has promised more: only the end of the connection takes that back
        if request.transport is not None:
            request.transport.abort()
        raise


async def _part(request: web.Request, place: Place) -> Part:
    """The part that the address names. Raises NotFound for all that this session has not."""
    showing, name = request.app[SHOWING], request.match_info["rendition"]
    attachment = await showing.attachment(
        place.author.consultation_id, request.match_info["file_id"]
    )
    part = showing.stored(attachment, name)
    if part is None:
        await request.app[LIMITS].hit("page_picture", place.author.participant_id)
        part = await showing.page(attachment, name)
    return part


def _headers(part: Part, tag: str) -> dict[str, str]:
    shown = part.name != ORIGINAL
    return {
        hdrs.ACCEPT_RANGES: "bytes",
        hdrs.CACHE_CONTROL: "no-store",
        hdrs.CONTENT_DISPOSITION: disposition(_file_name(part), inline=shown),
        hdrs.CONTENT_TYPE: part.media_type,
        hdrs.ETAG: tag,
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
    }


def _file_name(part: Part) -> str:
    """What a browser calls it when it is saved.

    Its ending is that of what it is: a photo was made anew, and a PDF may also be a program that only
    waits for its ending.
    """
    name = part.attachment.name
    if part.name == ORIGINAL:
        return name if name.lower().endswith(".pdf") else f"{name}.pdf"
    return (PurePosixPath(name.replace("/", "_")).stem or "photo") + ENDINGS[part.media_type]


def disposition(name: str, *, inline: bool) -> str:
    """Content-Disposition with the name as it was sent (RFC 6266, RFC 8187), and one in ASCII.

    >>> disposition('Röntgen "1".pdf', inline=False)
    'attachment; filename="R_ntgen _1_.pdf"; filename*=UTF-8\\'\\'R%C3%B6ntgen%20%221%22.pdf'
    """
    fallback = "".join(
        each if " " <= each <= "~" and each not in _NOT_IN_A_FALLBACK else "_" for each in name
    )
    kind = "inline" if inline else "attachment"
    return f"{kind}; filename=\"{fallback}\"; filename*=UTF-8''{quote(name, safe='')}"


def _wants_range(request: web.Request, tag: str) -> bool:
    """Whether the request is for a range, and of the bytes that there are."""
    if request.method != hdrs.METH_GET or hdrs.RANGE not in request.headers:
        return False  # ranges are for GET alone (RFC 9110, 14.2)
    if request.headers.get(hdrs.IF_RANGE, tag) != tag:
        return False
    try:
        return request.http_range != slice(None, None, 1)
    except ValueError:
        return False  # several ranges, or nonsense: a server may ignore it (RFC 9110, 14.2)


def _span(request: web.Request, size: int, tag: str) -> tuple[int, int]:
    """First byte and the one after the last. Raises ValueError for a range outside of the file."""
    if not _wants_range(request, tag):
        return 0, size
    span = request.http_range
    if span.start is not None and span.start >= size:
        raise ValueError
    if _LAST_OF_NONE.fullmatch(request.headers[hdrs.RANGE]):
        raise ValueError  # aiohttp takes it for all
    start, end, _step = span.indices(size)
    if start >= end:
        raise ValueError
    return start, end
