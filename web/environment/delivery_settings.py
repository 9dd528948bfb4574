"""Settings of what delivers notices: the mail server, and the provider of SMS and WhatsApp."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from yarl import URL

from signaling.delivery.settings import DeliverySettings
from web.environment import config_values as read
from web.environment.config_values import ConfigError, Setting

DELIVERY_SETTINGS = (
    Setting(
        "TELECONNECT_SMTP_URL",
        "",
        "Mail server, as smtp://user:password@host:587 or smtps://...; empty: notices are"
        " written to the folder outbox in the data folder.",
        secret=True,
    ),
    Setting("TELECONNECT_MAIL_FROM", "", "Sender of mail; empty: TeleConnect at the public host."),
    Setting(
        "TELECONNECT_VONAGE_APPLICATION_ID",
        "",
        "Application at Vonage for SMS and WhatsApp; empty: there are none, or without a mail server"
        " they are written to the outbox.",
    ),
    Setting(
        "TELECONNECT_VONAGE_PRIVATE_KEY",
        "",
        "The application's private key: its text (BEGIN PRIVATE KEY ...) or the path of its file.",
        secret=True,
    ),
    Setting(
        "TELECONNECT_VONAGE_SIGNATURE_SECRET",
        "",
        "Signature secret of the account; without it no receipt and no answer is believed.",
        secret=True,
    ),
    Setting("TELECONNECT_VONAGE_SMS_FROM", "", "Sender name or number of SMS; empty: no SMS."),
    Setting("TELECONNECT_VONAGE_WHATSAPP_FROM", "", "WhatsApp number; empty: no WhatsApp."),
    Setting(
        "TELECONNECT_VONAGE_API_URL", "https://api.nexmo.com", "Address of the provider's API."
    ),
)


def read_delivery(
    values: Mapping[str, str],
    given: Callable[[str, Callable[[str], Any]], Any],
    data_dir: Path,
    brand: str,
    public_url: URL,
    status_url: str,
) -> DeliverySettings:
    """What the providers of notices need; `status_url` is where receipts come in. Raises ConfigError."""
    settings = DeliverySettings(
        data_dir=data_dir,
        smtp_url=given("TELECONNECT_SMTP_URL", read.mail_server) or "",
        mail_from=given("TELECONNECT_MAIL_FROM", read.sender)
        or read.default_sender(brand, public_url.raw_host or ""),
    )
    if not values["TELECONNECT_VONAGE_APPLICATION_ID"]:
        for name in ("PRIVATE_KEY", "SMS_FROM", "WHATSAPP_FROM"):
            if values[f"TELECONNECT_VONAGE_{name}"]:
                raise ConfigError(
                    f"TELECONNECT_VONAGE_{name} is set, and TELECONNECT_VONAGE_APPLICATION_ID not."
                )
        return settings
    if not values["TELECONNECT_VONAGE_PRIVATE_KEY"]:
        raise ConfigError("TELECONNECT_VONAGE_PRIVATE_KEY is missing.")
    settings = replace(
        settings,
        vonage_application_id=given("TELECONNECT_VONAGE_APPLICATION_ID", read.application_id),
        vonage_private_key=given("TELECONNECT_VONAGE_PRIVATE_KEY", read.private_key),
        sms_from=given("TELECONNECT_VONAGE_SMS_FROM", read.sms_sender) or "",
        whatsapp_from=given("TELECONNECT_VONAGE_WHATSAPP_FROM", read.whatsapp_number) or "",
        vonage_api_url=given("TELECONNECT_VONAGE_API_URL", read.api_url),
        # the provider posts receipts by TLS only; without it, its dashboard says where
        vonage_status_url=status_url if public_url.scheme == "https" else "",
    )
    if not settings.sms_from and not settings.whatsapp_from:
        raise ConfigError(
            "TELECONNECT_VONAGE_SMS_FROM or TELECONNECT_VONAGE_WHATSAPP_FROM must say who sends."
        )
    return settings
