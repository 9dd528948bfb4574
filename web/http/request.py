"""Who sends a request, how their page is rendered, and the response with it."""

import json
from collections.abc import Mapping
from dataclasses import replace
from math import ceil

import htpy
from aiohttp import hdrs, web
from aiohttp_session import get_session

from signaling.access import owned
from signaling.account import Account
from signaling.consultation import Consultation
from signaling.errors import InviteNotUsable, NotFound, SecondFactorMissing, SignInRequired
from signaling.flows.people.arriving import Arrival
from signaling.invite import Invite
from signaling.preferences import DEFAULT_PREFERENCES
from signaling.second_factor import must_have
from signaling.token import token_digest
from web.http.engine import is_older
from web.http.packed_page import PackedPage
from web.http.platform import device_of
from web.http.reader_language import language_of
from web.http.security_headers import INLINED
from web.keys import (
    ARRIVING,
    CATALOGS,
    CLOCK,
    CONFIG,
    NOTICE_ROUTING,
    PASSKEYS,
    PROVIDER,
    RUNTIME_SETTINGS,
    STATIC,
    STORE,
    WEB_SESSIONS,
)
from web.routes import path
from web.settings.logo import Logo
from web.static_files import Build, text_digest
from web.texts.catalogs import OWN_NAMES
from web.view_models import Picture, Viewer
from web.zones.names import todays_name

ZONE_COOKIE = "time_zone"
HELD = 1000
"Bytes of the largest catalog that stands in the page itself: English has few words of its own."
_ACCOUNT = web.RequestKey("account", object)
_LACKS_FACTOR = web.RequestKey("lacks_factor", bool)
_INVITED_IN = web.RequestKey("invited_in", str)
"The language of the invite whose seat this browser has."


async def entered_account(request: web.Request) -> Account | None:
    """The account whose password was right, even if it must set up a second factor first."""
    if _ACCOUNT not in request:
        session = await get_session(request)
        account_id = session.get("account_id")
        account = None
        if isinstance(account_id, str):
            account = await request.app[STORE].read.accounts.get(account_id)
        if account is not None and account.suspended_at is not None:
            account = None
        request[_ACCOUNT] = account
    found = request[_ACCOUNT]
    return found if isinstance(found, Account) else None


async def lacks_factor(request: web.Request) -> bool:
    """Whether somebody must set up a second factor before anything else.

    Whom the organization's provider signed in need not: a second factor is then its matter.
    """
    if _LACKS_FACTOR not in request:
        account, way = await entered_account(request), (await get_session(request)).get("way")
        request[_LACKS_FACTOR] = account is not None and await _lacks(request, account, way)
    return request[_LACKS_FACTOR]


async def _lacks(request: web.Request, account: Account, way: str | None) -> bool:
    app = request.app
    must = must_have(app[CONFIG].second_factor, account.role) and way != "provider"
    return must and not await app[STORE].read.second_factors.any_of(account.id)


async def account_of(request: web.Request) -> Account | None:
    """The account that is signed in and may act, if any."""
    return None if await lacks_factor(request) else await entered_account(request)


async def entered(request: web.Request) -> Account:
    """The same as `entered_account`, for pages of second factors. Raises SignInRequired."""
    account = await entered_account(request)
    if account is None:
        raise SignInRequired
    return account


async def signed_in(request: web.Request) -> Account:
    """The account that is signed in. Raises SignInRequired, SecondFactorMissing."""
    if await lacks_factor(request):
        raise SecondFactorMissing
    return await entered(request)


async def signed_in_or_late(request: web.Request) -> tuple[Account, bytes | None]:
    """The account, and the digest of its web session, even if the time of its sign-in is just over.

    Only for what is told from `RevocationWatch` whether that may be. Raises SignInRequired.
    """
    if await entered_account(request) is not None:
        return await signed_in(request), await web_session_digest(request)
    read, digest = request.app[STORE].read, request.app[WEB_SESSIONS].digest_of(request)
    account_id, data = (digest and await read.web_sessions.owner(digest)) or (None, "{}")
    late = await read.accounts.get(account_id) if account_id else None
    if (
        late is None
        or late.suspended_at
        or await _lacks(request, late, json.loads(data).get("way"))
    ):
        raise SignInRequired
    return late, digest


