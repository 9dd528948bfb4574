"""WhatsApp through Vonage: approved templates only.

WhatsApp carries free text only within 24 hours after the other side has written. A notice comes
first, so without a template nothing is sent, and the attempt says so.
"""

from typing import Any

from signaling.delivery.vonage_channel import VonageChannel
from signaling.notices.notice import Outcome, Outgoing, PermanentFailure, Template


class VonageWhatsapp(VonageChannel):
    async def send(self, outgoing: Outgoing) -> Outcome:
        """Send the notice's template with its parameters."""
        template = outgoing.content.template
        if template is None or not template.name:
            return PermanentFailure("template_missing")
        return await self._account.send(lambda: self._message(outgoing, template), "number_refused")

    def _message(self, outgoing: Outgoing, template: Template) -> Any:
        from vonage_messages.models import (
            WhatsappTemplate,
            WhatsappTemplateResource,
            WhatsappTemplateSettings,
        )

        # Line breaks, tabs and runs of blanks make WhatsApp refuse a parameter.
        parameters = [" ".join(parameter.split()) for parameter in template.parameters]
        return WhatsappTemplate(
            template=WhatsappTemplateResource(name=template.name, parameters=parameters or None),
            whatsapp=WhatsappTemplateSettings(locale=template.locale, policy="deterministic"),
            **self._addressing(outgoing),
        )
