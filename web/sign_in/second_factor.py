"""After a right password: whether a second factor is due before somebody is signed in."""

from dataclasses import replace

from aiohttp import web

from signaling.account import Account, SignInWay
from storage.store import Records
from web.keys import PASSWORDS, STORE
from web.routes import path
from web.sign_in.known_browsers import Browser, keeps_cookies
from web.sign_in.pending_step import begin_step
from web.sign_in.session_start import start_web_session


async def after_password(
    request: web.Request,
    browser: Browser,
    account: Account,
    *,
    way: SignInWay,
    back_to: str = "",
    renewed: str | None = None,
) -> web.HTTPSeeOther | None:
    """Go on after a right password or a password link. Returns the redirect.

    It leads to the second step where the account has a second factor. The arguments and the result
    are those of `start_web_session`.
    """
    store = request.app[STORE]
    if not await store.read.second_factors.any_of(account.id):
        return await start_web_session(
            request, browser, account, way=way, back_to=back_to, renewed=renewed
        )
    if renewed is not None:
        account = await _renew(request, account, renewed)
    if not await begin_step(request, account, way=way, back_to=back_to):
        return None
    # a browser that keeps no cookies arrives there without its web session, and is told so
    known = {} if keeps_cookies(request) else {"kept": "?"}
    return web.HTTPSeeOther(path("sign_in_code", known))


async def renew_hash(request: web.Request, account: Account, password: str) -> Account:
    """The account, with a new hash of its password, which is right, if the one it had is outdated."""
    if account.password_hash is None:
        return account
    renewed = await request.app[PASSWORDS].renewed(account.password_hash, password)
    return account if renewed is None else await _renew(request, account, renewed)


async def _renew(request: web.Request, account: Account, renewed: str) -> Account:
    """The account with the new hash, unless another password was chosen meanwhile."""

    async def work(records: Records) -> Account:
        stored = await records.accounts.get(account.id)
        if stored is None or stored.password_hash != account.password_hash:
            return account
        changed = replace(stored, password_hash=renewed)
        await records.accounts.change(changed)
        return changed

    return await request.app[STORE].write(work)
