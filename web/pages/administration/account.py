"""One account: its page, and its deletion."""

from aiohttp import web

from signaling.consultation import OPEN_STATES
from signaling.errors import InvalidInput, NotFound
from signaling.flows.people.accounts import able_to_sign_in
from web.http.forms import form_errors, form_of
from web.http.request import administrator, show, viewer_of
from web.keys import DELETING, STORE
from web.markup.administration.account import AccountView, account_page, deletion_page
from web.pages.administration.people import person_rows
from web.routes import path
from web.view_models import Form


async def show_account(request: web.Request) -> web.Response:
    view = await _view(request)
    return show(account_page(await viewer_of(request), view))


async def show_deletion(request: web.Request) -> web.Response:
    return await _deletion(request, await _view(request), Form())


async def delete(request: web.Request) -> web.Response:
    """Delete the account of the address. Raises NotFound or Conflict."""
    actor, view = await administrator(request), await _view(request)
    form = await form_of(request)
    colleague = form.get("colleague", "")
    try:
        await request.app[DELETING].delete(view.person.account.id, colleague, actor=actor.id)
    except InvalidInput as error:
        errors = form_errors(error, await viewer_of(request))
        return await _deletion(request, view, Form({"colleague": colleague}, errors))
    raise web.HTTPSeeOther(path("admin_people"))


async def _view(request: web.Request) -> AccountView:
    """The account of the address. Raises NotFound."""
    actor = await administrator(request)
    read = request.app[STORE].read
    account = await read.accounts.get(request.match_info["account_id"])
    if account is None:
        raise NotFound
    [row] = await person_rows(read, [account])
    is_open = await read.consultations.ids_of(account.id, OPEN_STATES)
    return AccountView(row, account.id == actor.id, len(is_open))


async def _deletion(request: web.Request, view: AccountView, form: Form) -> web.Response:
    able = await able_to_sign_in(request.app[STORE].read)
    colleagues = [each for each in able if each.id != view.person.account.id]
    page = deletion_page(await viewer_of(request), form, view, colleagues)
    return show(page, 400 if form.errors else 200)
