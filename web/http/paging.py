"""Numbered pages of a list, as a query asks for them."""

from collections.abc import Sequence
from math import ceil
from typing import Generic, NamedTuple, TypeVar

from aiohttp import web

Row = TypeVar("Row")


class Page(NamedTuple, Generic[Row]):
    rows: Sequence[Row]
    number: int
    "From 1."
    pages: int
    "How many there are; one at least."


def page_of(
    request: web.Request, rows: Sequence[Row], size: int, *, at: int | None = None
) -> Page[Row]:
    """The page that the query asks for, or the one with the row `at`."""
    pages = max(1, ceil(len(rows) / size))
    number = page_number(request, pages) if at is None else at // size + 1
    return Page(rows[(number - 1) * size : number * size], number, pages)


def page_number(request: web.Request, pages: int) -> int:
    """The page that the query asks for, from 1; the nearest one that exists."""
    asked = request.query.get("page", "1")
    known = asked.isascii() and asked.isdigit() and len(asked) < 9
    return min(max(int(asked), 1), pages) if known else 1
