"""SMS through Vonage."""

from typing import Any

from signaling.delivery.vonage_channel import VonageChannel
from signaling.notices.notice import Outcome, Outgoing, PermanentFailure

TEXT_LENGTH = 3200
"Characters the API takes."


class VonageSms(VonageChannel):
    async def send(self, outgoing: Outgoing) -> Outcome:
        """Send the text; the provider chooses GSM 7-bit or UCS-2 by its characters."""
        text = outgoing.content.text
        if not text.strip() or len(text) > TEXT_LENGTH:
            return PermanentFailure("content_refused")
        return await self._account.send(lambda: self._message(outgoing), "number_refused")

    def _message(self, outgoing: Outgoing) -> Any:
        from vonage_messages.models import Sms

        return Sms(text=outgoing.content.text, **self._addressing(outgoing))
