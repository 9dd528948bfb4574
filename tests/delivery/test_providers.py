"""Providers are chosen by name, and the costly ones are loaded only when needed."""

import subprocess
import sys
from pathlib import Path

import pytest

from signaling.delivery import PROVIDERS, kept_channels, open_providers, provider_names
from signaling.delivery.outbox_folder import OutboxFolder
from signaling.delivery.settings import DeliverySettings
from signaling.delivery.smtp import Smtp
from signaling.delivery.vonage_sms import VonageSms
from signaling.delivery.vonage_whatsapp import VonageWhatsapp
from signaling.errors import InvalidInput

BARE = DeliverySettings(Path("data"), "noreply@clinic.example")
KEY = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
FULL = DeliverySettings(
    Path("data"),
    "noreply@clinic.example",
    smtp_url="smtp://u:secret@mail.example",
    vonage_application_id="application",
    vonage_private_key=KEY,
    sms_from="Clinic",
    whatsapp_from="+41790000000",
)


def test_without_accounts_everything_goes_to_the_outbox_folder() -> None:
    assert set(provider_names(BARE).values()) == {"outbox_folder"}


def test_a_mail_server_alone_offers_no_phone_messages() -> None:
    settings = DeliverySettings(Path("data"), "a@b.example", smtp_url="smtp://mail.example")
    assert provider_names(settings) == {"email": "smtp"}
    assert kept_channels(settings) == frozenset()
    assert kept_channels(BARE) == {"email", "sms", "whatsapp"}


def test_a_configured_account_serves_its_channels_only() -> None:
    settings = DeliverySettings(
        Path("data"), "a@b.example", vonage_application_id="x", sms_from="Clinic"
    )
    assert provider_names(settings) == {"email": "outbox_folder", "sms": "vonage_sms"}
    assert set(provider_names(FULL).values()) == set(PROVIDERS) - {"outbox_folder"}


async def test_each_channel_gets_its_provider() -> None:
    providers = open_providers(FULL)
    assert isinstance(providers["email"], Smtp)
    assert isinstance(providers["sms"], VonageSms)
    assert isinstance(providers["whatsapp"], VonageWhatsapp)
    for provider in providers.values():
        await provider.close()


async def test_one_outbox_folder_serves_all_channels() -> None:
    providers = open_providers(BARE)
    assert isinstance(providers["sms"], OutboxFolder)
    assert len(set(map(id, providers.values()))) == 1


def test_settings_that_cannot_work_are_refused_at_start() -> None:
    with pytest.raises(InvalidInput):
        open_providers(DeliverySettings(Path("data"), "nobody"))


def test_secrets_are_not_in_the_representation() -> None:
    assert "secret" not in repr(FULL)
    assert "PRIVATE" not in repr(FULL)


@pytest.mark.slow
def test_opening_providers_loads_nothing_of_the_vonage_package() -> None:
    program = (
        "import sys, pathlib\n"
        "from signaling.delivery import *\n"
        f"open_providers(DeliverySettings(pathlib.Path('data'), 'a@b.example',"
        f" vonage_application_id='x', vonage_private_key={KEY!r}, sms_from='Clinic'))\n"
        "print(sorted(name for name in sys.modules if name.startswith(('vonage', 'requests'))))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")
