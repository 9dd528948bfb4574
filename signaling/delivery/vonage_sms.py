"""SMS through Vonage."""

from typing import Any

from signaling.delivery.vonage_account import CLIENT_REF_LENGTH, VonageAccount, without_plus
from signaling.notices.notice import Outcome, Outgoing, PermanentFailure

TEXT_LENGTH = 3200
"Characters the API takes."


class VonageSms:
    """A provider of SMS; `sender` is a number or a name, where the route has none of its own."""

    def __init__(self, account: VonageAccount, sender: str) -> None:
        self._account = account
        self._sender = sender

    async def prepare(self) -> None:
        await self._account.prepare()

    async def send(self, outgoing: Outgoing) -> Outcome:
        """Send the text; the provider chooses GSM 7-bit or UCS-2 by its characters."""
        text = outgoing.content.text
        if not text.strip() or len(text) > TEXT_LENGTH:
            return PermanentFailure("content_refused")
        return await self._account.send(lambda: self._message(outgoing), "number_refused")

    async def close(self) -> None:
        await self._account.close()

    def _message(self, outgoing: Outgoing) -> Any:
        from vonage_messages.models import Sms
        from vonage_messages.models.enums import WebhookVersion

        status_url = self._account.status_url
        return Sms(
            to=without_plus(outgoing.address),
            from_=without_plus(outgoing.sender_id or self._sender),
            text=outgoing.content.text,
            client_ref=outgoing.attempt_id[:CLIENT_REF_LENGTH],
            webhook_url=status_url,
            webhook_version=WebhookVersion.V1 if status_url else None,
        )
