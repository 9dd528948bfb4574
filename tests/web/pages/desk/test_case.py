"""The page of one session: its people, the search for an interpreter, its end, and who may see it."""

import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from signaling.interpreter_request import InterpretingOrganization
from tests.clock import MovableClock
from tests.people import Person, consultation_of, outbox
from tests.serving import Server, moment, serving
from web.keys import CLOCKWORK, STORE

NOW = moment("2026-12-01 09:00")
PLANNED = {"plan_later": "on", "date": "2026-12-03", "time": "10:00", "time_zone": "UTC"}
REMOTE = {"kind": "remote", "address": "amina@example.org", "language": "ar"}


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(NOW)


@pytest.fixture
async def server(tmp_path: Path, clock: MovableClock) -> AsyncIterator[Server]:
    async with serving(tmp_path, clock) as running:
        await running.account()
        yield running


class Case:
    """The page of the newest session of a scheduler."""

    def __init__(self, server: Server, nurse: Person, consultation_id: str) -> None:
        self.nurse = nurse
        self.address = f"/sessions/{consultation_id}/case"
        self.consultation_id = consultation_id

    async def html(self) -> str:
        answer = await self.nurse.get(self.address)
        assert answer.status == 200, answer.text
        return answer.text.partition("<main")[2].partition("</main>")[0]

    async def shown(self) -> str:
        """The page without its dialogs, and without what it says of sharing."""
        before = (await self.html()).partition('<section id="sharing"')[0]
        return re.sub(r"<dialog.*?</dialog>", "", before, flags=re.DOTALL)

    async def text(self) -> str:
        """What is read there."""
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", await self.shown())).split())

    async def buttons(self) -> list[tuple[str, str]]:
        """(label, where it leads) of every button, in order."""
        form = r'<form[^>]*action="([^"]+)"[^>]*><button[^>]*>([^<]*)<'
        found = re.findall(form, await self.shown())
        return [(label, html.unescape(action)) for action, label in found]

    async def labels(self) -> list[str]:
        return [label for label, _address in await self.buttons()]

    async def press(self, label: str, number: int = 0) -> str:
        """Post the form of this button; returns where it leads."""
        address = [action for name, action in await self.buttons() if name == label][number]
        answer = await self.nurse.post(address)
        assert answer.status == 303, answer.text
        return answer.location


async def planned(server: Server, nurse: Person, **fields: str) -> Case:
    form = {**REMOTE, "first_name": "Amina", **fields}
    assert (await nurse.post("/invites/new", form)).status == 303
    ids = await server.app[STORE].read.consultations.ids()
    page = (await nurse.get("/invites")).text
    [consultation_id] = [each for each in ids if f"/sessions/{each}/case" in page]
    return Case(server, nurse, consultation_id)


async def interpreted_by(server: Server, *names: str) -> None:
    for position, name in enumerate(names, 1):
        organization = InterpretingOrganization(
            f"organization-{position}", name, f"office{position}@example.org", ("ar",), position
        )
        await server.app[STORE].write(
            lambda records, each=organization: records.interpreters.put_organization(each)
        )


async def answered(server: Server, number: int, form: dict[str, str]) -> None:
    """The answer of an organization that was asked."""
    mails = [each for each in await outbox(server) if each.to == f"office{number}@example.org"]
    found = re.search(r"/r/[\w-]+", mails[-1].text)
    assert found is not None
    async with Person(server) as manager:
        assert (await manager.post(found.group(), form)).status == 303


@asynccontextmanager
async def at_the_session(server: Server, case: Case) -> AsyncIterator[Person]:
    """Amina, whose page is connected, and the scheduler's socket as `desk` of the case."""
    async with Person(server) as phone:
        read = server.app[STORE].read
        invites = await read.invites.of_consultation(case.consultation_id)
        token = await read.invites.token(case.consultation_id, invites[0].id)
        await phone.join(f"/i/{token}")
        wire = await phone.enter(invite_id=invites[0].id)
        assert await consultation_of(wire) == case.consultation_id
        yield phone


