"""What the operator configured for delivery; `web/config.py` reads it from the environment."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class DeliverySettings:
    data_dir: Path
    mail_from: str
    "`Clinic <noreply@clinic.example>` or the bare address."
    smtp_url: str = field(default="", repr=False)
    "As in `signaling/delivery/smtp_url.py`; empty: mails go to the outbox folder."
    vonage_application_id: str = ""
    vonage_private_key: str = field(default="", repr=False)
    "PKCS#8 PEM, its line breaks real or written as \\n."
    vonage_api_url: str = "https://api.nexmo.com"
    vonage_status_url: str = ""
    "Where receipts shall be sent; empty: what is set in the provider's dashboard."
    sms_from: str = ""
    "Sender name or number of SMS; empty: no SMS."
    whatsapp_from: str = ""
    "WhatsApp number; empty: no WhatsApp."
