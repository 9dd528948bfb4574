"""Addresses as they come back from mails, chats and paper: with what stood around them.

Programs that turn text into links take along the full stop, the bracket or the quote behind one,
and copying takes along what cannot be seen. None of our addresses ends in anything but letters,
digits, `-` and `_`, so what does is led to the clean address. Tokens have a length: what stands
before and behind one, and what a mail program has put into it, can be told from it.

A token is only cut out, never looked up here: whoever guesses is counted as before.
"""

import re
import unicodedata
from collections.abc import Awaitable, Callable
from urllib.parse import quote, unquote

from aiohttp import hdrs, web

from web.routes import PATHS

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

SHORT, LONG = 22, 43
"Characters of tokens: of 128 bits as in personal links, and of 256 bits as in one-time addresses."
_LENGTHS = {"setup": LONG, "choose_password": LONG}
TOKENS = {
    address.split("/")[1]: _LENGTHS.get(name, SHORT)
    for name, address in PATHS.items()
    if "{token}" in address
}
"First part of an address -> the length of the token that follows."

_NO_PAGES = ("static", "catalog", "webhooks")
"What programs ask for, which do not copy addresses."

_OWN = re.compile(r"[\w-]", re.ASCII)
_MARKS = re.compile(r"[^\w-]+$", re.ASCII)
_SOFT_BREAK = re.compile(r"=(?:\s|$)")
"Of quoted-printable (RFC 2045, 6.7), which some program has not joined again."
_HYPHENS = {"\u2010": "-", "\u2011": "-"}
"What word processors write in place of the one of ASCII."


@web.middleware
async def clean_address(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Lead whoever only looks to the address that was meant."""
    if request.method in (hdrs.METH_GET, hdrs.METH_HEAD):
        meant = cleaned(request.rel_url.raw_path)
        if meant is not None:
            raise web.HTTPFound(
                meant, headers={hdrs.REFERRER_POLICY: "no-referrer", hdrs.CACHE_CONTROL: "no-store"}
            )
    return await handler(request)


def cleaned(raw_path: str) -> str | None:
    """The path that was meant; None if it is this one.

    >>> cleaned("/i/Yfj_HUbKtlSuYUTPTUN4Qg%29.")
    '/i/Yfj_HUbKtlSuYUTPTUN4Qg'
    """
    text = unquote(unquote(raw_path))
    found = re.match(r"[\s/]*(\w+)/(.*)", text, re.DOTALL)
    if found and found[1] in _NO_PAGES:
        return None
    if found and (length := TOKENS.get(found[1].lower())):
        meant = _with_token(found[1].lower(), found[2], length)
    else:
        meant = _MARKS.sub("", "".join(filter(_is_seen, text)))
    # nothing that could be read as the name of another server
    if meant is None or not re.fullmatch(r"(/[\w-]+)+(\.ics)?", meant, re.ASCII):
        return None
    return None if meant == raw_path else quote(meant)


def _with_token(first: str, text: str, length: int) -> str | None:
    """The address whose token is in `text`; None if there is none."""
    text = _SOFT_BREAK.sub("", text)
    token, rest = "", ""
    for place, each in enumerate(text):
        each = _HYPHENS.get(each, each)
        if _OWN.match(each):
            token += each
        elif not _is_seen(each):
            continue
        elif token:  # what stands before it is passed over
            rest = text[place:]
            break
        if len(token) == length:
            rest = text[place + 1 :]
            break
    if len(token) != length or re.match(r"[^\W_]", rest, re.ASCII):
        return None
    return f"/{first}/{token}{_below(first, rest)}"


def _below(first: str, rest: str) -> str:
    """What of `rest` leads below the token: `/test` and the like, whatever stands behind it."""
    rest = "".join(filter(_is_seen, rest)).lower()
    known = [
        address.partition("{token}")[2]
        for address in PATHS.values()
        if address.startswith(f"/{first}/{{token}}/")
    ]
    for tail in sorted(known, key=len, reverse=True):
        if re.match(re.escape(tail) + r"(?![\w-])", rest):
            return tail
    return ""


def _is_seen(character: str) -> bool:
    """Whether it takes part in an address: no space, no control, nothing of no width."""
    return unicodedata.category(character) not in ("Zs", "Zl", "Zp", "Cc", "Cf")
