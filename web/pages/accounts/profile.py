""" "Your profile": who one is here, how one's own pages behave, and a request to be deleted."""

import json
from collections.abc import Callable, Collection
from dataclasses import replace
from hashlib import sha256

import htpy as h
from aiohttp import web

from signaling.account import Account
from signaling.errors import InvalidInput, NotFound
from signaling.preferences import Preferences
from signaling.text import typed_name
from storage.store import Records
from web.http.forms import form_errors, form_of
from web.http.reader_language import keep_language
from web.http.request import show, signed_in, viewer_of, web_session_digest
from web.keys import ACCOUNT_MAIL, CATALOGS, CLOCK, CONFIG, LIMITS, STORE
from web.markup.accounts.factors import factors_section
from web.markup.accounts.profile import (
    deletion_section,
    preferences_section,
    profile_page,
    profile_section,
)
from web.markup.accounts.sign_ins import password_section, places_section
from web.pages.provider.configured import provider_way_of
from web.routes import path, public_address
from web.view_models import Form, ProviderWay, SignedIn, Viewer
from web.zones.cities import label
from web.zones.names import todays_name

ABOUT = ("name", "language", "time_zone")
"Fields of the form about the person."
RING = ("ring_sound", "ring_volume")
SECRETS = ("present", "password", "")


async def show_profile(request: web.Request) -> web.Response:
    return await refuse(request, Form(), 200)


async def show_old_address(request: web.Request) -> web.Response:
    raise web.HTTPMovedPermanently(path("profile"))


async def save(request: web.Request) -> web.Response:
    """Change name, language and time zone; a refusal keeps everything typed."""
    account, typed = await signed_in(request), await form_of(request)
    values = {name: typed.get(name, "") for name in ABOUT}
    try:
        changed = _with_values(request, account, values)
    except InvalidInput as error:
        return await refuse(request, Form(values, form_errors(error, await viewer_of(request))))

    async def work(records: Records) -> None:
        stored = await records.accounts.get(account.id)
        if stored is None:
            raise NotFound
        await records.accounts.change(_with_values(request, stored, values))
        await records.audit.append(
            request.app[CLOCK].now(), account.id, "change_profile", account.id
        )

    await request.app[STORE].write(work)
    answer = web.HTTPSeeOther(path("profile", {"done": "profile"}))
    if changed.language != account.language:
        keep_language(answer, changed.language)
    raise answer


def _with_values(request: web.Request, account: Account, values: dict[str, str]) -> Account:
    """Raises InvalidInput naming the field."""
    zone = todays_name(values["time_zone"])
    if values["language"] not in request.app[CATALOGS].languages:
        raise InvalidInput("language")
    if zone is None:
        raise InvalidInput("time_zone")
    name = typed_name("name", values["name"], required=True)
    return replace(account, name=name, language=values["language"], time_zone=zone)


async def save_preferences(request: web.Request) -> web.Response:
    """Change the ring, and whether notifications are shown."""
    account, typed = await signed_in(request), await form_of(request)
    values = {name: typed.get(name, "") for name in RING}
    try:
        chosen = Preferences.from_input(**values, notifications=bool(typed.get("notifications")))
    except InvalidInput as error:
        return await refuse(request, Form({}, form_errors(error, await viewer_of(request))))

    await _prefer(
        request,
        account,
        lambda before: replace(chosen, offer_notifications=before.offer_notifications),
    )
    raise web.HTTPSeeOther(path("profile", {"done": "profile"}))


async def decline_notifications(request: web.Request) -> web.Response:
    """Pages ask no more whether to show notifications."""
    account = await signed_in(request)
    await _prefer(request, account, lambda before: replace(before, offer_notifications=False))
    raise web.HTTPSeeOther(path("dashboard"))


async def _prefer(
    request: web.Request, account: Account, change: Callable[[Preferences], Preferences]
) -> None:
    async def work(records: Records) -> None:
        stored = await records.accounts.get(account.id)
        if stored is None:
            raise NotFound
        await records.accounts.change(replace(stored, preferences=change(stored.preferences)))

    await request.app[STORE].write(work)


