"""The mail that warns a scheduler of an abandoned session."""

from datetime import datetime

from signaling import abandonment
from signaling.account import Account
from signaling.consultation import Consultation
from signaling.flows.notices.composing import Composing, Recipient
from signaling.ports.store import Records
from signaling.ports.wording import Wording


class AbandonmentMail:
    def __init__(self, composing: Composing, wording: Wording) -> None:
        self._composing = composing
        self._wording = wording

    async def queue(
        self, records: Records, consultation: Consultation, scheduler: Account, closes_at: datetime
    ) -> None:
        """Queue the warning, once for each last event, within the caller's transaction."""
        language = scheduler.language
        values = {
            "moment": self._wording.moment(closes_at, scheduler.time_zone, language),
            "link": self._wording.session_address(consultation.id),
        }
        recipient = Recipient(
            abandonment.recipient_id(consultation), scheduler.name, scheduler.email, language
        )
        detail = abandonment.detail(consultation)
        await self._composing.queue_to(
            records, "left_open", consultation, recipient, values, detail=detail
        )
