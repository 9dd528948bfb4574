""" "Texts": the operator's own words for notices, with a preview of what people will get."""

from dataclasses import dataclass
from datetime import timedelta

from aiohttp import web

from signaling.delivery.segments import count
from signaling.errors import InvalidInput, NotFound
from signaling.flows.notices.composing import fill, marked_up, one_line
from signaling.notices.notice import Occasion
from signaling.notices.texts import NOTICE_TEXTS, PARTS, Part, checked_text, known_placeholders
from storage.store import Records
from web.http.errors import (
    sentence,
)
from web.http.forms import form_of
from web.http.request import (
    administrator,
    show,
    viewer_of,
)
from web.keys import CLOCK, COMPOSING, NOTICE_RENDERER, OPERATOR_TEXTS, STORE
from web.markup.administration.texts import TextView, text_page, texts_page
from web.notices.mail_html import body_of
from web.routes import path
from web.texts.catalogs import OWN_NAMES
from web.view_models import Form


@dataclass(frozen=True)
class _Place:
    occasion: Occasion
    language: str
    part: Part


def _place(request: web.Request) -> _Place:
    """Which text the address names. Raises NotFound."""
    wanted = request.match_info
    for occasion in NOTICE_TEXTS:
        for part in PARTS:
            if (occasion, part) == (wanted["occasion"], wanted["part"]):
                if wanted["language"] not in OWN_NAMES:
                    raise NotFound
                return _Place(occasion, wanted["language"], part)
    raise NotFound


async def show_texts(request: web.Request) -> web.Response:
    await administrator(request)
    viewer, words = await viewer_of(request), request.app[OPERATOR_TEXTS]
    language = request.query.get("language", viewer.language)
    if language not in OWN_NAMES:
        language = viewer.language
    own = [
        (occasion, part)
        for occasion in NOTICE_TEXTS
        for part in PARTS
        if words.own(occasion, language, part)
    ]
    return show(texts_page(viewer, language, own))


async def show_text(request: web.Request) -> web.Response:
    await administrator(request)
    place = _place(request)
    words = request.app[OPERATOR_TEXTS]
    form = Form({"text": words.own(place.occasion, place.language, place.part)})
    return await _page(request, place, form)


async def save_text(request: web.Request) -> web.Response:
    """Preview or save; a refusal keeps what was typed. An empty text goes back to the program's."""
    account = await administrator(request)
    place, typed = _place(request), await form_of(request)
    app, viewer = request.app, await viewer_of(request)
    text = typed.get("text", "")
    try:
        checked = checked_text(place.occasion, place.part, text)
        if place.part == "mail" and checked:
            app[NOTICE_RENDERER].html(
                checked, {}, place.language
            )  # a shape that would hold up the server
    except InvalidInput as error:
        form = Form({"text": text}, {"text": sentence(error, viewer.translate)})
        return await _page(request, place, form, 400)
    if typed.get("step") == "preview":
        return await _page(request, place, Form({"text": checked}))

    async def work(records: Records) -> None:
        await records.notice_texts.put_text(place.occasion, place.language, place.part, checked)
        name = f"{place.occasion} {place.language} {place.part}"
        await records.audit.append(app[CLOCK].now(), account.id, "change_text", name)

    await app[STORE].write(work)
    await app[OPERATOR_TEXTS].load(app[STORE])
    raise web.HTTPSeeOther(
        path("admin_text", occasion=place.occasion, language=place.language, part=place.part)
    )


async def _page(request: web.Request, place: _Place, form: Form, status: int = 200) -> web.Response:
    app, viewer = request.app, await viewer_of(request)
    words, wording = app[OPERATOR_TEXTS], app[NOTICE_RENDERER]
    original = words.original(place.occasion, place.language, place.part)
    text = form.values["text"] or original
    at = app[CLOCK].now() + timedelta(days=1)
    moment = wording.moment(at, viewer.time_zone, place.language)
    values = {
        "name": "Amina *A.* <b>",
        "scheduler": viewer.account_name or "",
        "link": wording.invite_address("x" * 22),
        "test_link": wording.test_address("x" * 22),
        "moment": moment,
        "note": wording.translate(place.language, "Note for the invitation"),
        "languages": ", ".join(list(OWN_NAMES.values())[:2]),
        "duration": "30",
        "until": moment,
    }
    rendered, plain, segments = "", "", 0
    if not form.errors:
        plain = fill(text.replace("**", ""), values)
        if place.part == "mail":
            labeled = app[COMPOSING].with_labels(text, place.occasion, place.language)
            rendered = body_of(fill(labeled, marked_up(values)))
        else:
            plain = one_line(text, values)
        if place.part == "short":
            plain = wording.short(text, values, at, viewer.time_zone, place.language)
            segments = count(plain).count
    view = TextView(
        place.occasion, place.language, place.part, original,
        known_placeholders(place.occasion), plain, rendered, segments,
    )  # fmt: skip
    return show(text_page(viewer, form, view), status)
