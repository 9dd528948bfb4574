"""The one file where an error becomes a page, JSON, or a close code."""

import logging
import sqlite3
import time
from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web

from signaling.errors import (
    HostAway,
    InvalidInput,
    InviteNotUsable,
    NotFound,
    ReportsBusy,
    SecondFactorMissing,
    SignInRequired,
    TeleConnectError,
    TooLarge,
    TooManyRequests,
    Unavailable,
)
from signaling.wire.messages import Refusal
from signaling.wire.values import CLOSE_CODES
from web.http.kept_forms import is_typed, kept_form
from web.http.over_limit import wants_page
from web.http.request import show, viewer_of
from web.markup.errors import error_page
from web.markup.kept_form import kept_form_page, send_again_page
from web.routes import path

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_log = logging.getLogger("web.requests")


def sentence(
    error: TeleConnectError,
    translate: Callable[[str], str],
    plural: Callable[[str, str, int], str] | None = None,
) -> str:
    """The error in the reader's language; with `plural` also how long to wait."""
    text = translate(error.sentence)
    if plural is not None and isinstance(error, TooManyRequests) and error.seconds:
        text = plural(*error.counted, error.amount)
    return text % error.values if error.values else text


def retry_after(error: TeleConnectError) -> dict[str, str]:
    """The Retry-After header (RFC 9110, 10.2.3), if the error has a time to wait."""
    if isinstance(error, ReportsBusy | HostAway):
        return {hdrs.RETRY_AFTER: str(error.retry_after)}
    if isinstance(error, TooManyRequests) and error.seconds:
        return {hdrs.RETRY_AFTER: str(error.seconds)}
    return {}


def refusal(
    error: TeleConnectError, translate: Callable[[str], str], command_id: str | None = None
) -> Refusal:
    """The socket message for an error."""
    return Refusal(error.code, sentence(error, translate), command_id)


def close_code(error: TeleConnectError) -> int:
    """The WebSocket close code where an error ends the conversation."""
    if isinstance(error, InviteNotUsable):
        return CLOSE_CODES["gone"]
    return CLOSE_CODES.get(error.code, 1011)


def domain_error(error: Exception) -> TeleConnectError:
    """Any error as one of ours; an unforeseen one reveals nothing."""
    if isinstance(error, TeleConnectError):
        return error
    if isinstance(error, sqlite3.OperationalError | OSError):
        return Unavailable()
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        return TooLarge()
    if isinstance(error, web.HTTPNotFound | web.HTTPMethodNotAllowed):
        return NotFound()
    if isinstance(error, web.RequestPayloadError):
        return InvalidInput("body")
    return TeleConnectError()


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn errors into responses, and log every request by its route's pattern."""
    started = time.monotonic()
    resource = request.match_info.route.resource
    extra: dict[str, object] = {
        "method": request.method,
        "route": resource.canonical if resource else "unmatched",
    }
    try:
        response = await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            _log.info("request", extra=extra | {"status": error.status})
            raise
        response = await _answer(request, domain_error(error), error.status)
    except Exception as error:
        if isinstance(error, OSError | web.RequestPayloadError) and has_left(request):
            raise ConnectionResetError from error  # not logged: a stranger could cause any number of lines
        known = domain_error(error)
        extra["code"] = known.code
        if known.status >= 500 and not _meant(error):
            _log.exception("request failed", extra=extra)
        response = await _answer(request, known, known.status)
    elapsed = round((time.monotonic() - started) * 1000, 1)
    _log.info("request", extra=extra | {"status": response.status, "duration_ms": elapsed})
    return response


def _meant(error: Exception) -> bool:
    """Whether it is a refusal of our own, not the result of a failure below."""
    return isinstance(error, TeleConnectError) and error.__cause__ is None


def has_left(request: web.Request) -> bool:
    """Whether the client has disconnected."""
    return request.transport is None or request.transport.is_closing()


async def _answer(request: web.Request, error: TeleConnectError, status: int) -> web.StreamResponse:
    if isinstance(error, SignInRequired) and request.method == "GET" and wants_page(request):
        return web.Response(status=303, headers={hdrs.LOCATION: _way_in(request, error)})
    viewer = await viewer_of(request)
    text = sentence(error, viewer.translate, viewer.plural)
    kept = None
    out = type(error) is SignInRequired
    if wants_page(request) and (out or status == 429 or status >= 500):
        kept = await kept_form(request, error)
    if kept is not None and out:
        answer = show(kept_form_page(viewer, *kept), status)
    elif kept is not None and (kept[1] if status == 429 else is_typed(kept[1])):
        answer = show(send_again_page(viewer, text, *kept), status)
    elif wants_page(request):
        answer = show(error_page(viewer, status, text), status)
    else:
        answer = web.json_response({"code": error.code, "text": text}, status=status)
    answer.headers.update(retry_after(error))
    return answer


def _way_in(request: web.Request, error: SignInRequired) -> str:
    """Where somebody signs in, and comes back from to the page that they asked for."""
    if isinstance(error, SecondFactorMissing):
        return path("factors")
    if request.path_qs == path("dashboard"):
        return path("sign_in")
    return path("sign_in", {"next": request.path_qs})
