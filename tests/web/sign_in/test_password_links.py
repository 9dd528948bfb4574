"""Links to choose a password: by invitation, and after forgetting it."""

import asyncio
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from signaling.account import Account
from signaling.audit import STRANGER
from signaling.flows.people.accounts import another_administrator
from tests.clock import MovableClock
from tests.delivery.smtp_server import MailServer, mail_server
from tests.people import Answer, Person
from tests.serving import PASSWORD, Server, audit_lines, serving
from tests.web.sign_in.conftest import BOSS
from web.keys import ACCOUNT_INVITATIONS, CLOCKWORK, MAIL_REACH, OUTBOX, PURGING, STORE
from web.notices.outbox import read_outbox

NEW = "three blind rivers sing"
NURSE, ADA = "nurse@example.org", "ada@example.org"
LINK = re.compile(r"/password/[\w-]+")
FORM = {"name": "Dr. Ada", "email": ADA, "role": "administrator", "language": "fr"}


async def account(server: Server, email: str = ADA) -> Account | None:
    return await server.app[STORE].read.accounts.by_email(email)


async def mails(server: Server, clock: MovableClock) -> list[tuple[str, str]]:
    """(recipient, path of the link) of every mail that has left, newest first."""
    clock.move(timedelta(seconds=1))
    await server.app[CLOCKWORK].run_due()
    await server.app[PURGING].purge_due()  # files whose mail is gone
    found = []
    for mail in await read_outbox(server.app[OUTBOX]):
        link = LINK.search(mail.text)
        found.append((mail.to, link.group() if link else ""))
    return found


async def actions(server: Server) -> list[tuple[str, str]]:
    return [(line.actor, line.action) for line in await audit_lines(server.app[STORE])]


def link_in(answer: Answer) -> str:
    found = LINK.search(answer.text)
    assert found is not None
    return found.group()


# --- inviting a colleague


async def test_an_invited_person_chooses_password_and_language_and_is_signed_in(
    server: Server, clock: MovableClock, boss: Person
) -> None:
    answer = await boss.post("/admin/people/invite", FORM)
    [(to, link)] = await mails(server, clock)
    assert to == ADA
    assert link == link_in(answer)  # there is no mail server: it is to be passed on by hand
    async with Person(server) as ada:
        page = (await ada.get(link)).text
        assert 'lang="fr"' in page and "Dr. Ada" in page and ADA in page
        assert 'autocomplete="new-password"' in page
        refused = await ada.post(link, {"password": "short", "language": "es"})
        assert refused.status == 400
        assert re.search(r'value="es"[^>]*selected|selected[^>]*value="es"', refused.text)
        assert (await ada.post(link, {"password": NEW, "language": "es"})).status == 303
        here = await ada.get("/")
        assert here.status == 200 and 'lang="es"' in here.text
        assert (await ada.get("/admin/people")).status == 200
        stored = await account(server)
        assert stored is not None and stored.language == "es"
        assert (await ada.get(link)).status == 404
        assert await mails(server, clock) == []  # the first password is no change
    assert (stored.id, "choose_password") in await actions(server)
    assert "invite_account" in [action for _, action in await actions(server)]


async def test_an_invited_person_cannot_sign_in_before(
    server: Server, clock: MovableClock, boss: Person
) -> None:
    await boss.post("/admin/people/invite", FORM)
    async with Person(server) as ada:
        for password in ("", NEW, PASSWORD):
            assert (await ada.sign_in(ADA, password)).status == 401
        await ada.post("/signin/forgotten", {"email": ADA})
    assert len(await mails(server, clock)) == 1


async def test_an_expired_invitation_says_whom_to_ask(
    server: Server, clock: MovableClock, boss: Person
) -> None:
    link = link_in(await boss.post("/admin/people/invite", FORM))
    clock.move(timedelta(days=6, hours=23))
    async with Person(server) as ada:
        assert (await ada.get(link)).status == 200
        clock.move(timedelta(hours=1))
        await server.app[CLOCKWORK].run_due()
        late = await ada.get(link)
        assert late.status == 404
        assert "This invitation has expired. Please ask The Boss" in late.text
        assert (await ada.post(link, {"password": NEW})).status == 404
    await boss.sign_in(BOSS)
    assert "Invitation expired" in (await boss.get("/admin/people")).text