async def test_people_messages_and_what_is_still_to_be_sent(
    server: Server, nurse: Person, clock: MovableClock
) -> None:
    case = await planned(
        server, nurse, **PLANNED, last_name="<b>", note="Bring the letter.",
        companion="on", companion_address="sami@example.org",
    )  # fmt: skip
    await server.app[CLOCKWORK].run_due()
    text = await case.text()
    assert "Amina <b>" in text and "Thu, 3 Dec 2026, 10:00" in text
    assert "People (2)" in text and "Bring the letter." in text
    assert "Email · amina@example.org · Kept here, not sent" in text
    assert "Device: Not tested" in text and "Online" not in text
    assert (
        "Tue, 1 Dec 2026, 09:00 Planned invitation · Amina <b> · Email · Kept here, not sent"
        in text
    )
    # one line for everybody who gets the same reminder
    assert "Wed, 2 Dec 2026, 10:00 Reminder · Amina <b> , Companion · Will be sent" in text

    assert await case.labels() == [
        "Open", "Move", "Cancel session",
        "Copy link", "Show QR code", "Send again", "Edit",
        "Copy link", "Show QR code", "Send again", "Edit", "Remove",
    ]  # fmt: skip
    assert await case.press("Send again", 1) == case.address
    clock.move(timedelta(minutes=1))
    await server.app[CLOCKWORK].run_due()
    assert "Planned invitation · Companion · Email · Kept here, not sent" in await case.text()
    assert await case.press("Remove") == case.address
    text = await case.text()
    assert "People (1)" in text
    # whom it was sent to is still known
    assert "Planned invitation · Companion" in text


async def test_send_again_answers_a_script_without_a_page(server: Server, nurse: Person) -> None:
    case = await planned(server, nurse)
    await server.app[CLOCKWORK].run_due()
    address = dict(await case.buttons())["Send again"]
    headers = {"Accept": "application/json"}
    assert (await nurse.post(address, **headers)).status == 204
    assert await case.press("Cancel session") == "/invites"
    refused = await nurse.post(address, **headers)
    assert refused.status == 404 and '"text"' in refused.text


async def test_the_search_for_an_interpreter_is_told_step_by_step(
    server: Server, nurse: Person, clock: MovableClock
) -> None:
    await interpreted_by(server, "Lingua", "Babel")
    case = await planned(server, nurse, **PLANNED, interpreter="on")
    text = await case.text()
    assert "Waiting for an interpreter. Nobody else has been invited yet." in text
    assert "Lingua No answer yet. Asked Tue, 1 Dec 2026, 09:00" in text
    assert "has until Wed, 2 Dec 2026, 09:00 to answer." in text
    assert "If they decline or do not answer, Babel is asked next." in text
    # nobody is invited, so there is no link to pass on yet
    assert await case.labels() == [
        "Open", "Move", "Cancel session", "Edit", "Invite without interpreter",
    ]  # fmt: skip
    await answered(server, 1, {"answer": "decline"})
    text = await case.text()
    assert "Lingua Declined Tue, 1 Dec 2026, 09:00" in text
    assert "nobody else can be asked" in text
    clock.move(timedelta(hours=24))
    await server.app[CLOCKWORK].run_due()
    await nurse.sign_in()
    text = await case.text()
    assert "Babel No answer by Wed, 2 Dec 2026, 09:00" in text
    assert "No interpreter is available. Nobody has been invited yet." in text


async def test_an_interpreter_who_accepts_is_one_of_the_people(
    server: Server, nurse: Person
) -> None:
    await interpreted_by(server, "Lingua")
    case = await planned(server, nurse, **PLANNED, interpreter="on")
    acceptance = {"answer": "accept", "name": "Ibrahim", "address": "ibrahim@example.org"}
    await answered(server, 1, acceptance)
    await server.app[CLOCKWORK].run_due()
    text = await case.text()
    assert "Lingua Accepted Tue, 1 Dec 2026, 09:00" in text
    assert "An interpreter will come." in text
    assert "Ibrahim · Interpreter" in text and "People (2)" in text


