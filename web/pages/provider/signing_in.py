"""To the provider of sign-in and back."""

from aiohttp import web

from signaling.flows.people.admitting import Admitted, Here, PasswordDue, Waiting, admit
from signaling.identity import Claims, SignInRefused
from storage.store import Records
from web.http.client_address import client_network
from web.http.request import account_of, show, time_zone_of, viewer_of
from web.keys import ACCOUNT_MAIL, CATALOGS, CLOCK, CONFIG, LIMITS, STORE
from web.markup.accounts.provider import waiting_page
from web.pages.provider.configured import provider_of
from web.pages.provider.linking import ask_for_password, sign_in
from web.pages.provider.refusing import refuse
from web.routes import path, public_address
from web.sign_in.known_browsers import browser_of
from web.sign_in.oidc.provider import Answer, Pending
from web.sign_in.pending_answers import begin, take
from web.sign_in.return_address import checked
from web.zones.names import todays_name


async def start(request: web.Request) -> web.Response:
    """Send the browser to the provider."""
    provider = provider_of(request)
    await request.app[LIMITS].hit("provider", client_network(request))
    back_to = checked(request.query.get("next", ""))
    beside = back_to == path("signed_in")  # signs in again before the time is over
    again = "again" in request.query  # shows once more who it is
    if await account_of(request) is not None and not (beside or again):
        raise web.HTTPSeeOther(back_to or path("dashboard"))
    try:
        await provider.metadata()
        state, pending = await begin(request, back_to, again=again)
        viewer = await viewer_of(request)
        address = await provider.sign_in_address(state, pending, viewer.language)
    except SignInRefused as error:
        return await refuse(request, error)
    raise web.HTTPSeeOther(address)


async def receive_answer(request: web.Request) -> web.Response:
    """Take the provider's answer, which the browser brings: sign in, or say why not."""
    provider, query = provider_of(request), request.query
    await request.app[LIMITS].hit("provider", client_network(request))
    try:
        if len(set(query)) != len(query):
            raise SignInRefused("the answer says something twice")
        pending = await take(request, query.get("state", ""))
        code = await provider.check_answer(query)
        answer = await provider.redeem(code, pending)
        return await _let_in(request, answer, pending)
    except SignInRefused as error:
        return await refuse(request, error)


async def _let_in(request: web.Request, answer: Answer, pending: Pending) -> web.Response:
    """Sign in, ask for the password once, or pass the request on. Raises SignInRefused."""
    app, admission = request.app, provider_of(request).settings.admission
    here = await _here(request, answer.person.claims)
    requests = public_address(app[CONFIG].public_url, "admin_access_requests")

    async def work(records: Records) -> Admitted | PasswordDue | Waiting:
        found = await admit(records, admission, answer.person, here, app[CLOCK].now())
        if isinstance(found, Waiting) and found.new:
            await app[ACCOUNT_MAIL].queue_to_administrators(
                records, "access_requested", link=requests, person=answer.person.name
            )
        return found

    outcome = await app[STORE].write(work)
    if isinstance(outcome, Admitted):
        raise await sign_in(
            request, await browser_of(request), outcome.account, answer, pending.back_to
        )
    if isinstance(outcome, PasswordDue):
        raise await ask_for_password(request, outcome.account, answer, pending.back_to)
    return show(waiting_page(await viewer_of(request)))


async def _here(request: web.Request, claims: Claims) -> Here:
    """Language and zone of a new account: the provider's, where they are offered, else the browser's."""
    viewer, locale, zone = await viewer_of(request), claims.get("locale"), claims.get("zoneinfo")
    code = str(locale).replace("_", "-").partition("-")[0].lower()
    language = code if code in request.app[CATALOGS].languages else viewer.language
    named = todays_name(zone) if isinstance(zone, str) else None
    return Here(language, named or time_zone_of(request))
