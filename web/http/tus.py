"""The headers of tus 1.0.0, read and written: uploads that go on where they were cut.

https://tus.io/protocols/resumable-upload, with its extensions creation, expiration, termination and
checksum. What they mean for files is in `signaling/flows/sessions/uploading.py`.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime

from aiohttp import HttpVersion11, hdrs, web

from signaling.errors import InvalidInput
from web.routes import PATHS

VERSION = "1.0.0"
RESUMABLE = "Tus-Resumable"
OFFSET = "Upload-Offset"
LENGTH = "Upload-Length"
EXPIRES = "Upload-Expires"
METADATA = "Upload-Metadata"
CHECKSUM = "Upload-Checksum"
_ADDRESSES = frozenset(PATHS[name] for name in PATHS if name.endswith(("_upload", "_uploads")))
_NUMBER = re.compile(r"0|[1-9][0-9]{0,14}", re.ASCII)
_SHA256_BYTES = 32


def speaks_it(request: web.Request) -> bool:
    """Whether the client speaks this version of the protocol."""
    return request.headers.get(RESUMABLE) == VERSION


def other_version() -> web.Response:
    """The answer to a client that does not."""
    return web.Response(status=412, headers={"Tus-Version": VERSION})


def is_about_uploads(request: web.Request) -> bool:
    """Whether its address is that of an upload, or where uploads are created."""
    resource = request.match_info.route.resource
    return resource is not None and resource.canonical in _ADDRESSES


async def add_version(request: web.Request, response: web.StreamResponse) -> None:
    """Name the protocol in every response about uploads, errors included (`on_response_prepare`)."""
    if is_about_uploads(request):
        response.headers[RESUMABLE] = VERSION


def number(request: web.Request, name: str) -> int:
    """The number in a header. Raises InvalidInput."""
    text = request.headers.get(name, "")
    if not _NUMBER.fullmatch(text):
        raise InvalidInput(name)
    return int(text)


def metadata(request: web.Request) -> Mapping[str, str]:
    """Key -> value of Upload-Metadata. Raises InvalidInput for what is no base64 of UTF-8."""
    found: dict[str, str] = {}
    for pair in request.headers.get(METADATA, "").split(","):
        key, _, value = pair.strip().partition(" ")
        if not key:
            continue
        try:
            text = base64.b64decode(value.strip(), validate=True).decode("utf-8")
        except (binascii.Error, ValueError):
            raise InvalidInput(METADATA) from None
        if key in found:
            raise InvalidInput(METADATA)
        found[key] = text
    return found


def checksum(request: web.Request) -> bytes | None:
    """The SHA-256 that the body must have; None if the client does not say. Raises InvalidInput."""
    text = request.headers.get(CHECKSUM)
    if text is None:
        return None
    algorithm, _, value = text.strip().partition(" ")
    try:
        digest = base64.b64decode(value.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidInput(CHECKSUM) from None
    if algorithm != "sha256" or len(digest) != _SHA256_BYTES:
        raise InvalidInput(CHECKSUM)
    return digest


def headers(
    offset: int, size: int | None = None, expires_at: datetime | None = None
) -> dict[str, str]:
    """How far an upload is, and until when it may go on."""
    said = {OFFSET: str(offset), hdrs.CACHE_CONTROL: "no-store"}
    if size is not None:
        said[LENGTH] = str(size)
    if expires_at is not None:
        # RFC 9110, 5.6.7
        said[EXPIRES] = format_datetime(expires_at.astimezone(UTC), usegmt=True)
    return said


async def expect_later(request: web.Request) -> None:
    """Leave `Expect: 100-continue` to `say_continue`, for when it is known who asks (`expect_handler`)."""
    if request.headers.get(hdrs.EXPECT, "").lower() != "100-continue":
        raise web.HTTPExpectationFailed


async def say_continue(request: web.Request) -> None:
    """Ask for a body that waits for it (RFC 9110, 10.1.1)."""
    if request.version >= HttpVersion11 and hdrs.EXPECT in request.headers:
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # no part of the response, as in aiohttp's own handler
