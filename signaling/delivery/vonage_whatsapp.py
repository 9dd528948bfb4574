"""WhatsApp through Vonage: approved templates only.

WhatsApp carries free text only within 24 hours after the other side has written. A notice comes
first, so without a template nothing is sent, and the attempt says so.
"""

from typing import Any

from signaling.delivery.vonage_account import CLIENT_REF_LENGTH, VonageAccount, without_plus
from signaling.notices.notice import Outcome, Outgoing, PermanentFailure, Template


class VonageWhatsapp:
    """A provider of WhatsApp messages; `sender` is a number, where the route has none."""

    def __init__(self, account: VonageAccount, sender: str) -> None:
        self._account = account
        self._sender = sender

    async def prepare(self) -> None:
        await self._account.prepare()

    async def send(self, outgoing: Outgoing) -> Outcome:
        """Send the notice's template with its parameters."""
        template = outgoing.content.template
        if template is None or not template.name:
            return PermanentFailure("template_missing")
        return await self._account.send(lambda: self._message(outgoing, template), "number_refused")

    async def close(self) -> None:
        await self._account.close()

    def _message(self, outgoing: Outgoing, template: Template) -> Any:
        from vonage_messages.models import (
            WhatsappTemplate,
            WhatsappTemplateResource,
            WhatsappTemplateSettings,
        )
        from vonage_messages.models.enums import WebhookVersion

        status_url = self._account.status_url
        # Line breaks, tabs and runs of blanks make WhatsApp refuse a parameter.
        parameters = [" ".join(parameter.split()) for parameter in template.parameters]
        return WhatsappTemplate(
            to=without_plus(outgoing.address),
            from_=without_plus(outgoing.sender_id or self._sender),
            template=WhatsappTemplateResource(name=template.name, parameters=parameters or None),
            whatsapp=WhatsappTemplateSettings(locale=template.locale, policy="deterministic"),
            client_ref=outgoing.attempt_id[:CLIENT_REF_LENGTH],
            webhook_url=status_url,
            webhook_version=WebhookVersion.V1 if status_url else None,
        )
