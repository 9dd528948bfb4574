"""Terms and help as administrators write them, in each language, with a preview."""

import asyncio
from dataclasses import replace

from aiohttp import web

from signaling.errors import InvalidInput, NotFound
from storage.store import Records
from web.http.errors import sentence
from web.http.forms import form_of
from web.http.request import administrator, show, viewer_of
from web.keys import CLOCK, PAGE_TEXTS, RUNTIME_SETTINGS, STORE
from web.markup.administration.page_text import PageTextView, Source, page_text_editor
from web.routes import path
from web.texts.catalogs import OWN_NAMES
from web.texts.page_texts import PAGES, Page, checked_page_text, version_of
from web.view_models import Form


async def show_editor(request: web.Request) -> web.Response:
    await administrator(request)
    page, language = _text_of(request)
    texts = request.app[PAGE_TEXTS]
    own = texts.own(page, language)
    return await _editor(
        request, Form({"text": own or texts.default(page, language)}), version_of(own)
    )


async def save_text(request: web.Request) -> web.Response:
    """Preview, save, or go back to the default; a refusal keeps what was typed.

    A text that somebody else has changed since the form was shown is not overwritten: the form comes
    back with both, and saving it again replaces theirs.
    """
    account = await administrator(request)
    page, language = _text_of(request)
    app, typed = request.app, await form_of(request)
    text, version, step = typed.get("text", ""), typed.get("version", ""), typed.get("step")
    texts = app[PAGE_TEXTS]
    try:
        checked = "" if step == "default" else checked_page_text(text)
        await asyncio.to_thread(texts.html, checked, app[RUNTIME_SETTINGS].brand)
    except InvalidInput as error:
        viewer = await viewer_of(request)
        refused = Form({"text": text}, {"text": sentence(error, viewer.translate)})
        return await _editor(request, refused, version, status=400)
    if step == "preview":
        return await _editor(request, Form({"text": checked}), version)
    if checked == texts.default(page, language):
        checked = ""

    async def work(records: Records) -> str | None:
        """The text that was stored in the meantime, if there is one."""
        stored = await records.page_texts.get(page, language)
        if version_of(stored) != version:
            return stored
        now = app[CLOCK].now()
        await records.page_texts.put(page, language, checked, now)
        await records.audit.append(now, account.id, "change_page_text", f"{page} {language}")
        return None

    theirs = await app[STORE].write(work)
    if theirs is not None:
        form = Form({"text": text})
        return await _editor(request, form, version_of(theirs), theirs=theirs, status=409)
    await texts.load(app[STORE])
    raise web.HTTPSeeOther(path("admin_page_text", page=page, language=language))


def _text_of(request: web.Request) -> tuple[Page, str]:
    """Page and language of the address. Raises NotFound."""
    wanted, language = request.match_info["page"], request.match_info["language"]
    for page in PAGES:
        if page == wanted and language in OWN_NAMES:
            return page, language
    raise NotFound


async def _editor(
    request: web.Request, form: Form, version: str, *, theirs: str | None = None, status: int = 200
) -> web.Response:
    app, viewer = request.app, await viewer_of(request)
    texts, (page, language) = app[PAGE_TEXTS], _text_of(request)

    def source(code: str) -> Source:
        if texts.own(page, code):
            return "own"
        return "default" if texts.is_translated(page, code) else "elsewhere"

    view = PageTextView(
        page, language, [(code, source(code)) for code, _ in viewer.languages], version, "", theirs
    )
    if not form.errors:
        try:
            html = await asyncio.to_thread(texts.html, form.values["text"], viewer.brand)
        except InvalidInput as error:
            # stored when the name of the service was shorter, or not checked
            form = replace(form, errors={"text": sentence(error, viewer.translate)})
        else:
            view = replace(view, preview=html)
    return show(page_text_editor(viewer, form, view), status)
