"""Where a sign-in leads back to: a page of this server, never another one (CWE-601)."""

from urllib.parse import urlsplit

from web.routes import path

LONGEST = 2000
"Characters; more than any address that a page links to."
NO_WAY_BACK = frozenset({path("sign_in"), path("sign_out")})
"From these somebody who is signed in is sent on, or out."


def checked(text: str) -> str:
    """The path and query that `text` names on this server; empty if it leads elsewhere.

    Browsers read `//host` and `/\\host` as another host, and skip tabs and line breaks within an
    address (WHATWG URL, "basic URL parser"): anything that is not plain ASCII is refused.

    >>> checked("/history?page=2")
    '/history?page=2'
    >>> checked("//elsewhere.example")
    ''
    """
    plain = text.isascii() and text.isprintable() and " " not in text and "\\" not in text
    if not plain or len(text) > LONGEST or not text.startswith("/") or text.startswith("//"):
        return ""
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    if parts.scheme or parts.netloc or parts.path in NO_WAY_BACK:
        return ""
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
