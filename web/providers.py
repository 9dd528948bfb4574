"""Assembly of what reaches people outside: providers, routes, words, and the flows that use them."""

import random
from datetime import timedelta

from aiohttp import web

from signaling.delivery import Provider, open_providers
from signaling.delivery.outbox_folder import OutboxFolder
from signaling.delivery.settings import DeliverySettings
from signaling.errors import InvalidInput
from signaling.flows.invites.interpreting import Interpreting
from signaling.flows.invites.inviting import Inviting
from signaling.flows.notices.abandonment_mail import AbandonmentMail
from signaling.flows.notices.composing import Composing
from signaling.flows.notices.interpreter_mail import InterpreterMail
from signaling.flows.notices.receipts import Receipts
from signaling.flows.notices.reminding import Reminding
from signaling.flows.notices.sending import Sending
from signaling.flows.retention.abandoning import Abandoning
from signaling.flows.sessions.planning import Planning
from signaling.notices.notice import Channel
from signaling.notices.route import parse
from storage.store import Store
from web import keys
from web.config import Config, ConfigError
from web.notices.operator_texts import OperatorWords
from web.notices.renderer import Wording
from web.notices.routing import RoutedWays
from web.routes import public_address

ROUTES_SETTING = "routes"
"Name of the stored setting that holds the operator's routes, as they were typed."


def delivery_settings(config: Config) -> DeliverySettings:
    settings = DeliverySettings(
        data_dir=config.data_dir, mail_from=config.mail_from, smtp_url=config.smtp_url or ""
    )
    vonage = config.vonage
    if vonage is None:
        return settings
    return DeliverySettings(
        data_dir=config.data_dir,
        mail_from=config.mail_from,
        smtp_url=config.smtp_url or "",
        vonage_application_id=vonage.application_id,
        vonage_private_key=vonage.private_key,
        vonage_api_url=vonage.api_url,
        # the provider calls nobody but by TLS; without, its dashboard says where
        vonage_status_url=(
            public_address(config.public_url, "webhook_status") if config.secure else ""
        ),
        sms_from=vonage.sms_from,
        whatsapp_from=vonage.whatsapp_from,
    )


def open_delivery(config: Config) -> tuple[dict[Channel, Provider], OutboxFolder]:
    """The providers, to be closed at the end, and the folder that stands in for them.

    Raises ConfigError.
    """
    try:
        providers = open_providers(delivery_settings(config))
        return providers, OutboxFolder(config.data_dir / "outbox", config.mail_from)
    except InvalidInput as error:
        raise ConfigError(f"TELECONNECT_{error.field.upper()}: {error.sentence}") from None


async def load_words(app: web.Application) -> None:
    """Take the operator's routes, texts and templates from the store."""
    store: Store = app[keys.STORE]
    await app[keys.NOTICE_WORDS].load(store)
    try:
        app[keys.WAYS].replace(parse(await store.read.settings.get(ROUTES_SETTING) or ""))
    except InvalidInput:  # written by a version with other rules: everybody, until it is mended
        app[keys.WAYS].replace(())


async def add_delivery(app: web.Application, config: Config) -> list[Provider]:
    """Everything from routes to receipts; the providers are to be closed at the end.

    Raises ConfigError.
    """
    store, clock, rooms = app[keys.STORE], app[keys.CLOCK], app[keys.ROOMS]
    clockwork = app[keys.CLOCKWORK]
    providers, outbox = open_delivery(config)
    words = OperatorWords(app[keys.TEXTS])
    # the outbox folder needs nobody's approval
    speaks = (lambda: words.has_templates) if config.vonage else (lambda: True)
    ways = RoutedWays(providers.keys(), whatsapp_speaks=speaks)
    wording = Wording(config, app[keys.TEXTS], clock)
    composing = Composing(wording, words, ways, clock)
    before = [timedelta(minutes=minutes) for minutes in config.reminder_minutes]
    reminding = Reminding(composing, clock, before)
    inviting = Inviting(store, composing, reminding, clock)
    sending = Sending(
        store, dict(providers), outbox, clock, clockwork, random.random, rooms.changed
    )
    interpreting = Interpreting(
        store,
        rooms,
        inviting,
        InterpreterMail(composing, wording),
        clock,
        clockwork,
        app[keys.TIMEKEEPING],
        timedelta(hours=config.interpreter_timeout_hours),
    )
    app[keys.ABANDONING] = Abandoning(
        store,
        rooms,
        app[keys.RUNNING],
        AbandonmentMail(composing, wording),
        clock,
        clockwork,
        app[keys.TIMEKEEPING],
        timedelta(days=config.abandoned_days),
    )
    app[keys.OUTBOX] = outbox
    app[keys.NOTICE_WORDS] = words
    app[keys.WAYS] = ways
    app[keys.WORDING] = wording
    app[keys.COMPOSING] = composing
    app[keys.INVITING] = inviting
    app[keys.INTERPRETING] = interpreting
    app[keys.PLANNING] = Planning(store, rooms, inviting, composing, reminding, interpreting, clock)
    app[keys.SENDING] = sending
    app[keys.RECEIPTS] = Receipts(store, clock, rooms.changed)
    await load_words(app)
    return list(dict.fromkeys(providers.values()))
