"""Numbered pages of a list, as a query asks for them."""

from aiohttp import web


def page_number(request: web.Request, pages: int) -> int:
    """The page that the query asks for, from 1; the nearest one that exists."""
    asked = request.query.get("page", "1")
    known = asked.isascii() and asked.isdigit() and len(asked) < 9
    return min(max(int(asked), 1), pages) if known else 1
