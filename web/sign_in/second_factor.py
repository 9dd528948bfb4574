"""After a right password: whether a second factor is due before somebody is signed in."""

from aiohttp import web

from signaling.account import Account, SignInWay
from web.sign_in.known_browsers import Browser
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

    The arguments and the result are those of `start_web_session`.
    """
    return await start_web_session(
        request, browser, account, way=way, back_to=back_to, renewed=renewed
    )
