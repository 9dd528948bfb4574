"""A whole server that writes to people through real mail and message servers on this machine."""

import contextlib
import json
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.clock import MovableClock
from tests.delivery.smtp_server import MailServer, mail_server
from tests.delivery.vonage_server import SIGNATURE_SECRET, VonageServer, signed, vonage_server
from tests.people import Answer, Person
from tests.serving import Server, serving
from web.keys import CLOCK, CLOCKWORK

NUMBER = "+41791234567"


@dataclass
class Outside:
    """The servers that carry messages: they outlive a restart of ours."""

    mail: MailServer
    phones: VonageServer

    def settings(self) -> dict[str, str]:
        return {
            "TELECONNECT_SMTP_URL": self.mail.url + "?starttls=never",
            "TELECONNECT_MAIL_FROM": "Clinic <noreply@clinic.example>",
            "TELECONNECT_VONAGE_APPLICATION_ID": self.phones.application_id,
            "TELECONNECT_VONAGE_PRIVATE_KEY": self.phones.private_key,
            "TELECONNECT_VONAGE_SIGNATURE_SECRET": SIGNATURE_SECRET,
            "TELECONNECT_VONAGE_SMS_FROM": "Clinic",
            "TELECONNECT_VONAGE_WHATSAPP_FROM": "+41790000000",
            "TELECONNECT_VONAGE_API_URL": f"https://{self.phones.host}",
            "TELECONNECT_SMS_PRICES": "+41=0.07 CHF, +=0.05 EUR",
        }

    @property
    def texts(self) -> list[str]:
        """Of every SMS so far."""
        return [each["text"] for each in self.phones.messages if each["channel"] == "sms"]


@contextlib.asynccontextmanager
async def outside() -> AsyncIterator[Outside]:
    async with mail_server() as mail, vonage_server() as phones:
        yield Outside(mail, phones)
        assert phones.complaints == []


@dataclass
class Desk:
    """A signed-in scheduler's browser, and the server behind it."""

    server: Server
    person: Person
    outside: Outside

    async def deliver(self) -> None:
        """Hand over everything that is due now; nobody says that there is something to do."""
        await self.server.app[CLOCKWORK].run_due()

    async def invite(self, **fields: str) -> Answer:
        form = {"kind": "remote", "first_name": "Amina", "language": "en", **fields}
        answer = await self.person.post("/invites/new", form)
        await self.deliver()
        return answer

    async def list(self) -> str:
        return (await self.person.get("/invites")).text

    async def hook(self, name: str, body: dict[str, Any], **claims: Any) -> Answer:
        """Post a webhook, signed as the provider signs."""
        octets = json.dumps(body).encode()
        claims = {"iat": int(self.now.timestamp())} | claims
        return await self.post_hook(name, octets, signed(octets, **claims))

    async def post_hook(self, name: str, octets: bytes, authorization: str | None) -> Answer:
        headers = {"Authorization": authorization} if authorization is not None else {}
        answer = await self.person.ask(
            "POST", f"/webhooks/vonage/{name}", data=octets,
            headers={"Content-Type": "application/json", **headers},
        )  # fmt: skip
        await self.server.app[CLOCKWORK].run_due()
        return answer

    @property
    def now(self) -> datetime:
        return self.server.app[CLOCK].now()

    def move(self, **by: float) -> None:
        from datetime import timedelta

        clock = self.server.app[CLOCK]
        assert isinstance(clock, MovableClock)
        clock.move(timedelta(**by))


@contextlib.asynccontextmanager
async def desk(
    data_dir: Path, around: Outside, now: datetime | None = None, **settings: str
) -> AsyncIterator[Desk]:
    """A server on this data folder, and its scheduler who is an administrator too."""
    clock = MovableClock(now or datetime.fromtimestamp(int(time.time()), UTC))
    async with serving(data_dir, clock, **around.settings() | settings) as server:
        if not await _known(server):
            await server.account("nurse@example.org", "Nurse Joy", "administrator")
        async with Person(server) as person:
            await person.sign_in()
            yield Desk(server, person, around)


async def _known(server: Server) -> bool:
    from web.keys import STORE

    return await server.app[STORE].read.accounts.exists()


def receipt(message: dict[str, Any], status: str, **members: Any) -> dict[str, Any]:
    """What the provider says later about a message that it took."""
    return {
        "message_uuid": str(uuid.uuid4()),
        "to": message["to"],
        "from": message["from"],
        "timestamp": "2026-03-01T12:00:00Z",
        "status": status,
        "client_ref": message["client_ref"],
        "channel": message["channel"],
        **members,
    }


def answer_of(number: str, text: str, **members: Any) -> dict[str, Any]:
    """What somebody writes back."""
    return {
        "message_uuid": str(uuid.uuid4()),
        "to": "41790000000",
        "from": number.lstrip("+"),
        "timestamp": "2026-03-01T12:00:00Z",
        "channel": "sms",
        "message_type": "text",
        "text": text,
        **members,
    }