async def administrator(request: web.Request) -> Account:
    """The administrator's account. Raises NotFound for any other: the page does not exist for them."""
    account = await signed_in(request)
    if account.role != "administrator":
        raise NotFound
    return account


async def own_consultation(request: web.Request, action: str) -> tuple[Account, Consultation]:
    """The account that is signed in and the consultation of the address, for an action.

    Raises SignInRequired; NotFound for a consultation that the account does not hold; what `owned`
    raises.
    """
    account = await signed_in(request)
    found = await request.app[STORE].read.consultations.get(request.match_info["consultation_id"])
    return account, owned(found, account.id, action)


async def web_session_digest(request: web.Request) -> bytes | None:
    """The digest of this browser's web session; None if it has none."""
    session = await get_session(request)
    return token_digest(session.identity) if isinstance(session.identity, str) else None


async def known_browser(request: web.Request) -> bytes | None:
    """The digest of a web session that has taken a seat or is signed in; None for any other.

    Anybody gets a web session by beginning to sign in, as many as they like.
    """
    known = not {"seated", "account_id"}.isdisjoint(await get_session(request))
    return await web_session_digest(request) if known else None


async def seat_of(request: web.Request, invite_id: str) -> Invite:
    """The invite whose seat this browser has; raises as `seated`, of which it reads a part."""
    digest = await web_session_digest(request)
    try:
        invite = await request.app[ARRIVING].invite_of(invite_id, digest)
    except (InviteNotUsable, NotFound):
        await _note_language(request, await request.app[STORE].read.invites.get(invite_id))
        raise
    request[_INVITED_IN] = invite.person.language
    return invite


async def seated(request: web.Request, invite_id: str) -> Arrival:
    """The seat of this browser. Raises NotFound, or InviteNotUsable if the invite is over."""
    return await seated_by(request, invite_id, await web_session_digest(request))


async def seated_by(request: web.Request, invite_id: str, digest: bytes | None) -> Arrival:
    """The seat of the browser with this web session; raises as `seated`."""
    try:
        arrival = await request.app[ARRIVING].seated(invite_id, digest)
    except (InviteNotUsable, NotFound):
        await _note_language(request, await request.app[STORE].read.invites.get(invite_id))
        raise
    request[_INVITED_IN] = arrival.invite.person.language
    return arrival


async def seat_behind(request: web.Request, token: str) -> str:
    """The seat that this browser has by a link that is over; empty if it has none.

    What is shown is in that one's language from now on.
    """
    invite = await request.app[STORE].read.invites.by_token(token)
    digest = await web_session_digest(request)
    if invite is None or not await request.app[ARRIVING].holds(invite.id, digest):
        return ""
    request[_INVITED_IN] = invite.person.language
    return invite.id


async def _note_language(request: web.Request, invite: Invite | None) -> None:
    """The same about a seat that is another browser's by now, or over, until the session is purged.

    Only for browsers that have joined a session: a stranger is not to learn that there is such a seat.
    """
    if invite is not None and "seated" in await get_session(request):
        request[_INVITED_IN] = invite.person.language


def time_zone_of(request: web.Request) -> str:
    """The browser's zone by today's name, from a cookie that its pages set; UTC until then.

    Only zones of places count: a device without a zone sends `Etc/Unknown`, and browsers that hide
    theirs send UTC.
    """
    zone = request.cookies.get(ZONE_COOKIE, "")
    place = "/" in zone and not zone.startswith("Etc/")
    return (todays_name(zone) if place else None) or "UTC"


async def _reader(request: web.Request) -> tuple[Account | None, bool, bool]:
    """(the account, whether the browser has a seat, whether the account may act)."""
    try:
        account, has_seat = await entered_account(request), "seated" in await get_session(request)
        return account, has_seat, await account_of(request) is not None
    except Exception:  # an error page must render even if nothing can be read
        return None, False, False


