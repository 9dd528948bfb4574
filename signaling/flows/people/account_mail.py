"""Queuing mail about an account, within the transaction that makes it true."""

from collections.abc import Mapping
from datetime import datetime

from signaling.account import Account
from signaling.flows.notices.composing import fill, one_line
from signaling.identifier import new_id
from signaling.notices.account_mail import (
    ACCOUNT_TEXTS,
    GIVEN_BY_CALLER,
    WORTH_SENDING,
    AccountOccasion,
    QueuedMail,
)
from signaling.notices.notice import Content
from signaling.ports.clock import Clock
from signaling.ports.store import Records
from signaling.ports.wording import Wording
from signaling.text import literal

NAMES = ("name", "person")
"Placeholders whose values are names, in any script."


class AccountMail:
    def __init__(self, wording: Wording, clock: Clock) -> None:
        self._wording = wording
        self._clock = clock

    async def queue(
        self,
        records: Records,
        account: Account,
        occasion: AccountOccasion,
        *,
        link: str = "",
        expires_at: datetime | None = None,
        **values: str,
    ) -> None:
        """Queue one mail in the account's language, within the caller's transaction.

        `link` is a whole address, by default that of the sign-in page; `expires_at` is when it is
        over, after which the mail is not sent. `values` are those of GIVEN_BY_CALLER. Raises
        ValueError if one of them is missing.
        """
        await self._queue(records, account, occasion, link, expires_at, values)

    async def queue_to_administrators(
        self, records: Records, occasion: AccountOccasion, *, link: str = "", **values: str
    ) -> None:
        """Queue the same mail to every administrator who may sign in."""
        for account in await records.accounts.all():
            if account.role == "administrator" and account.suspended_at is None:
                await self._queue(records, account, occasion, link, None, values)

    async def _queue(
        self,
        records: Records,
        account: Account,
        occasion: AccountOccasion,
        link: str,
        expires_at: datetime | None,
        values: Mapping[str, str],
    ) -> None:
        if missing := set(GIVEN_BY_CALLER.get(occasion, ())) - values.keys():
            raise ValueError(f"The mail {occasion} needs {', '.join(sorted(missing))}.")
        now = self._clock.now()
        over = expires_at or now + WORTH_SENDING
        given = {
            **values,
            "link": link or self._wording.sign_in_address(),
            "now": self._moment(account, now),
            "until": self._moment(account, over),
        }
        await records.account_mails.add(
            QueuedMail(
                id=new_id(),
                account_id=account.id,
                occasion=occasion,
                address=account.email,
                language=account.language,
                content=self._content(account, occasion, given),
                created_at=now,
                expires_at=over,
            )
        )

    def _moment(self, account: Account, at: datetime) -> str:
        return self._wording.moment(at, account.time_zone, account.language)

    def _content(
        self, account: Account, occasion: AccountOccasion, given: dict[str, str]
    ) -> Content:
        text, wording, language = ACCOUNT_TEXTS[occasion], self._wording, account.language
        values = given | {"name": account.name, "service": wording.service_name()}
        subject = one_line(wording.translate(language, text.subject), values)
        mail = wording.translate(language, text.mail)
        isolated = {
            name: wording.name(value, language) if name in NAMES else value
            for name, value in values.items()
        }
        label = literal(wording.translate(language, text.label))
        html = wording.html(mail.replace("\n$link", f"\n[{label}]($link)"), isolated, language)
        return Content(subject, fill(mail, isolated), html=html)
