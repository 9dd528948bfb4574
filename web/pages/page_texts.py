"""Terms and help, for everybody."""

import asyncio

from aiohttp import web

from web.http.request import asked_language, show, show_by_link, viewer_of
from web.keys import CATALOGS, PAGE_TEXTS
from web.markup.desk.guide import guide_section
from web.markup.guests.page_text import page_text_page
from web.texts.guide import guide_language
from web.texts.page_texts import Page


async def show_terms(request: web.Request) -> web.Response:
    return await _show(request, "terms")


async def show_help(request: web.Request) -> web.Response:
    return await _show(request, "help")


async def _show(request: web.Request, page: Page) -> web.Response:
    """The text in the language of the query, by which links name that of their page."""
    viewer = await viewer_of(request, request.query.get("language"))
    wanted = asked_language(request, viewer)
    # in a thread: an administrator's text may take a second to convert, the first time
    shown = await asyncio.to_thread(request.app[PAGE_TEXTS].shown, page, wanted, viewer.brand)
    staff_help = page == "help" and viewer.account_name is not None
    guide = guide_section(viewer, guide_language(request.app[CATALOGS], wanted))
    document = page_text_page(
        viewer, page, shown.html, wanted, shown.language, guide if staff_help else None
    )
    return show_by_link(document) if viewer.account_name is None else show(document)
