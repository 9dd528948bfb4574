"""Rules for all sessions."""

from aiohttp import web

from signaling.flows.sessions.planning import ADD_IN_PROGRESS
from signaling.report import PHOTOS_IN_REPORT
from storage.store import Records
from web.http.forms import form_of
from web.http.request import administrator, show, viewer_of
from web.keys import CLOCK, STORE
from web.markup.administration.session_rules import session_rules_page
from web.routes import path

RULES = (ADD_IN_PROGRESS, PHOTOS_IN_REPORT)
"Settings that are on or off."


async def show_rules(request: web.Request) -> web.Response:
    await administrator(request)
    settings = request.app[STORE].read.settings
    chosen = {rule for rule in RULES if await settings.get(rule) == "on"}
    return show(session_rules_page(await viewer_of(request), chosen))


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
    raise web.HTTPSeeOther(path("admin_sessions"))
