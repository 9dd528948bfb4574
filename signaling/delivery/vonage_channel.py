"""What SMS and WhatsApp through Vonage have in common: the account, the sender, the receipts."""

from typing import Any

from signaling.delivery.vonage_account import VonageAccount
from signaling.notices.notice import Outgoing

CLIENT_REF_LENGTH = 100


class VonageChannel:
    """`sender` is a number, or for SMS a name; it stands in where the route has none of its own."""

    def __init__(self, account: VonageAccount, sender: str) -> None:
        self._account = account
        self._sender = sender

    async def prepare(self) -> None:
        await self._account.prepare()

    async def close(self) -> None:
        await self._account.close()

    def _addressing(self, outgoing: Outgoing) -> dict[str, Any]:
        """The members that every message has; called in the account's thread."""
        from vonage_messages.models.enums import WebhookVersion

        status_url = self._account.status_url
        return {
            "to": _without_plus(outgoing.address),
            "from_": _without_plus(outgoing.sender_id or self._sender),
            "client_ref": outgoing.attempt_id[:CLIENT_REF_LENGTH],
            "webhook_url": status_url,
            "webhook_version": WebhookVersion.V1 if status_url else None,
        }


def _without_plus(sender: str) -> str:
    """A number as the API wants it; a sender's name stays as it is."""
    return sender.removeprefix("+")
