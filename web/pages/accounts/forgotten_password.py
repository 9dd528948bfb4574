""" "Forgot your password?": the same answer for everybody, whether or not there is an account."""

from aiohttp import web

from signaling.errors import InvalidInput, TooManyRequests
from signaling.flows.people.accounts import checked_email
from web.http.client_address import client_network
from web.http.errors import retry_after
from web.http.forms import form_errors, form_of
from web.http.over_limit import check_limit
from web.http.request import show, viewer_of
from web.keys import FORGOTTEN_PASSWORDS, LIMITS, MAIL_REACH
from web.markup.accounts.forgotten_password import asked_page, forgotten_page
from web.view_models import Form


async def show_forgotten(request: web.Request) -> web.Response:
    viewer = await viewer_of(request)
    return show(forgotten_page(viewer, Form(), await request.app[MAIL_REACH].state()))


async def ask(request: web.Request) -> web.Response:
    """Promise a mail to whoever has an account; nothing that depends on it happens before."""
    app, viewer = request.app, await viewer_of(request)
    typed = (await form_of(request)).get("email", "")
    state = await app[MAIL_REACH].state()
    try:
        check_limit(request)
        email = checked_email(typed[:1024])
        await app[LIMITS].hit("forgotten_network", client_network(request))
        await app[LIMITS].hit("forgotten_address", email.casefold())
    except (InvalidInput, TooManyRequests) as error:
        page = forgotten_page(viewer, Form({"email": typed}, form_errors(error, viewer)), state)
        return show(page, error.status, retry_after(error))
    page = asked_page(viewer, email, state)
    app[FORGOTTEN_PASSWORDS].ask(email)
    return show(page)
