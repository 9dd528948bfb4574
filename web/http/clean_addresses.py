"""Repairs addresses that were copied from mails, chats and paper with some of their surroundings.

Programs that turn text into links include the full stop, bracket or quote that follows, and copying
includes invisible characters. None of our addresses ends in anything but letters, digits, `-` and
`_`, so one that does is redirected to the clean address. Tokens have a fixed length, which tells them
from what surrounds them and from what a mail program has inserted.

A token is only extracted here, never looked up, so that guesses are counted as everywhere else.
"""

import re
import unicodedata
from collections.abc import Awaitable, Callable
from urllib.parse import quote, unquote

from aiohttp import hdrs, web

from web.routes import PATHS

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

SHORT, LONG = 22, 43
"Characters of a token: 128 bits in personal links, 256 bits in one-time addresses."
_LENGTHS = {"setup": LONG, "choose_password": LONG}
TOKENS = {
    address.split("/")[1]: _LENGTHS.get(name, SHORT)
    for name, address in PATHS.items()
    if "{token}" in address
}
"First segment of an address -> length of the token that follows."

_NO_PAGES = ("static", "catalog", "webhooks")
"Addresses that only programs request."

_OWN = re.compile(r"[\w-]", re.ASCII)
_MARKS = re.compile(r"[^\w-]+$", re.ASCII)
_SOFT_BREAK = re.compile(r"=(?:\s|$)")
"A soft line break of quoted-printable (RFC 2045, 6.7) that a program left in."
_HYPHENS = {"\u2010": "-", "\u2011": "-"}
"What word processors write instead of the ASCII hyphen."


@web.middleware
async def clean_address(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Redirect GET and HEAD requests to the address that was meant."""
    if request.method in (hdrs.METH_GET, hdrs.METH_HEAD):
        meant = cleaned(request.rel_url.raw_path)
        if meant is not None:
            raise web.HTTPFound(
                meant, headers={hdrs.REFERRER_POLICY: "no-referrer", hdrs.CACHE_CONTROL: "no-store"}
            )
    return await handler(request)


def cleaned(raw_path: str) -> str | None:
    """The path that was meant; None if this path is clean.

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
        meant = _MARKS.sub("", "".join(filter(_is_visible, text)))
    # nothing that could be taken for another host
    if meant is None or not re.fullmatch(r"(/[\w-]+)+(\.ics)?", meant, re.ASCII):
        return None
    return None if meant == raw_path else quote(meant)


def _with_token(first: str, text: str, length: int) -> str | None:
    """The address whose token is in `text`; None without a token."""
    text = _SOFT_BREAK.sub("", text)
    token, rest = "", ""
    for place, character in enumerate(text):
        character = _HYPHENS.get(character, character)
        if _OWN.match(character):
            token += character
        elif not _is_visible(character):
            continue
        elif token:  # what precedes the token is skipped
            rest = text[place:]
            break
        if len(token) == length:
            rest = text[place + 1 :]
            break
    if len(token) != length or re.match(r"[^\W_]", rest, re.ASCII):
        return None
    return f"/{first}/{token}{_below(first, rest)}"


def _below(first: str, rest: str) -> str:
    """The known path below the token, such as `/test`, that `rest` begins with; or nothing."""
    rest = "".join(filter(_is_visible, rest)).lower()
    known = [
        address.partition("{token}")[2]
        for address in PATHS.values()
        if address.startswith(f"/{first}/{{token}}/")
    ]
    for tail in sorted(known, key=len, reverse=True):
        if re.match(re.escape(tail) + r"(?![\w-])", rest):
            return tail
    return ""


def _is_visible(character: str) -> bool:
    """Whether it can be part of an address: no space, control or zero-width character."""
    return unicodedata.category(character) not in ("Zs", "Zl", "Zp", "Cc", "Cf")
