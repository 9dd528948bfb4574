"""Rules for all sessions and their reports: a form of the settings page."""

from aiohttp import web

from signaling.flows.sessions.planning import ADD_IN_PROGRESS
from signaling.report import (
    ENDING_IN_REPORT,
    NAMES_IN_REPORT,
    PASSWORD_ON_REPORT,
    PHOTOS_IN_REPORT,
)
from storage.store import Records
from web.http.forms import form_of
from web.http.request import administrator
from web.keys import CLOCK, STORE
from web.routes import path

RULES = (
    ADD_IN_PROGRESS,
    NAMES_IN_REPORT,
    ENDING_IN_REPORT,
    PHOTOS_IN_REPORT,
    PASSWORD_ON_REPORT,
)
"Settings that are on or off."


async def show_rules(request: web.Request) -> web.Response:
    """Lead to the settings, where the rules are."""
    await administrator(request)
    raise web.HTTPSeeOther(path("admin_settings"))


async def save_rules(request: web.Request) -> web.Response:
    account = await administrator(request)
    form = await form_of(request)
    now = request.app[CLOCK].now()

    async def work(records: Records) -> None:
        for rule in RULES:
            value = "on" if form.get(rule) else "off"
            if (await records.settings.get(rule) or "off") != value:
                await records.settings.put(rule, value)
                await records.audit.append(now, account.id, "change_rules", f"{rule}:{value}")

    await request.app[STORE].write(work)
    raise web.HTTPSeeOther(path("admin_settings"))
