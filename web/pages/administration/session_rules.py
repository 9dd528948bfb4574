"""Rules for everybody's sessions."""

from aiohttp import web

from signaling.flows.sessions.planning import ADD_IN_PROGRESS
from storage.store import Records
from web.http.forms import form_of
from web.http.request import (
    administrator,
    show,
    viewer_of,
)
from web.keys import CLOCK, STORE
from web.markup.administration.session_rules import session_rules_page
from web.routes import path


async def show_rules(request: web.Request) -> web.Response:
    await administrator(request)
    chosen = await request.app[STORE].read.settings.get(ADD_IN_PROGRESS)
    return show(session_rules_page(await viewer_of(request), in_progress=chosen == "on"))


async def save_rules(request: web.Request) -> web.Response:
    account = await administrator(request)
    value = "on" if (await form_of(request)).get(ADD_IN_PROGRESS) else "off"
    now = request.app[CLOCK].now()

    async def work(records: Records) -> None:
        await records.settings.put(ADD_IN_PROGRESS, value)
        rule = f"{ADD_IN_PROGRESS}:{value}"
        await records.audit.append(now, account.id, "change_rules", rule)

    await request.app[STORE].write(work)
    raise web.HTTPSeeOther(path("admin_sessions"))
