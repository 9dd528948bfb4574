"""Providers that deliver notices, one file each; what is sent when, and why, is decided elsewhere.

A provider takes one `Outgoing` and returns one `Outcome`; it never raises for what a server, a
network or a recipient does. PROVIDERS names them; a library is imported only when its provider is
made, because some cost a second and 50 MB.
"""

from collections.abc import Callable, Mapping
from typing import Protocol, runtime_checkable

from signaling.delivery.settings import DeliverySettings
from signaling.notices.notice import Channel, Outcome, Outgoing


class Provider(Protocol):
    """Delivers notices over one channel, or several."""

    async def prepare(self) -> None:
        """Warm up (connect, sign in), so that a send starts promptly once it is recorded."""

    async def send(self, outgoing: Outgoing) -> Outcome:
        """Hand over one notice, once. Safe to call from many tasks."""

    async def close(self) -> None:
        """Finish what is under way, then close connections and threads."""


@runtime_checkable
class MailProvider(Protocol):
    """A provider that also carries mail, and so has a sender."""

    def write_from(self, mail_from: str) -> None:
        """Mail leaves with this sender from now on. Raises InvalidInput."""


def _outbox_folder(settings: DeliverySettings) -> Provider:
    from signaling.delivery.outbox_folder import OutboxFolder

    return OutboxFolder(settings.data_dir / "outbox", settings.mail_from)


def _smtp(settings: DeliverySettings) -> Provider:
    from signaling.delivery.smtp import Smtp
    from signaling.delivery.smtp_url import SmtpServer

    return Smtp(SmtpServer.from_url(settings.smtp_url), settings.mail_from)


def _vonage_sms(settings: DeliverySettings) -> Provider:
    from signaling.delivery.vonage_account import VonageAccount
    from signaling.delivery.vonage_sms import VonageSms

    return VonageSms(VonageAccount.from_settings(settings), settings.sms_from)


def _vonage_whatsapp(settings: DeliverySettings) -> Provider:
    from signaling.delivery.vonage_account import VonageAccount
    from signaling.delivery.vonage_whatsapp import VonageWhatsapp

    return VonageWhatsapp(VonageAccount.from_settings(settings), settings.whatsapp_from)


PROVIDERS: Mapping[str, Callable[[DeliverySettings], Provider]] = {
    "outbox_folder": _outbox_folder,
    "smtp": _smtp,
    "vonage_sms": _vonage_sms,
    "vonage_whatsapp": _vonage_whatsapp,
}
"name -> factory; a factory raises InvalidInput for settings that cannot work."


def provider_names(settings: DeliverySettings) -> dict[Channel, str]:
    """Which provider serves which channel under these settings.

    Without any account everything goes to the outbox folder, so that a first try of the program shows
    what would be sent. With one, a channel that is not configured is missing; but there is always one
    for mail, which also tells people about their accounts.
    """
    names: dict[Channel, str] = {"email": "smtp" if settings.smtp_url else "outbox_folder"}
    if not settings.vonage_application_id:
        if not settings.smtp_url:
            names |= {"sms": "outbox_folder", "whatsapp": "outbox_folder"}
        return names
    if settings.sms_from:
        names["sms"] = "vonage_sms"
    if settings.whatsapp_from:
        names["whatsapp"] = "vonage_whatsapp"
    return names


def kept_channels(settings: DeliverySettings) -> frozenset[Channel]:
    """The channels whose messages do not leave this server: they are files in the outbox folder."""
    names = provider_names(settings)
    return frozenset(channel for channel, name in names.items() if name == "outbox_folder")


def open_providers(settings: DeliverySettings) -> dict[Channel, Provider]:
    """One provider per channel; close each when the server stops. Raises InvalidInput."""
    made: dict[str, Provider] = {}
    providers: dict[Channel, Provider] = {}
    for channel, name in provider_names(settings).items():
        if name not in made:
            made[name] = PROVIDERS[name](settings)
        providers[channel] = made[name]
    return providers
