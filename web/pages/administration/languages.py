"""The languages: how complete each is, and which are offered."""

from aiohttp import web

from storage.store import Records
from web.http.forms import form_of
from web.http.request import administrator, show, viewer_of
from web.keys import CATALOGS, CLOCK, PAGE_TEXTS, RUNTIME_SETTINGS, STORE
from web.markup.administration.languages import LanguageRow, languages_page
from web.routes import path
from web.settings.runtime_settings import LANGUAGES_OFF
from web.texts.catalogs import OWN_NAMES, SOURCE_LANGUAGE
from web.texts.page_texts import PAGES


async def show_languages(request: web.Request) -> web.Response:
    await administrator(request)
    app = request.app
    off, texts, catalogs = app[RUNTIME_SETTINGS].languages_off, app[PAGE_TEXTS], app[CATALOGS]
    rows = [
        LanguageRow(
            code,
            code not in off,
            code == SOURCE_LANGUAGE,
            catalogs.get(code).share,
            [page for page in PAGES if texts.own(page, code)],
        )
        for code in OWN_NAMES
    ]
    return show(languages_page(await viewer_of(request), rows))


async def save_languages(request: web.Request) -> web.Response:
    """Offer the chosen languages, and always English."""
    account = await administrator(request)
    app, typed = request.app, await form_of(request)
    off = [code for code in OWN_NAMES if code != SOURCE_LANGUAGE and not typed.get(code)]
    now, value = app[CLOCK].now(), " ".join(off)

    async def work(records: Records) -> None:
        if (await records.settings.get(LANGUAGES_OFF) or "") != value:
            await records.settings.put(LANGUAGES_OFF, value)
            await records.audit.append(now, account.id, "change_setting", f"languages_off:{value}")

    await app[STORE].write(work)
    await app[RUNTIME_SETTINGS].load(app[STORE])
    raise web.HTTPSeeOther(path("admin_languages"))