async def viewer_of(
    request: web.Request, language: str | None = None, time_zone: str | None = None
) -> Viewer:
    """How this request's page is to be rendered.

    The language is the one chosen by hand, else `language` or the one that the holder of the seat
    was invited in, else the account's, else the first of the browser's that is offered. The zone is
    the browser's where it has sent one, else the account's, else `time_zone`.
    """
    app = request.app
    texts, settings = app[CATALOGS], app[RUNTIME_SETTINGS]
    account, has_seat, acts = await _reader(request)
    otherwise = language or request.get(_INVITED_IN) or (account.language if account else None)
    spoken = language_of(request, texts, otherwise, settings.languages_off)
    zone = told = time_zone_of(request)
    if told == "UTC":
        zone = todays_name((account.time_zone if account else time_zone) or "") or "UTC"
    build = _build_for(request)
    return Viewer(
        language=spoken.code,
        direction=spoken.direction,
        time_zone=zone,
        zone_there=zone if told == "UTC" else request.cookies[ZONE_COOKIE],
        translate=spoken.translate,
        plural=spoken.plural,
        static=build.address,
        scripts=build.scripts,
        inline=build.inline,
        brand=settings.brand,
        path=request.path,
        languages=settings.languages,
        time_zones=texts.offered_zones,
        catalog=path("catalog", digest=texts.digest, language=spoken.code),
        way_in_catalog=path("catalog", digest=texts.digest, language=f"{spoken.code}-way-in"),
        account_name=account.name if account and acts else None,
        account_id=account.id if account and acts else None,
        account_role=account.role if account and acts else None,
        now=app[CLOCK].now(),
        seated=has_seat,
        retention_hours=ceil(app[CONFIG].retention_hours),
        file_megabytes=app[CONFIG].file_megabytes,
        passwords=not (PROVIDER in app and app[PROVIDER].settings.only),
        passkey_origin=app[PASSKEYS].origin if app[PASSKEYS].possible else "",
        preferences=account.preferences if account else DEFAULT_PREFERENCES,
        phone_channels=app[NOTICE_ROUTING].by_phone(),
        colors=settings.style_sheet
        and path("brand_colors", digest=text_digest(settings.style_sheet)),
        logo=_logo(settings.logo),
        device=device_of(request.headers.get(hdrs.USER_AGENT, "")),
    )


def _build_for(request: web.Request) -> Build:
    return request.app[STATIC].build(older=is_older(request.headers.get(hdrs.USER_AGENT, "")))


def _logo(logo: Logo | None) -> Picture | None:
    if logo is None:
        return None
    address = path("brand_logo", digest=logo.digest)
    return Picture(address, logo.width, logo.height, logo.text)


def saves_data(request: web.Request) -> bool:
    """Whether the browser asks for little (Save-Data, of the WICG's Save Data API)."""
    return request.headers.get("Save-Data", "").strip().lower() == "on"


def asked_language(request: web.Request, viewer: Viewer) -> str:
    """The language in the query, if there is a catalog; else the viewer's."""
    language = request.query.get("language", viewer.language)
    return language if language in OWN_NAMES else viewer.language


def by_link(viewer: Viewer) -> Viewer:
    """The same viewer on a page for people who come by link, without an account's menu."""
    return replace(viewer, account_name=None, account_role=None)


def on_the_way_in(request: web.Request, viewer: Viewer) -> Viewer:
    """The same on a page between the link and the waiting room, which is for slow networks."""
    catalog = request.app[CATALOGS].get(viewer.language).way_in_catalog
    held = catalog.decode() if len(catalog) <= HELD else ""
    return replace(by_link(viewer), catalog=viewer.way_in_catalog, held_catalog=held)


def show(
    page: htpy.Renderable, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Answer with a page."""
    return web.Response(text=str(page), content_type="text/html", status=status, headers=headers)


def show_by_link(
    page: htpy.Renderable, status: int = 200, headers: Mapping[str, str] | None = None
) -> PackedPage:
    """Answer with a page for people who come by link; see `PackedPage` for which it must not be."""
    return PackedPage(text=str(page), content_type="text/html", status=status, headers=headers)


def inlined(request: web.Request, response: web.Response, *names: str) -> web.Response:
    """Let a page hold these scripts and style sheets, which `Viewer.inline` put into it."""
    build = _build_for(request)
    response[INLINED] = tuple((name, build.proof(name)) for name in names)
    return response
