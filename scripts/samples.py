"""Sample data for pictures and checks of pages: one account with sessions in several states."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from aiohttp import web

from signaling import numbers
from signaling.account import Account
from signaling.audit import SCRIPT
from signaling.chat import AUTHOR_BYTES, stored_bytes
from signaling.consultation import Consultation
from signaling.flows.invites.inviting import Plan
from signaling.flows.people.accounts import make_password_link, new_account
from signaling.identifier import new_id
from signaling.identity import AccessRequest, Identity
from signaling.invite import Invite, Person
from signaling.text import CHAT_LENGTH
from signaling.token import new_token, token_digest
from storage.store import Records
from web.keys import (
    ABANDONING,
    CLOCK,
    CLOCKWORK,
    DEVICE_CHECKING,
    INVITING,
    PASSWORDS,
    STORE,
)
from web.routes import path

PASSWORD = "only for pictures of pages"
NURSE = "nurse@example.org"
"An administrator; signs in with PASSWORD."
COLLEAGUE = "lena@example.org"


@dataclass(frozen=True)
class Sample:
    """Addresses of the pages with sample data."""

    consultation_id: str
    invite_id: str
    landing: str
    "Open now."
    early: str
    "Of a session that lies ahead."
    early_test: str
    left_id: str
    "A session that everybody has left, soon to be closed."
    account_id: str
    "The nurse's."
    colleague_id: str
    "Of the other account."
    full_id: str = ""
    "A session in which the nurse has written all that fits."


async def sample(app: web.Application) -> Sample:
    """Two accounts, and sessions of the first one in several states."""
    now = app[CLOCK].now()
    account = await add_account(app, NURSE, "Nurse Joy", administrator=True)
    colleague = await add_account(app, COLLEAGUE, "Лена Коваль", administrator=False)
    await app[STORE].write(partial(_count, now=now))
    asking = AccessRequest(
        new_id(), Identity("https://login.example.org", "yuki"), "yuki@example.org",
        "Yuki Tanaka", "en", "Asia/Tokyo", now,
    )  # fmt: skip
    await app[STORE].write(lambda records: records.access_requests.put(asking))
    amina = Person("Amina", "Haddad", "email", "amina@example.org", "ar", "Africa/Nairobi")
    son = Person("Sami", "", "email", "sami@example.org", "ar")
    eve = Person("Eve", "", "email", "eve@example.org", "en")
    later = Plan(
        "remote",
        (("service_user", amina), ("companion", son), ("colleague", eve)),
        planned_at=now + timedelta(days=3),
        time_zone="Africa/Nairobi",
        note="Please have your letter at hand.",
    )
    consultation_id, invite_id, early = await _invite(app, account, later)
    checking = app[DEVICE_CHECKING]
    await checking.keep(early, {"camera": "failed", "microphone": "passed"})
    for name in ("Вікторія", "ミナ・タナカ"):
        await _invite(app, account, _now(name))
    _consultation, _awaited, token = await _invite(app, account, _now("Bilal"))
    left_id = await _started(app, account, "Dawit", since=timedelta(days=6, hours=2))
    await app[ABANDONING].look()
    await app[CLOCKWORK].run_due()
    return Sample(
        consultation_id,
        invite_id,
        path("landing", token=token),
        path("landing", token=early),
        path("landing_test", token=early),
        left_id,
        account.id,
        colleague.id,
    )


async def _count(records: Records, *, now: datetime) -> None:
    """Ten weeks of a clinic, a little busier each week."""
    minutes = (0, 3, 7, 7, 15, 30, 50, 90)
    for week in range(10):
        at = now - timedelta(weeks=9 - week)
        held = 4 + week
        await records.numbers.count(
            at,
            [
                *[numbers.session("planned")] * (held + 3),
                *[numbers.session("held")] * held,
                numbers.session("canceled"),
                *[numbers.session("not_held")] * (week % 3),
                *(numbers.waiting(timedelta(minutes=each)) for each in minutes[: held - 2]),
                *[numbers.delivery("email", None, arrived=True)] * held,
                *[numbers.delivery("sms", "Clinic", arrived=True)] * (week + 2),
                numbers.delivery("sms", "+41790000000", arrived=False),
                *[numbers.call("mesh", ["good", "fair"])] * held,
                *[numbers.call("forwarded", ["good", "poor"])] * (week // 2),
                numbers.call(None, []),
            ],
        )


async def written_full(app: web.Application, found: Sample) -> Sample:
    """Add a session whose chat is so long that it is read back and exported in parts."""
    account = await app[STORE].read.accounts.by_email(NURSE)
    assert account is not None
    full_id = await _started(app, account, "Hodan")
    long, now = "word " * (CHAT_LENGTH // 5), app[CLOCK].now()
    texts = [long] * (AUTHOR_BYTES // stored_bytes(long) - 1)
    short = "I have sent the letter to your clinic."
    room = AUTHOR_BYTES - sum(map(stored_bytes, texts)) - 30
    texts += [short] * (room // stored_bytes(short))

    async def work(records: Records) -> None:
        for text in texts:
            await records.chat.append(full_id, new_id(), account.id, "text", text, now)

    await app[STORE].write(work)
    return replace(found, full_id=full_id)


async def password_link(app: web.Application) -> str:
    """The address at which the colleague chooses a new password."""
    account = await app[STORE].read.accounts.by_email(COLLEAGUE)
    assert account is not None
    now = app[CLOCK].now()
    token = await app[STORE].write(
        lambda records: make_password_link(records, account.id, now, actor=SCRIPT)
    )
    return path("choose_password", token=token)


async def add_account(
    app: web.Application, email: str, name: str, *, administrator: bool, zone: str = "Europe/Zurich"
) -> Account:
    """Somebody who signs in with PASSWORD."""
    account = new_account(
        email=email,
        name=name,
        role="administrator" if administrator else "scheduler",
        password_hash=await app[PASSWORDS].hash(PASSWORD),
        language="en",
        time_zone=zone,
        now=app[CLOCK].now(),
    )
    await app[STORE].write(lambda records: records.accounts.add(account))
    return account


def _now(name: str) -> Plan:
    return Plan("remote", (("service_user", Person(name, "", "none", "", "en")),))


async def _invite(app: web.Application, account: Account, plan: Plan) -> tuple[str, str, str]:
    """(consultation id, invite id, token) of the awaited person."""
    consultation, invites = await app[INVITING].invite(account, plan)
    _invited, token = await app[INVITING].link_of(invites[0].id, account.id)
    return consultation.id, invites[0].id, token


async def _started(
    app: web.Application, account: Account, name: str, since: timedelta = timedelta()
) -> str:
    """The id of a session that was started some time ago and that nobody is in."""
    at = app[CLOCK].now() - since
    consultation = Consultation(new_id(), account.id, "remote", "active", at, started_at=at)
    person = Person(name, "", "none", "", "en")
    invite = Invite(
        new_id(), consultation.id, "service_user", person, token_digest(new_token()), at
    ).redeem(at)

    async def work(records: Records) -> None:
        await records.consultations.add(consultation)
        await records.invites.add(invite)

    await app[STORE].write(work)
    return consultation.id