async def test_inviting_again_replaces_the_link_and_withdrawing_removes_the_account(
    server: Server, clock: MovableClock, boss: Person
) -> None:
    first = link_in(await boss.post("/admin/people/invite", FORM))
    invited = await account(server)
    assert invited is not None
    page = (await boss.get("/admin/people")).text
    assert "Invited until" in page
    again = await boss.post(f"/admin/people/{invited.id}/invitation/again")
    second = link_in(again)
    async with Person(server) as ada:
        assert (await ada.get(first)).status == 404
        assert (await ada.get(second)).status == 200
        gone = await boss.post(f"/admin/people/{invited.id}/invitation/withdraw")
        assert gone.status == 303
        assert (await ada.get(second)).status == 404
    assert await account(server) is None
    assert await mails(server, clock) == []
    assert (await boss.post("/admin/people/invite", FORM)).status == 200


async def test_the_same_form_again_is_the_same_invitation(
    server: Server, clock: MovableClock, boss: Person
) -> None:
    page = (await boss.get("/admin/people/invite")).text
    (once,) = re.findall(r'name="once" value="([\w-]+)"', page)
    first, second = [
        await boss.post("/admin/people/invite", FORM | {"once": once}) for _ in range(2)
    ]
    assert len(await server.app[STORE].read.accounts.all()) == 3
    async with Person(server) as ada:
        # whoever saw the answer at last has the link that works
        assert (await ada.get(link_in(first))).status == 404
        assert (await ada.get(link_in(second))).status == 200
    taken = await boss.post("/admin/people/invite", FORM)
    assert taken.status == 400 and "There is an account with this email already." in taken.text


async def test_where_mail_goes_out_the_same_form_again_sends_no_other(
    server: Server, clock: MovableClock, boss: Person
) -> None:
    actor, invitations = await account(server, BOSS), server.app[ACCOUNT_INVITATIONS]
    assert actor is not None
    ada = replace(actor, id="id-of-the-form-1", email=ADA, password_hash=None)
    links = [
        await server.app[STORE].write(
            lambda records: invitations.invite(records, ada, [ada.id], actor=actor, by_mail=True)
        )
        for _ in range(2)
    ]
    assert links[0] and not links[1]
    assert len(await mails(server, clock)) == 1


@pytest.mark.parametrize("step", ["again", "withdraw"])
async def test_an_accepted_invitation_is_neither_repeated_nor_withdrawn(
    server: Server, boss: Person, step: str
) -> None:
    nurse = await account(server, NURSE)
    assert nurse is not None
    refused = await boss.post(f"/admin/people/{nurse.id}/invitation/{step}")
    assert refused.status == 409
    assert await account(server, NURSE) == nurse
    assert (await boss.post(f"/admin/people/unknown/invitation/{step}")).status == 404


async def test_only_administrators_invite(server: Server) -> None:
    async with Person(server) as nurse:
        await nurse.sign_in()
        assert (await nurse.get("/admin/people/invite")).status == 404
        assert (await nurse.post("/admin/people/invite", FORM)).status == 404
    assert await account(server) is None


async def test_somebody_who_has_not_accepted_is_no_other_administrator(
    server: Server, boss: Person
) -> None:
    await boss.post("/admin/people/invite", FORM)
    own, ada = await account(server, BOSS), await account(server)
    assert own is not None and ada is not None
    store = server.app[STORE]
    assert not await another_administrator(store.read, own)
    for step in ("password-link", "suspend", "let-in"):
        await boss.post(f"/admin/people/{ada.id}/{step}")
        assert not await another_administrator(store.read, own), step
    await store.sign_everybody_out()  # as a restore does, which ends invitations
    assert not await another_administrator(store.read, own)


async def test_nobody_suspends_themselves(server: Server, boss: Person) -> None:
    own, nurse = await account(server, BOSS), await account(server, NURSE)
    assert own is not None and nurse is not None
    await boss.post(f"/admin/people/{nurse.id}/make-administrator")
    assert (await boss.post(f"/admin/people/{own.id}/suspend")).status == 409
    assert (await boss.get("/admin/people")).status == 200


