"""What is wrong on the pages of Administration, a sentence for each page where something is."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from signaling.errors import InvalidInput
from signaling.notices.route import parse
from web.keys import (
    AUDIT_WATCH,
    CATALOGS,
    CONFIG,
    NOTICE_ROUTING,
    OPERATOR_TEXTS,
    PAGE_TEXTS,
    RELAY,
    STORE,
)
from web.notices.routing import ROUTES_SETTING
from web.texts.page_texts import Page
from web.view_models import Viewer

Concern = Callable[[web.Application, Viewer], Awaitable[str]]
"Says what is wrong, translated; empty if nothing is."


async def concerns(app: web.Application, viewer: Viewer) -> dict[str, str]:
    """Name of a page -> what is wrong there."""
    found = {name: await look(app, viewer) for name, look in CONCERNS.items()}
    return {name: sentence for name, sentence in found.items() if sentence}


async def _people(app: web.Application, viewer: Viewer) -> str:
    accounts = await app[STORE].read.accounts.all()
    count = sum(account.deletion_requested_at is not None for account in accounts)
    if not count:
        return ""
    return viewer.plural(
        "%(count)s person has asked to be deleted.",
        "%(count)s people have asked to be deleted.",
        count,
    ) % {"count": count}


async def _access_requests(app: web.Application, viewer: Viewer) -> str:
    _ = viewer.translate
    waiting = await app[STORE].read.access_requests.all()
    return _("Somebody waits to be let in.") if waiting else ""


async def _health(app: web.Application, viewer: Viewer) -> str:
    """Only what is known without looking: the page itself looks at everything."""
    _ = viewer.translate
    return {
        "unreached": _("The relay does not answer at the addresses that browsers are given."),
        "restarting": _("The relay is being started."),
    }.get(app[RELAY].state, "")


async def _interpreters(app: web.Application, viewer: Viewer) -> str:
    _ = viewer.translate
    organizations = await app[STORE].read.interpreters.organizations()
    if organizations and not any(each.active for each in organizations):
        return _("Every organization is off, so nobody can ask for an interpreter.")
    return ""


async def _routes(app: web.Application, viewer: Viewer) -> str:
    _ = viewer.translate
    try:
        parse(await app[STORE].read.settings.get(ROUTES_SETTING) or "")
    except InvalidInput:
        return _("The stored routes cannot be read, so the defaults are in force.")
    if not app[CONFIG].delivery.vonage_application_id:
        return _("No provider for SMS and WhatsApp is set up.")
    if not any(route.action == "allow" for route in app[NOTICE_ROUTING].routes):
        return _("No route allows any number.")
    return ""


async def _templates(app: web.Application, viewer: Viewer) -> str:
    _ = viewer.translate
    if app[CONFIG].delivery.whatsapp_from and not app[OPERATOR_TEXTS].has_templates:
        return _("WhatsApp is set up, and no template is approved: nothing is sent by it.")
    return ""


def _page_text(page: Page) -> Concern:
    async def look(app: web.Application, viewer: Viewer) -> str:
        missing = sum(
            app[PAGE_TEXTS].language_shown(page, code) != code for code, _ in viewer.languages
        )
        if not missing:
            return ""
        return viewer.plural(
            "In %(count)s language it is shown in English.",
            "In %(count)s languages it is shown in English.",
            missing,
        ) % {"count": missing}

    return look


async def _settings(app: web.Application, viewer: Viewer) -> str:
    _ = viewer.translate
    names = ", ".join(app[CONFIG].unknown)
    sentence = _("Most likely misspelled in the environment: %(names)s")
    return sentence % {"names": names} if names else ""


async def _languages(app: web.Application, viewer: Viewer) -> str:
    halves = sum(app[CATALOGS].get(code).share < 1 for code, _ in viewer.languages)
    if not halves:
        return ""
    return viewer.plural(
        "%(count)s language is not translated completely.",
        "%(count)s languages are not translated completely.",
        halves,
    ) % {"count": halves}


async def _audit(app: web.Application, viewer: Viewer) -> str:
    _ = viewer.translate
    finding = await app[AUDIT_WATCH].check()
    return "" if finding.holds else _("The audit log was changed by somebody.")


async def _outbox(app: web.Application, viewer: Viewer) -> str:
    _ = viewer.translate
    return "" if app[CONFIG].delivery.smtp_url else _("No mail server is set up: mails stay here.")


CONCERNS: dict[str, Concern] = {
    "admin_people": _people,
    "admin_access_requests": _access_requests,
    "admin_interpreters": _interpreters,
    "admin_routes": _routes,
    "admin_templates": _templates,
    "admin_terms": _page_text("terms"),
    "admin_help": _page_text("help"),
    "admin_settings": _settings,
    "admin_languages": _languages,
    "admin_audit": _audit,
    "admin_health": _health,
    "admin_outbox": _outbox,
}
"Entry of the first page -> how to find out what is wrong there."
