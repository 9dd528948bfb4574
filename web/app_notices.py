"""Assembly of notices: providers, routing, texts, and the flows that write and send them."""

import random
from collections.abc import Collection
from datetime import timedelta

from aiohttp import web

from signaling.delivery import MailProvider, Provider, kept_channels, open_providers
from signaling.delivery.outbox_folder import OutboxFolder
from signaling.delivery.smtp import Smtp
from signaling.errors import InvalidInput
from signaling.flows.invites.interpreting import Interpreting
from signaling.flows.invites.inviting import Inviting
from signaling.flows.notices.abandonment_mail import AbandonmentMail
from signaling.flows.notices.composing import Composing
from signaling.flows.notices.interpreter_mail import InterpreterMail
from signaling.flows.notices.news import News
from signaling.flows.notices.provider_state import HandOvers
from signaling.flows.notices.receipts import Receipts
from signaling.flows.notices.reminding import Reminding
from signaling.flows.notices.sending import Sending
from signaling.flows.people.account_mail import AccountMail
from signaling.flows.people.account_mail_sending import AccountMailSending
from signaling.flows.people.deleting import Deleting
from signaling.flows.people.handing_over import HandingOver
from signaling.flows.people.password_links import AccountInvitations, ForgottenPasswords
from signaling.flows.people.sharing import Sharing
from signaling.flows.people.teams import Teams
from signaling.flows.retention.abandoning import Abandoning
from signaling.flows.sessions.planning import Planning
from signaling.notices.notice import Channel
from storage.data_folder import OUTBOX
from web import keys
from web.access.mail_reach import MailReach
from web.config import PROVIDER_SETTINGS, Config, ConfigError
from web.hosts.duty import DUTY_TIMERS
from web.notices.operator_texts import OperatorTexts
from web.notices.renderer import NoticeRenderer
from web.notices.routing import NoticeRouting
from web.settings.runtime_settings import RuntimeSettings


def _open_providers(config: Config) -> tuple[dict[Channel, Provider], OutboxFolder]:
    """The providers, to be closed at the end, and the outbox folder in place of missing ones.

    Raises ConfigError.
    """
    try:
        providers = open_providers(config.delivery)
        return providers, OutboxFolder(config.data_dir / OUTBOX, config.delivery.mail_from)
    except InvalidInput as error:
        raise ConfigError(f"TELECONNECT_{error.field.upper()}: {error.sentence}") from None


def _abandoning(app: web.Application, config: Config, mail: AbandonmentMail) -> Abandoning:
    return Abandoning(
        app[keys.STORE],
        app[keys.ROOMS],
        app[keys.RUNNING],
        mail,
        app[keys.CLOCK],
        app[DUTY_TIMERS],
        app[keys.TIMEKEEPING],
        timedelta(days=config.abandoned_days),
    )


def _add_account_mail(
    app: web.Application, renderer: NoticeRenderer, mail: Provider, outbox: OutboxFolder
) -> None:
    store, clock, clockwork = app[keys.STORE], app[keys.CLOCK], app[keys.CLOCKWORK]
    app[keys.ACCOUNT_MAIL] = account_mail = AccountMail(renderer, clock)
    app[keys.ACCOUNT_INVITATIONS] = AccountInvitations(renderer, account_mail, clock)
    app[keys.FORGOTTEN_PASSWORDS] = ForgottenPasswords(
        store, renderer, account_mail, clock, clockwork
    )
    app[keys.ACCOUNT_MAIL_SENDING] = sending = AccountMailSending(
        store,
        mail,
        outbox,
        clock,
        clockwork,
        random.random,
        app[keys.EMPTYING].empty,
        writes_files=isinstance(mail, OutboxFolder),
    )
    store.hooks.account_mail_due = sending.wake
    reaches = mail.reaches if isinstance(mail, Smtp) else None
    app[keys.MAIL_REACH] = MailReach(reaches, app[keys.WAITS])


def _follow_the_brand(settings: RuntimeSettings, providers: Collection[Provider]) -> None:
    """Let the sender of mails have the name of the service, now and whenever it changes."""

    def follow() -> None:
        for provider in providers:
            if isinstance(provider, MailProvider):
                provider.write_from(settings.mail_from)

    settings.on_change.append(follow)
    follow()


def _add_colleagues(
    app: web.Application, composing: Composing, reminding: Reminding, renderer: NoticeRenderer
) -> None:
    """Add what passes sessions from one account to another."""
    store, clock, rooms = app[keys.STORE], app[keys.CLOCK], app[keys.ROOMS]
    calling, news = app[keys.CALLING], app[keys.NEWS]
    handing_over = HandingOver(store, rooms, calling, composing, reminding, news, clock)
    app[keys.DELETING] = Deleting(
        store, handing_over, clock, app[keys.ACCOUNT_MAIL_SENDING].forget, rooms.load_teams
    )
    mail = app[keys.ACCOUNT_MAIL]
    app[keys.SHARING] = Sharing(store, rooms, handing_over, mail, renderer, clock)
    app[keys.TEAMS] = Teams(store, clock, rooms.load_teams)


async def add_notices(app: web.Application, config: Config) -> list[Provider]:
    """Add everything from routing to receipts. Returns the providers, to be closed at the end.

    Raises ConfigError.
    """
    store, clock, rooms = app[keys.STORE], app[keys.CLOCK], app[keys.ROOMS]
    settings, clockwork = app[keys.RUNTIME_SETTINGS], app[keys.CLOCKWORK]
    providers, outbox = _open_providers(config)
    texts = OperatorTexts(app[keys.CATALOGS])
    # the outbox folder needs no approved templates
    whatsapp_speaks = (
        (lambda: texts.has_templates) if config.delivery.vonage_application_id else (lambda: True)
    )
    routing = NoticeRouting(providers.keys(), whatsapp_speaks, kept_channels(config.delivery))
    renderer = NoticeRenderer(config, settings, app[keys.CATALOGS], clock)
    composing = Composing(renderer, texts, routing, clock)
    reminding = Reminding(composing, clock, lambda: settings.reminders)
    inviting = Inviting(store, composing, reminding, clock)
    hand_overs = HandOvers(PROVIDER_SETTINGS)
    sending = Sending(
        store, dict(providers), outbox, clock, clockwork, random.random, rooms.changed, hand_overs
    )
    interpreting = Interpreting(
        store,
        rooms,
        inviting,
        InterpreterMail(composing, renderer),
        clock,
        app[DUTY_TIMERS],
        app[keys.TIMEKEEPING],
        timedelta(hours=config.interpreter_timeout_hours),
    )
    app[keys.ABANDONING] = _abandoning(app, config, AbandonmentMail(composing, renderer))
    _add_account_mail(app, renderer, providers["email"], outbox)
    _follow_the_brand(settings, {outbox, *providers.values()})
    app[keys.OUTBOX] = outbox
    app[keys.OPERATOR_TEXTS] = texts
    app[keys.NOTICE_ROUTING] = routing
    app[keys.NOTICE_RENDERER] = renderer
    app[keys.COMPOSING] = composing
    app[keys.NEWS] = News(store, composing, clock)
    app[keys.INVITING] = inviting
    app[keys.INTERPRETING] = interpreting
    app[keys.PLANNING] = Planning(store, rooms, inviting, composing, reminding, interpreting, clock)
    _add_colleagues(app, composing, reminding, renderer)
    app[keys.SENDING] = sending
    app[keys.RECEIPTS] = Receipts(store, clock, rooms.changed)
    await texts.load(store)
    await routing.load(store)
    return list(dict.fromkeys(providers.values()))