async def test_nothing_is_handed_to_somebody_who_has_not_accepted(
    server: Server, boss: Person
) -> None:
    await boss.post("/admin/people/invite", FORM)
    nurse, ada = await account(server, NURSE), await account(server)
    assert nurse is not None and ada is not None
    async with Person(server) as scheduler:
        await scheduler.sign_in()
        await scheduler.invite()
    address = f"/admin/people/{nurse.id}/delete"
    assert "Dr. Ada" not in (await boss.get(address)).text
    assert (await boss.post(address, {"colleague": ada.id})).status == 400
    assert await account(server, NURSE) == nurse


BAD_NAMES = ["", " ", "\u200b\u2060", "a\u202eb", "x\0y", "x" * 10_000, "\u2066"]
BAD_EMAILS = [
    "",
    "ada",
    "a@b@c",
    "ada@",
    "@example.org",
    "x" * 10_000 + "@a.org",
]


async def test_what_cannot_be_invited_is_refused_and_kept(server: Server, boss: Person) -> None:
    for bad in (*({"name": each} for each in BAD_NAMES), *({"email": each} for each in BAD_EMAILS)):
        refused = await boss.post("/admin/people/invite", FORM | bad)
        assert refused.status == 400, bad
        assert 'aria-invalid="true"' in refused.text
        assert ("Dr. Ada" if "email" in bad else ADA) in refused.text
    assert len(await server.app[STORE].read.accounts.all()) == 2


SPELLINGS = [
    " ADA@Example.org ", "Ada <ada@example.org>", "mailto:ada@example.org", "ada@\uff45xample.org",
    "a\u200bda\0@example.org", "<ada@example.org>,",
]  # fmt: skip


async def test_an_email_is_invited_once_in_any_spelling(server: Server, boss: Person) -> None:
    assert (await boss.post("/admin/people/invite", FORM | {"email": SPELLINGS[0]})).status == 200
    for email in (ADA, *SPELLINGS):
        twice = await boss.post("/admin/people/invite", FORM | {"email": email})
        assert twice.status == 400, email
        assert "There is an account with this email already." in twice.text


async def test_two_administrators_invite_the_same_person_once(server: Server, boss: Person) -> None:
    both = await asyncio.gather(*(boss.post("/admin/people/invite", FORM) for _ in range(2)))
    assert sorted(answer.status for answer in both) == [200, 400]


# --- a forgotten password


async def ask(person: Person, email: str = NURSE) -> Answer:
    return await person.post("/signin/forgotten", {"email": email})


async def test_a_forgotten_password_is_replaced_by_a_link_from_the_mail(
    server: Server, clock: MovableClock
) -> None:
    async with Person(server) as nurse, Person(server) as thief:
        await thief.sign_in()
        assert "Forgot your password?" in (await nurse.get("/signin")).text
        assert (await ask(nurse, " Nurse@EXAMPLE.org")).status == 200
        [(to, link)] = await mails(server, clock)
        assert to == NURSE
        assert (await nurse.post(link, {"password": "short"})).status == 400
        assert (await nurse.post(link, {"password": NEW})).status == 303
        assert (await nurse.get("/")).status == 200
        assert (await thief.get("/profile")).location == "/signin?next=%2Fprofile"
        assert (await nurse.post(link, {"password": NEW + "!"})).status == 404
    assert (STRANGER, "request_password_link") in await actions(server)
    assert await mails(server, clock) == [(NURSE, "")]  # the link's own mail went with the link


async def test_the_answer_says_nothing_about_accounts(
    server: Server, clock: MovableClock, boss: Person
) -> None:
    await boss.post("/admin/people/invite", FORM)
    suspended = await server.account("gone@example.org", "Gone")
    await boss.post(f"/admin/people/{suspended.id}/suspend")
    invited = len(await mails(server, clock))
    addresses = (NURSE, "nobody@example.org", "gone@example.org", ADA)
    async with Person(server) as stranger:
        answers = [await ask(stranger, each) for each in addresses]
    said = {
        (answer.status, answer.text.replace(each, "ADDRESS"))
        for answer, each in zip(answers, addresses, strict=True)
    }
    assert len({(status, re.sub(r'data-now="\d+"', "", text)) for status, text in said}) == 1
    # nothing at all has been done for anybody by the time of the answer
    assert "request_password_link" not in [action for _, action in await actions(server)]
    assert [to for to, _ in await mails(server, clock)].count(NURSE) == 1
    assert len(await mails(server, clock)) == invited + 1


