"""Resetting somebody's second factors, for a person who has lost them."""

from aiohttp import web

from signaling.flows.people.second_factors import reset_factors
from storage.store import Records
from web.http.request import administrator
from web.keys import ACCOUNT_MAIL, CLOCK, STORE
from web.routes import path


async def reset(request: web.Request) -> web.Response:
    """Remove them all, sign the person out everywhere and tell them by mail.

    Raises NotFound; Conflict for one's own.
    """
    actor, app = await administrator(request), request.app
    account_id, now = request.match_info["account_id"], app[CLOCK].now()

    async def work(records: Records) -> None:
        account = await reset_factors(records, account_id, now, actor=actor.id)
        await app[ACCOUNT_MAIL].queue(records, account, "factor_reset")

    await app[STORE].write(work)
    raise web.HTTPSeeOther(path("admin_person", account_id=account_id))