async def change_deletion(request: web.Request) -> web.Response:
    """Ask the administrators to delete the account, or take that back.

    Raises NotFound; TooManyRequests for one who asks again and again.
    """
    account, step = await signed_in(request), (await form_of(request)).get("step")
    app, now = request.app, request.app[CLOCK].now()
    if step not in ("ask", "keep"):
        raise NotFound
    if step == "ask":
        await app[LIMITS].hit("ask_deletion", account.id)

    async def work(records: Records) -> None:
        stored = await records.accounts.get(account.id)
        if stored is None:
            raise NotFound
        if (stored.deletion_requested_at is None) == (step == "keep"):
            return  # pressed twice
        asked = now if step == "ask" else None
        await records.accounts.change(replace(stored, deletion_requested_at=asked))
        action = "request_deletion" if step == "ask" else "withdraw_deletion_request"
        await records.audit.append(now, account.id, action, account.id)
        if step == "ask":
            link = public_address(app[CONFIG].public_url, "admin_people")
            await app[ACCOUNT_MAIL].queue_to_administrators(
                records, "deletion_requested", link=link, person=stored.name
            )

    await app[STORE].write(work)
    raise web.HTTPSeeOther(path("profile", {"done": "deletion" if step == "ask" else "kept"}))


async def refuse(request: web.Request, form: Form, status: int = 400) -> web.Response:
    """The page, with what is wrong in one of its forms."""
    account, viewer = await signed_in(request), await viewer_of(request)
    way = provider_way_of(request)
    sections = [
        profile_section(viewer, _part(form, ABOUT), account, _zones(viewer, account)),
        preferences_section(viewer, _part(form, RING), account),
        *await _password(request, account, viewer, form, way),
        *await _factors(request, account, viewer, by_provider_alone=way is not None and way.only),
        places_section(viewer, await _places(request, account)),
        deletion_section(viewer, account.deletion_requested_at),
    ]
    page = profile_page(viewer, account, sections, done=request.query.get("done", ""))
    return show(page, status)


async def _password(
    request: web.Request, account: Account, viewer: Viewer, form: Form, way: ProviderWay | None
) -> list[h.Element]:
    """None where only the provider signs in, and the account has a password: it opens nothing then."""
    has_password = account.password_hash is not None
    if way is not None and way.only and has_password:
        return []
    linked = await request.app[STORE].read.identities.of_account(account.id)
    label = way.label if way is not None and linked else ""
    part = _part(form, SECRETS)
    return [
        password_section(viewer, part, account.email, has_password=has_password, provider=label)
    ]


async def _factors(
    request: web.Request, account: Account, viewer: Viewer, *, by_provider_alone: bool
) -> list[h.Element]:
    """None where only the provider signs in: then they are its matter."""
    if by_provider_alone:
        return []
    found = await request.app[STORE].read.second_factors.of_account(account.id)
    return [factors_section(viewer, found)]


def _part(form: Form, fields: Collection[str]) -> Form:
    """What concerns the form with these fields."""
    errors = {name: text for name, text in form.errors.items() if name in fields}
    return Form({name: text for name, text in form.values.items() if name in fields}, errors)


def _zones(viewer: Viewer, account: Account) -> list[tuple[str, str]]:
    """(name, city and country), as where an invitation is planned."""
    zones = {*viewer.time_zones, account.time_zone, "UTC"}
    return sorted(
        ((zone, label(zone, viewer.language)) for zone in zones), key=lambda each: each[1]
    )


async def _places(request: web.Request, account: Account) -> list[SignedIn]:
    """Where the account is signed in, this browser first."""
    app, here = request.app, await web_session_digest(request)
    found = await app[STORE].read.web_sessions.of_account(account.id, app[CLOCK].now())
    places = []
    for digest, stored, since, used in found:
        data = json.loads(stored)
        browser, system = data.get("browser") or ("", "")
        way = data.get("way") or ""
        places.append(
            SignedIn(place_name(digest), browser, system, since, digest == here, used, way)
        )
    return sorted(places, key=lambda place: not place.here)


def place_name(digest: bytes) -> str:
    """The id of a web session on the page: neither its token nor the stored digest."""
    return sha256(digest).hexdigest()[:16]
