""" "Texts": the operator's own texts of notices, with a preview."""

from dataclasses import dataclass
from datetime import timedelta

from aiohttp import web

from signaling.delivery.sms_segments import count
from signaling.errors import InvalidInput, NotFound
from signaling.flows.notices.composing import fill, marked_up, one_line
from signaling.notices.notice import Occasion
from signaling.notices.texts import NOTICE_TEXTS, PARTS, Part, checked_text, known_placeholders
from storage.store import Records
from web.http.errors import sentence
from web.http.forms import form_of
from web.http.request import administrator, asked_language, show, viewer_of
from web.keys import CLOCK, COMPOSING, NOTICE_RENDERER, OPERATOR_TEXTS, STORE
from web.markup.administration.texts import TextView, text_page, texts_page
from web.notices.mail_html import body_of
from web.routes import path
from web.texts.catalogs import OWN_NAMES
from web.view_models import Form


@dataclass(frozen=True)
class _TextId:
    occasion: Occasion
    language: str
    part: Part


def _text_id(request: web.Request) -> _TextId:
    """The text of the address. Raises NotFound."""
    wanted = request.match_info
    for occasion in NOTICE_TEXTS:
        for part in PARTS:
            if (occasion, part) == (wanted["occasion"], wanted["part"]):
                if wanted["language"] not in OWN_NAMES:
                    raise NotFound
                return _TextId(occasion, wanted["language"], part)
    raise NotFound


async def show_texts(request: web.Request) -> web.Response:
    await administrator(request)
    viewer, words = await viewer_of(request), request.app[OPERATOR_TEXTS]
    language = asked_language(request, viewer)
    own = [
        (occasion, part)
        for occasion in NOTICE_TEXTS
        for part in PARTS
        if words.own(occasion, language, part)
    ]
    return show(texts_page(viewer, language, own))


async def show_text(request: web.Request) -> web.Response:
    await administrator(request)
    text_id = _text_id(request)
    words = request.app[OPERATOR_TEXTS]
    text = words.text(text_id.occasion, text_id.language, text_id.part)
    form = Form({"text": text})
    return await _page(request, text_id, form)


async def save_text(request: web.Request) -> web.Response:
    """Preview or save; a refusal keeps what was typed.

    An empty text, and the default as it is, are the default.
    """
    account = await administrator(request)
    text_id, typed = _text_id(request), await form_of(request)
    app, viewer = request.app, await viewer_of(request)
    words = app[OPERATOR_TEXTS]
    text = "" if typed.get("step") == "default" else typed.get("text", "")
    try:
        checked = checked_text(text_id.occasion, text_id.part, text)
        if text_id.part == "mail" and checked:
            # refuses a text that takes too long to convert
            app[NOTICE_RENDERER].html(checked, {}, text_id.language)
    except InvalidInput as error:
        form = Form({"text": text}, {"text": sentence(error, viewer.translate)})
        return await _page(request, text_id, form, 400)
    if typed.get("step") == "preview":
        return await _page(request, text_id, Form({"text": checked}))

    original = words.original(text_id.occasion, text_id.language, text_id.part)
    if checked == original.strip():
        checked = ""

    async def work(records: Records) -> None:
        await records.notice_texts.put_text(
            text_id.occasion, text_id.language, text_id.part, checked
        )
        name = f"{text_id.occasion} {text_id.language} {text_id.part}"
        await records.audit.append(app[CLOCK].now(), account.id, "change_text", name)

    await app[STORE].write(work)
    await app[OPERATOR_TEXTS].load(app[STORE])
    raise web.HTTPSeeOther(
        path(
            "admin_text",
            occasion=text_id.occasion,
            language=text_id.language,
            part=text_id.part,
        )
    )


async def _page(
    request: web.Request, text_id: _TextId, form: Form, status: int = 200
) -> web.Response:
    app, viewer = request.app, await viewer_of(request)
    words, wording = app[OPERATOR_TEXTS], app[NOTICE_RENDERER]
    original = words.original(text_id.occasion, text_id.language, text_id.part)
    text = form.values["text"] or original
    at = app[CLOCK].now() + timedelta(days=1)
    moment = wording.moment(at, viewer.time_zone, text_id.language)
    values = {
        "name": "Amina Diallo",
        "scheduler": viewer.account_name or "",
        "link": wording.invite_address("x" * 22),
        "test_link": wording.test_address("x" * 22),
        "moment": moment,
        "note": app[COMPOSING].note(
            wording.translate(text_id.language, "Note for the invitation"),
            viewer.account_name or "",
            text_id.language,
        ),
        "languages": ", ".join(
            wording.language_name(code, text_id.language) for code in ("en", "ar")
        ),
        "duration": "30",
        "until": moment,
    }
    rendered, plain, segments = "", "", 0
    if not form.errors:
        plain = fill(text.replace("**", ""), values)
        if text_id.part == "mail":
            labeled = app[COMPOSING].with_labels(text, text_id.occasion, text_id.language)
            rendered = body_of(fill(labeled, marked_up(values)))
        else:
            plain = one_line(text, values)
        if text_id.part == "short":
            plain = wording.short(text, values, at, viewer.time_zone, text_id.language)
            segments = count(plain).count
    view = TextView(
        text_id.occasion, text_id.language, text_id.part, original,
        bool(words.own(text_id.occasion, text_id.language, text_id.part)),
        known_placeholders(text_id.occasion), plain, rendered, segments,
    )  # fmt: skip
    return show(text_page(viewer, form, view), status)
