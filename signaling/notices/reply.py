"""A reply: what somebody answered to an SMS or a WhatsApp message. Shown at their invite."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from signaling.contact import Contact

REPLY_LENGTH = 4000
"Characters of an answer that are kept."


@dataclass(frozen=True)
class Reply:
    provider_id: str
    "Unique: a webhook that comes twice is one reply."
    channel: Literal["sms", "whatsapp"]
    sender: Contact
    to: str
    "Our own number or name, as the provider writes it."
    text: str
    "Empty for anything but text: `kind` says what it was."
    kind: str
    at: datetime
    answers: str = ""
    "Provider id of the message it answers, where WhatsApp tells."


@dataclass(frozen=True)
class StoredReply:
    """A reply that found its invite."""

    invite_id: str
    channel: str
    text: str
    kind: str
    at: datetime
