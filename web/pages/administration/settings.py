"""The settings: what holds, by what, and changing what may change while the server runs."""

from collections.abc import Callable

from aiohttp import BodyPartReader, web
from aiohttp.http import HttpProcessingError

from signaling.account import Account
from signaling.errors import N_, InvalidInput, NotFound
from signaling.text import one_line
from storage.store import Records
from web.config import SETTINGS
from web.environment import config_values
from web.http.forms import form_errors, form_of
from web.http.request import administrator, show, viewer_of
from web.keys import CLOCK, CONFIG, FILE_WORKERS, RUNTIME_SETTINGS, STORE
from web.markup.administration.settings import EnvironmentRow, SettingsView, settings_page
from web.pages.administration.session_rules import RULES
from web.routes import path
from web.settings.logo import MOST_BYTES, Logo, make_logo, too_large
from web.settings.palette import checked_color
from web.settings.runtime_settings import (
    BRAND,
    COLOR,
    ENVIRONMENT,
    LOGO,
    MEDIA_POLICY,
    REMINDER_MINUTES,
)
from web.view_models import Form

OPEN_WORDS = (BRAND, COLOR, REMINDER_MINUTES, LOGO)
"Settings whose value the audit log does not have."


async def show_settings(request: web.Request) -> web.Response:
    await administrator(request)
    return await _page(request, {}, {})


async def save_setting(request: web.Request) -> web.Response:
    """Change one setting, or go back to its default; a refusal keeps what was typed."""
    account = await administrator(request)
    name = request.match_info["setting"]
    if name not in CHECKS or request.app[RUNTIME_SETTINGS].origin(name) == "environment":
        raise NotFound
    form = await form_of(request)
    if form.get("reset"):
        return await _change(request, account, name, None)
    typed = form.get(name, "").strip()
    try:
        CHECKS[name](typed)
    except InvalidInput as error:
        return await _refuse(request, {name: typed}, error)
    return await _change(request, account, name, typed)


async def save_logo(request: web.Request) -> web.Response:
    """Change the logo or what it shows, or remove it; a refusal keeps what was typed."""
    account = await administrator(request)
    typed: dict[str, str] = {}
    try:
        logo = await _read_logo(request, typed)
    except InvalidInput as error:
        return await _refuse(request, typed, error)
    return await _change(request, account, LOGO, logo.written() if logo else None)


async def _change(
    request: web.Request, account: Account, name: str, value: str | None
) -> web.Response:
    """Store a value, or None for the default, and put it in force."""
    app, now = request.app, request.app[CLOCK].now()
    thing = name if value is None or name in OPEN_WORDS else f"{name}:{value}"

    async def work(records: Records) -> None:
        if value is None:
            await records.settings.remove(name)
        else:
            await records.settings.put(name, value)
        await records.audit.append(now, account.id, "change_setting", thing)

    await app[STORE].write(work)
    await app[RUNTIME_SETTINGS].load(app[STORE])
    raise web.HTTPSeeOther(path("admin_settings"))


async def _refuse(request: web.Request, typed: dict[str, str], error: InvalidInput) -> web.Response:
    viewer = await viewer_of(request)
    return await _page(request, typed, form_errors(error, viewer), 400)


def _check_brand(text: str) -> None:
    one_line(BRAND, text, required=True)


def _check_policy(text: str) -> None:
    try:
        config_values.media_policy(text)
    except ValueError:
        raise InvalidInput(MEDIA_POLICY, N_("Please choose one.")) from None


def _check_minutes(text: str) -> None:
    try:
        config_values.amounts(text)
    except ValueError:
        raise InvalidInput(
            REMINDER_MINUTES, N_("Please enter numbers, separated by commas: 1440, 10")
        ) from None


CHECKS: dict[str, Callable[[str], object]] = {
    BRAND: _check_brand,
    COLOR: checked_color,
    MEDIA_POLICY: _check_policy,
    REMINDER_MINUTES: _check_minutes,
}
"Setting of one field -> what raises InvalidInput for a text that cannot be its value."


async def _read_logo(request: web.Request, typed: dict[str, str]) -> Logo | None:
    """The logo of the only multipart form; None: none any more. Adds what was typed to `typed`.

    It is read as it comes, so that no more is held than one logo. Raises InvalidInput.
    """
    data, text, reset = b"", "", False
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                raise InvalidInput("form")
            content = await _content(part)
            if part.name == LOGO:
                data = content
            elif part.name == "logo_text":
                text = content.decode("utf-8", "replace")
            reset = reset or part.name == "reset"
    except (ValueError, AssertionError, HttpProcessingError):
        # not a multipart body, without its boundary, headers of a part that cannot be read
        raise InvalidInput("form") from None
    if reset:
        return None
    typed["logo_text"] = text
    known = request.app[RUNTIME_SETTINGS].logo
    if not data and known is not None:  # only the words are new
        data = known.data
    if not data:
        raise InvalidInput(LOGO, N_("Please choose a picture."))
    return await make_logo(request.app[FILE_WORKERS], data, text)


async def _content(part: BodyPartReader) -> bytes:
    """The bytes of a part. Raises InvalidInput for more than a logo may have."""
    content = b""
    while block := await part.read_chunk():
        content += block
        if len(content) > MOST_BYTES:
            raise too_large()
    return content


async def _page(
    request: web.Request, typed: dict[str, str], errors: dict[str, str], status: int = 200
) -> web.Response:
    app = request.app
    config, settings, stored = app[CONFIG], app[RUNTIME_SETTINGS], app[STORE].read.settings
    values = {
        BRAND: settings.brand,
        COLOR: settings.color,
        "logo_text": settings.logo.text if settings.logo else "",
        MEDIA_POLICY: settings.media_policy,
        REMINDER_MINUTES: ", ".join(f"{minutes:g}" for minutes in settings.reminder_minutes),
    }
    view = SettingsView(
        origins={name: settings.origin(name) for name in CHECKS},
        variables=ENVIRONMENT,
        rules={rule for rule in RULES if await stored.get(rule) == "on"},
        rows=[
            EnvironmentRow(
                each.name,
                each.meaning,
                "" if each.secret else config.given.get(each.name, each.default),
                "environment" if each.name in config.given else "default",
                each.secret,
            )
            for each in SETTINGS
        ],
        unknown=config.unknown,
    )
    return show(settings_page(await viewer_of(request), Form(values | typed, errors), view), status)
