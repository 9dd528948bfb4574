""" "Routes": which numbers get messages, by which channel and from which sender."""

from aiohttp import web

from signaling.errors import N_, InvalidInput
from signaling.notices.route import parse, write
from storage.store import Records
from web.http.errors import sentence
from web.http.forms import form_of
from web.http.request import administrator, show, viewer_of
from web.keys import CLOCK, NOTICE_ROUTING, STORE
from web.markup.administration.routes import routes_page
from web.markup.administration.try_number import Trial
from web.notices.routing import ROUTES_SETTING
from web.routes import path
from web.view_models import Form

MAX_LENGTH = 60_000


async def show_routes(request: web.Request) -> web.Response:
    await administrator(request)
    return await routes_form(request, Form())


async def save_routes(request: web.Request) -> web.Response:
    """Put new routes in force at once; a refusal names the line and keeps everything typed."""
    account = await administrator(request)
    app, viewer = request.app, await viewer_of(request)
    typed = (await form_of(request)).get("routes", "").replace("\r\n", "\n")
    try:
        _check_length(typed)
        parse(typed)
    except InvalidInput as error:
        _ = viewer.translate
        text = sentence(error, _)
        if "line" in error.values:
            text = _("Line %(line)s: %(problem)s") % {
                "line": error.values["line"],
                "problem": viewer.translate(error.sentence),
            }
        return await routes_form(request, Form({"routes": typed}, {"routes": text}), 400)

    async def work(records: Records) -> None:
        await records.settings.put(ROUTES_SETTING, typed)
        await records.audit.append(app[CLOCK].now(), account.id, "change_routes", "")

    await app[STORE].write(work)
    await app[NOTICE_ROUTING].load(app[STORE])
    raise web.HTTPSeeOther(path("admin_routes"))


async def routes_form(
    request: web.Request, form: Form, status: int = 200, *, trial: Trial | None = None
) -> web.Response:
    """The page: what was typed, else what is stored; below it, a number that was tried."""
    stored = await request.app[STORE].read.settings.get(ROUTES_SETTING)
    whole = Form({"routes": stored or "", **form.values}, form.errors)
    in_force = write(request.app[NOTICE_ROUTING].routes)
    return show(routes_page(await viewer_of(request), whole, in_force, trial), status)


def _check_length(typed: str) -> None:
    """Raises InvalidInput: a truncated list of rules would have another meaning."""
    if len(typed) > MAX_LENGTH:
        raise InvalidInput(
            "routes", N_("This is too long: at most %(limit)s characters."), limit=MAX_LENGTH
        )