async def test_a_link_from_the_mail_lives_an_hour_and_the_newest_counts(
    server: Server, clock: MovableClock
) -> None:
    async with Person(server) as nurse:
        await ask(nurse)
        [(_, first)] = await mails(server, clock)
        await ask(nurse)
        [(_, second)] = await mails(server, clock)
        assert (await nurse.get(first)).status == 404
        assert (await nurse.get(second)).status == 200
        clock.move(timedelta(hours=1))
        late = await nurse.get(second)
        assert late.status == 404
        assert "This link has expired. Press “Forgot your password?”" in late.text


async def test_asking_leaves_the_link_from_an_administrator_alone(
    server: Server, clock: MovableClock, boss: Person
) -> None:
    nurse = await account(server, NURSE)
    assert nurse is not None
    link = link_in(await boss.post(f"/admin/people/{nurse.id}/password-link"))
    async with Person(server) as stranger:
        assert (await ask(stranger)).status == 200
        assert len(await mails(server, clock)) == 1
        assert (await stranger.get(link)).status == 200


async def test_asking_is_limited_by_address_and_by_network(
    server: Server, clock: MovableClock
) -> None:
    async with Person(server) as stranger:
        for each in (NURSE, "nobody@example.org"):
            answers = [await ask(stranger, each) for _ in range(4)]
            assert [answer.status for answer in answers] == [200, 200, 200, 429]
            assert "Retry-After" in answers[-1].headers
            assert each in answers[-1].text
        statuses = [(await ask(stranger, f"n{number}@example.org")).status for number in range(24)]
        assert statuses[-1] == 429
        assert statuses.index(429) == 22
    assert len(await mails(server, clock)) == 1  # each new link replaces the mail before


async def test_what_is_no_address_is_refused(server: Server) -> None:
    async with Person(server) as stranger:
        for email in BAD_EMAILS:
            refused = await ask(stranger, email)
            assert refused.status == 400, email
            assert "This is not an email address." in refused.text


async def test_a_server_without_mail_says_so_to_everybody(server: Server) -> None:
    async with Person(server) as stranger:
        for answer in (
            await stranger.get("/signin/forgotten"),
            await ask(stranger),
            await ask(stranger, "nobody@example.org"),
        ):
            assert "This server sends no mail." in answer.text
            assert "is on its way to that address" not in answer.text


async def test_a_mail_server_that_is_down_is_said_to_everybody_and_the_mail_leaves_later(
    tmp_path: Path, clock: MovableClock
) -> None:
    async with mail_server() as gone:
        port = gone.port
    settings = {"TELECONNECT_SMTP_URL": f"smtp://localhost:{port}?starttls=never"}
    async with serving(tmp_path, clock, **settings) as server, Person(server) as stranger:
        await server.account()
        for each in (NURSE, "nobody@example.org"):
            assert "Mail cannot be sent at the moment." in (await ask(stranger, each)).text
        clock.move(timedelta(seconds=1))
        await server.app[CLOCKWORK].run_due()
        async with mail_server(port=port) as back:
            clock.move(timedelta(minutes=2))
            assert await server.app[MAIL_REACH].state() == "works"
            await server.app[CLOCKWORK].run_due()
            assert [each.recipients for each in back.received] == [[NURSE]]
            assert "Mail cannot be sent" not in (await ask(stranger, "x@example.org")).text
            link = await _choose_link(back)
            assert (await stranger.post(link, {"password": NEW})).status == 303
            await server.app[CLOCKWORK].run_due()
            subjects = [each.message["Subject"] for each in back.received]
            assert subjects[-1] == "Your password was changed"


async def _choose_link(server: MailServer) -> str:
    body = server.received[-1].message.get_body(("plain",))
    assert body is not None
    found = LINK.search(body.get_content())
    assert found is not None
    return found.group()
