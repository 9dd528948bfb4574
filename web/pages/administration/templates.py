""" "WhatsApp templates": the approved texts, without which WhatsApp carries no first message."""

from aiohttp import web

from signaling.errors import InvalidInput, NotFound
from signaling.notices.notice import Occasion
from signaling.notices.texts import NOTICE_TEXTS, ApprovedTemplate, known_placeholders
from storage.store import Records
from web.http.forms import form_errors, form_of
from web.http.request import administrator, asked_language, show, viewer_of
from web.keys import CLOCK, OPERATOR_TEXTS, STORE
from web.markup.administration.templates import template_page, templates_page
from web.routes import path
from web.texts.catalogs import OWN_NAMES
from web.view_models import Form

FIELDS = ("name", "locale", "parameters")


def _place(request: web.Request) -> tuple[Occasion, str]:
    """The occasion and language of the address. Raises NotFound."""
    wanted = request.match_info
    for occasion in NOTICE_TEXTS:
        if occasion == wanted["occasion"] and wanted["language"] in OWN_NAMES:
            return occasion, wanted["language"]
    raise NotFound


async def show_templates(request: web.Request) -> web.Response:
    await administrator(request)
    viewer, words = await viewer_of(request), request.app[OPERATOR_TEXTS]
    language = asked_language(request, viewer)
    found = {occasion: words.template(occasion, language) for occasion in NOTICE_TEXTS}
    return show(templates_page(viewer, language, found))


async def show_template(request: web.Request) -> web.Response:
    await administrator(request)
    occasion, language = _place(request)
    template = request.app[OPERATOR_TEXTS].template(occasion, language)
    values = {"locale": language}
    if template is not None:
        values = {
            "name": template.name,
            "locale": template.locale,
            "parameters": " ".join(template.parameters),
        }
    viewer = await viewer_of(request)
    placeholders = known_placeholders(occasion)
    return show(template_page(viewer, Form(values), occasion, language, placeholders))


async def save_template(request: web.Request) -> web.Response:
    """Save a template; an empty name removes it."""
    account = await administrator(request)
    occasion, language = _place(request)
    app, viewer = request.app, await viewer_of(request)
    typed = await form_of(request)
    values = {field: typed.get(field, "").strip() for field in FIELDS}
    template = None
    try:
        if values["name"]:
            names = values["parameters"].replace("$", "").replace(",", " ").split()
            template = ApprovedTemplate(values["name"], values["locale"], tuple(names))
    except InvalidInput as error:
        form = Form(values, form_errors(error, viewer))
        page = template_page(viewer, form, occasion, language, known_placeholders(occasion))
        return show(page, 400)

    async def work(records: Records) -> None:
        await records.notice_texts.put_template(occasion, language, template)
        name = f"{occasion} {language}"
        await records.audit.append(app[CLOCK].now(), account.id, "change_template", name)

    await app[STORE].write(work)
    await app[OPERATOR_TEXTS].load(app[STORE])
    raise web.HTTPSeeOther(path("admin_templates", {"language": language}))
