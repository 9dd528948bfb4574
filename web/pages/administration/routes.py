""" "Routes": which numbers may be written to, by which channel, under whose name."""

from aiohttp import web

from signaling.errors import N_, InvalidInput
from signaling.notices.route import parse, write
from storage.store import Records
from web.http.errors import (
    sentence,
)
from web.http.forms import form_of
from web.http.request import (
    administrator,
    show,
    viewer_of,
)
from web.keys import CLOCK, NOTICE_ROUTING, STORE
from web.markup.administration.routes import routes_page
from web.notices.routing import ROUTES_SETTING
from web.routes import path
from web.view_models import Form

MAX_LENGTH = 60_000


async def show_routes(request: web.Request) -> web.Response:
    await administrator(request)
    typed = await request.app[STORE].read.settings.get(ROUTES_SETTING)
    form = Form({"routes": typed or ""})
    page = routes_page(await viewer_of(request), form, write(request.app[NOTICE_ROUTING].routes))
    return show(page)


async def save_routes(request: web.Request) -> web.Response:
    """Put other routes in force at once; a refusal names the line and keeps everything typed."""
    account = await administrator(request)
    app, viewer = request.app, await viewer_of(request)
    typed = (await form_of(request)).get("routes", "").replace("\r\n", "\n")
    try:
        _check_length(typed)
        parse(typed)
    except InvalidInput as error:
        text = sentence(error, viewer.translate)
        if "line" in error.values:
            text = viewer.translate("Line %(line)s: %(problem)s") % {
                "line": error.values["line"],
                "problem": viewer.translate(error.sentence),
            }
        form = Form({"routes": typed}, {"routes": text})
        return show(routes_page(viewer, form, write(app[NOTICE_ROUTING].routes)), 400)

    async def work(records: Records) -> None:
        await records.settings.put(ROUTES_SETTING, typed)
        await records.audit.append(app[CLOCK].now(), account.id, "change_routes", "")

    await app[STORE].write(work)
    await app[NOTICE_ROUTING].load(app[STORE])
    raise web.HTTPSeeOther(path("admin_routes"))


def _check_length(typed: str) -> None:
    """Raises InvalidInput; half of a list of rules would be another list."""
    if len(typed) > MAX_LENGTH:
        raise InvalidInput(
            "routes", N_("This is too long: at most %(limit)s characters."), limit=MAX_LENGTH
        )
