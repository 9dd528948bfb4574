"""Mails about the search for an interpreter: to organizations, and to the scheduler."""

from datetime import datetime

from signaling.account import Account
from signaling.consultation import Consultation
from signaling.flows.notices.composing import Composing, Recipient, scheduler_of
from signaling.interpreter_request import InterpreterRequest, InterpretingOrganization
from signaling.notice_allowance import Allowance
from signaling.notices.notice import Occasion
from signaling.ports.store import Records
from signaling.ports.wording import Wording

USUAL_MINUTES = 30
"The duration that organizations are told to expect."


class InterpreterMail:
    """Everything here is queued within the caller's transaction."""

    def __init__(self, composing: Composing, wording: Wording) -> None:
        self._composing = composing
        self._wording = wording

    async def to_organization(
        self,
        records: Records,
        occasion: Occasion,
        consultation: Consultation,
        scheduler: Account,
        organization: InterpretingOrganization,
        request: InterpreterRequest,
        allowance: Allowance | None,
    ) -> None:
        """Raises TooMuchSent, TooMuchForOne."""
        scheduler = await scheduler_of(records, consultation, scheduler)
        token = await records.interpreters.token(consultation.id, request.id)
        recipient = Recipient(request.id, organization.name, organization.email, scheduler.language)
        await self._composing.queue_to(
            records,
            occasion,
            consultation,
            recipient,
            self._values(consultation, scheduler)
            | {
                "link": self._wording.request_address(token),
                "until": self._moment(request.expires_at, consultation, scheduler),
            },
            allowance=allowance,
        )

    async def none_available(
        self, records: Records, consultation: Consultation, scheduler: Account
    ) -> None:
        """Tell the scheduler that every organization has refused or kept silent.

        The link leads to where that can be decided.
        """
        recipient = Recipient(
            f"{consultation.id}-{scheduler.id}", scheduler.name, scheduler.email, scheduler.language
        )
        await self._composing.queue_to(
            records,
            "interpreter_unavailable",
            consultation,
            recipient,
            self._values(consultation, scheduler)
            | {"link": self._wording.case_address(consultation.id)},
        )

    def _values(self, consultation: Consultation, scheduler: Account) -> dict[str, str]:
        at = consultation.planned_at or consultation.created_at
        return {
            "scheduler": scheduler.name,
            "languages": self._composing.languages(consultation, scheduler, scheduler.language),
            "moment": self._moment(at, consultation, scheduler),
            "duration": str(USUAL_MINUTES),
        }

    def _moment(self, at: datetime, consultation: Consultation, scheduler: Account) -> str:
        return self._wording.moment(at, consultation.time_zone, scheduler.language)
