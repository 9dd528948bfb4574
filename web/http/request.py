"""Who is asking, and the page they get."""

from collections.abc import Mapping
from dataclasses import replace
from math import ceil

import htpy
from aiohttp import web
from aiohttp_session import get_session

from signaling.account import Account
from signaling.errors import NotFound, SignInRequired
from signaling.flows.people.arriving import Arrival
from signaling.token import token_digest
from web.keys import ARRIVING, CATALOGS, CLOCK, CONFIG, STATIC, STORE
from web.routes import path
from web.texts.catalogs import OWN_NAMES
from web.view_models import Viewer
from web.zones.names import todays_name

LANGUAGE_COOKIE = "language"
ZONE_COOKIE = "time_zone"
_ACCOUNT = web.RequestKey("account", object)


async def account_of(request: web.Request) -> Account | None:
    """Who is signed in, if anybody."""
    if _ACCOUNT not in request:
        session = await get_session(request)
        account_id = session.get("account_id")
        account = None
        if isinstance(account_id, str):
            account = await request.app[STORE].read.accounts.get(account_id)
        if account is not None and account.disabled_at is not None:
            account = None
        request[_ACCOUNT] = account
    found = request[_ACCOUNT]
    return found if isinstance(found, Account) else None


async def signed_in(request: web.Request) -> Account:
    """Who is signed in. Raises SignInRequired."""
    account = await account_of(request)
    if account is None:
        raise SignInRequired
    return account


async def administrator(request: web.Request) -> Account:
    """The administrator who asks; for anybody else the page does not exist."""
    account = await signed_in(request)
    if account.role != "administrator":
        raise NotFound
    return account


async def web_session_digest(request: web.Request) -> bytes | None:
    """The digest of this browser's web session; None if it has none."""
    session = await get_session(request)
    return token_digest(session.identity) if isinstance(session.identity, str) else None


async def seated(request: web.Request, invite_id: str) -> Arrival:
    """The seat of this browser. Raises NotFound, or InviteNotUsable if it is over."""
    return await request.app[ARRIVING].seated(invite_id, await web_session_digest(request))


def time_zone_of(request: web.Request) -> str:
    """The browser's zone by today's name, told by a cookie that its pages set; UTC until then.

    A zone is a place. What a browser says whose device has none (`Etc/Unknown`), or that hides it,
    is not believed.
    """
    zone = request.cookies.get(ZONE_COOKIE, "")
    place = "/" in zone and not zone.startswith("Etc/")
    return (todays_name(zone) if place else None) or "UTC"


async def viewer_of(
    request: web.Request, language: str | None = None, time_zone: str | None = None
) -> Viewer:
    """How this request's page is to be drawn.

    The language is the one chosen by hand, else `language`, else the account's, else the
    browser's first that is offered. The zone is the browser's own where it has told it, else the
    account's, else `time_zone`.
    """
    app = request.app
    texts = app[CATALOGS]
    try:
        account, has_seat = await account_of(request), "seated" in await get_session(request)
    except Exception:  # an error page is drawn even while nothing can be read
        account, has_seat = None, False
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    if chosen not in texts.languages:
        chosen = language or (account.language if account else None)
    if chosen in texts.languages and chosen is not None:
        spoken = texts.get(chosen)
    else:
        spoken = texts.choose(request.headers.get("Accept-Language", ""))
    zone = told = time_zone_of(request)
    if told == "UTC":
        zone = todays_name((account.time_zone if account else time_zone) or "") or "UTC"
    return Viewer(
        language=spoken.code,
        direction=spoken.direction,
        time_zone=zone,
        zone_there=zone if told == "UTC" else request.cookies[ZONE_COOKIE],
        translate=spoken.translate,
        plural=spoken.plural,
        static=app[STATIC].address,
        brand=app[CONFIG].brand,
        path=request.path,
        languages=tuple(OWN_NAMES.items()),
        time_zones=texts.offered_zones,
        catalog=path("catalog", digest=texts.digest, language=spoken.code),
        account_name=account.name if account else None,
        account_role=account.role if account else None,
        now=app[CLOCK].now(),
        seated=has_seat,
        retention_hours=ceil(app[CONFIG].retention_hours),
    )


def by_link(viewer: Viewer) -> Viewer:
    """The same viewer on a page for people who come by link: no menu of an account."""
    return replace(viewer, account_name=None, account_role=None)


def show(
    page: htpy.Renderable, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Answer with a page."""
    return web.Response(text=str(page), content_type="text/html", status=status, headers=headers)


def show_by_link(page: htpy.Renderable, status: int = 200) -> web.Response:
    """Answer with a page for people who come by link, compressed: it may be their last megabyte.

    Pages of accounts are not: they show what was searched for beside what nobody else may know,
    and the length of such an answer tells (BREACH). These show nothing that a stranger can choose.
    """
    response = show(page, status)
    response.enable_compression()
    return response