@pytest.mark.parametrize("choice", ["Invite without interpreter", "Cancel"])
async def test_the_mail_that_nobody_interprets_leads_to_where_that_is_decided(
    server: Server, nurse: Person, choice: str
) -> None:
    await interpreted_by(server, "Lingua")
    case = await planned(server, nurse, **PLANNED, interpreter="on")
    await answered(server, 1, {"answer": "decline"})
    [mail] = [each for each in await outbox(server) if each.to == "nurse@example.org"]
    assert case.address in mail.text
    labels = await case.labels()
    assert labels[:3] == ["Open", "Move", "Invite without interpreter"]
    # one way to cancel, not two
    assert labels.count("Cancel") == 1 and "Cancel session" not in labels
    assert 'action="/sessions' in (await nurse.get("/invites")).text
    leads = await case.press(choice)
    mails = [each.to for each in await outbox(server)]
    text = await case.text()
    if choice == "Cancel":
        assert leads == "/invites"
        assert "Canceled Tue, 1 Dec 2026, 09:00" in text
        assert mails.count("amina@example.org") == 0
    else:
        assert leads == case.address
        assert "Without interpreter." in text and "Cancel session" in await case.labels()
        assert mails.count("amina@example.org") == 1


async def test_the_way_in_follows_who_is_there_and_how_far_the_session_is(
    server: Server, nurse: Person, clock: MovableClock
) -> None:
    case = await planned(server, nurse)
    async with at_the_session(server, case):
        text = await case.text()
        assert "Online" in text and "Has joined before" in text
        assert (await case.labels())[0] == "Start"
        desk = await nurse.enter(consultation_id=case.consultation_id)
        await desk.command("start_consultation")
        await desk.say("How are you?")
        labels = await case.labels()
        assert labels[0] == "Open" and "Move" not in labels and "Cancel session" not in labels
        await desk.command("terminate_consultation", choice="close")
    text = await case.text()
    assert await case.labels() == ["Reopen", "Export"]
    assert "Started Tue, 1 Dec 2026, 09:00 . Closed Tue, 1 Dec 2026, 09:00" in text
    assert text.count("Closed") == 1
    until = "You can export and reopen it until Wed, 2 Dec 2026, 09:00"
    assert until in text
    history = (await nurse.get("/history")).text
    assert case.address in history and until.partition(" until")[0] in history
    assert "1 message" in history
    assert await case.press("Reopen") == case.address.removesuffix("/case")
    assert (await case.labels())[0] == "Open"


async def test_a_session_is_known_to_nobody_else(server: Server, nurse: Person) -> None:
    case = await planned(server, nurse)
    await server.account("other@example.org", "Nurse Jay")
    await server.account("boss@example.org", "The Boss", "administrator")
    for email in ("other@example.org", "boss@example.org"):
        async with Person(server) as other:
            await other.sign_in(email)
            assert (await other.get(case.address)).status == 404
            assert (await other.get("/sessions/absent-absent-00/case")).status == 404
    async with Person(server) as stranger:
        assert (await stranger.get(case.address)).location.startswith("/signin")


async def test_lists_lead_to_the_session_and_say_what_to_do_when_empty(
    server: Server, nurse: Person
) -> None:
    empty = (await nurse.get("/invites")).text
    assert "No open or planned sessions." in empty and "0 sessions" not in empty
    empty = (await nurse.get("/history")).text
    assert "No session was closed in the last 24 hours." in empty
    assert "press Terminate the session" in empty
    case = await planned(server, nurse)
    nothing = (await nurse.get("/invites?search=zzz")).text
    assert "No session matches." in nothing and "Show all sessions" in nothing
    for page in ("/", "/invites"):
        assert f'href="{case.address}"' in (await nurse.get(page)).text
