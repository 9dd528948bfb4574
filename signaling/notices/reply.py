"""A reply to an SMS or a WhatsApp message, shown at the sender's invite."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from signaling.contact import Contact

REPLY_LENGTH = 4000
"Most characters of a reply that are stored."


@dataclass(frozen=True)
class Reply:
    provider_id: str
    "Unique: a repeated webhook is one reply."
    channel: Literal["sms", "whatsapp"]
    sender: Contact
    to: str
    "This server's number or name, as the provider writes it."
    text: str
    "Empty for anything but text, see `kind`."
    kind: str
    at: datetime
    answers: str = ""
    "Provider id of the message it answers, if WhatsApp says so."


@dataclass(frozen=True)
class StoredReply:
    """A reply that found its invite."""

    invite_id: str
    channel: str
    text: str
    kind: str
    at: datetime
