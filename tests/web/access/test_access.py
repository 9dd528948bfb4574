"""Who may do what on a real server: every action, by every role, over HTTP or the socket."""

import ast
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import pytest

from signaling.access import EVERYBODY, MATRIX
from signaling.attachment import Attachment
from signaling.consultation import Consultation
from signaling.flows.invites.inviting import Plan
from signaling.identifier import new_id
from signaling.invite import Invite, Role
from signaling.invite import Person as Invited
from tests.files import Sender
from tests.people import Answer, Person, Refused, Wire, an_id
from tests.serving import Server, serving
from tests.structure import nodes
from web.keys import INVITING, STORE

ROOT = Path(__file__).parents[3]

ALL = "scheduler service_user companion colleague interpreter"
ALLOWED = {
    "enter": ALL,
    "read_chat": ALL,
    "write_chat": ALL,
    "send_file": ALL,
    "read_file": ALL,
    "turn_photo": ALL,
    "answer_photo": ALL,
    "start_call": ALL,
    "join_call": ALL,
    "ask_photo": "scheduler",
    "start": "scheduler",
    "terminate": "scheduler",
    "resume": "scheduler",
    "reopen": "scheduler",
    "cancel": "scheduler",
    "edit": "scheduler",
    "invite": "scheduler",
    "export": "scheduler",
    "see_links": "scheduler",
}
"The matrix, written out once more: changing it takes two hands."

SEATED: tuple[Role, ...] = ("service_user", "companion", "colleague", "interpreter")
STRANGERS = ("other_scheduler", "administrator", "anonymous", "holder_of_another_seat")
STATES = {
    "start_call": "active",
    "join_call": "active",
    "terminate": "active",
    "resume": "kept_open",
    "reopen": "closed",
}
"Where the action is possible; elsewhere it is `waiting`."
NOWHERE = {"not_found", "sign_in_required"}


@dataclass
class Town:
    """A server and the browsers of all roles."""

    server: Server
    people: dict[str, Person]
    own_seat: str = ""
    "Of the holder of another seat."

    async def consultation(self) -> tuple[Consultation, dict[str, Invite]]:
        app = self.server.app
        scheduler = await app[STORE].read.accounts.by_email("nurse@example.org")
        assert scheduler is not None
        people = tuple(
            (role, Invited(role, "", "none", f"{role}@example.org", "en")) for role in SEATED
        )
        consultation, invites = await app[INVITING].invite(scheduler, Plan("remote", people))
        return consultation, {invite.role: invite for invite in invites}

    async def sit(self, invite: Invite, person: Person) -> None:
        token = await self.server.app[STORE].read.invites.token(invite.consultation_id, invite.id)
        await person.join(f"/i/{token}")


@pytest.fixture(scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(serving(tmp_path_factory.mktemp("access")))
        people = {
            name: await stack.enter_async_context(Person(server))
            for name in (*EVERYBODY, *STRANGERS)
        }
        await server.account()
        await server.account("other@example.org", "Nurse Jay")
        await server.account("admin@example.org", "Ada", "administrator")
        for name, email in (
            ("scheduler", "nurse@example.org"),
            ("other_scheduler", "other@example.org"),
            ("administrator", "admin@example.org"),
        ):
            assert (await people[name].sign_in(email)).status == 303
        town = Town(server, people)
        _, invites = await town.consultation()
        seat = invites["service_user"]
        await town.sit(seat, people["holder_of_another_seat"])
        town.own_seat = seat.id
        yield town


class Visit:
    """One person tries an action on a consultation made for it; every result is one word."""

    def __init__(self, town: Town, actor: str, stack: AsyncExitStack) -> None:
        self.town = town
        self.actor = actor
        self.person = town.people[actor]
        self.stack = stack
        self.id = ""
        self.invites: dict[str, Invite] = {}

    async def prepare(self, action: str) -> None:
        """Take the seats, write a line, and bring the consultation into a state that allows the action."""
        consultation, self.invites = await self.town.consultation()
        self.id = consultation.id
        for role in {self.actor, self.helper} & set(SEATED):
            await self.town.sit(self.invites[role], self.town.people[role])
        now = datetime.now(UTC)
        ready = replace(
            consultation,
            state=STATES.get(action, "waiting"),
            interpreting="unavailable" if action == "invite" else "none",
        )

        async def work(records: Any) -> None:
            await records.consultations.change(ready)
            await records.chat.append(ready.id, new_id(), ready.scheduler_id, "text", "Hello", now)

        await self.town.server.app[STORE].write(work)

    async def facts(self) -> tuple[object, object]:
        """Everything that must not change when somebody is refused; mail may be sent meanwhile."""
        read = self.town.server.app[STORE].read
        consultation = await read.consultations.get(self.id)
        invites = await read.invites.of_consultation(self.id)
        return consultation, {
            invite.id: (invite.role, invite.person, invite.token_digest, invite.usable)
            for invite in invites
        }

    # --- the socket

    @property
    def helper(self) -> str:
        """Another person in the room."""
        return "companion" if self.actor == "service_user" else "service_user"

    async def welcomed(self, name: str, **room: Any) -> Wire:
        wire = await self.town.people[name].enter(**room)
        self.stack.push_async_callback(wire.ws.close)
        return wire

    def doors(self) -> list[dict[str, str]]:
        """Every way to name the room in a hello."""
        if self.actor == "scheduler":
            return [{"consultation_id": self.id}]
        if self.actor in SEATED:
            return [{"invite_id": self.invites[self.actor].id}]
        doors = [{"consultation_id": self.id}]
        doors += [{"invite_id": invite.id} for invite in self.invites.values()]
        if self.actor == "holder_of_another_seat":
            doors.append({"invite_id": self.town.own_seat, "consultation_id": self.id})
        return doors

    async def speak(self, say: Callable[[Wire], Awaitable[object]]) -> set[str]:
        answers = set()
        for door in self.doors():
            try:
                await say(await self.welcomed(self.actor, **door))
                answers.add("done")
            except Refused as refused:
                answers.add(refused.code)
        return answers

    # --- HTTP

    def places(self) -> list[str]:
        """Every page of the session, as a path."""
        if self.actor == "scheduler":
            return [f"/sessions/{self.id}"]
        if self.actor in SEATED:
            return [f"/seat/{self.invites[self.actor].id}"]
        return [f"/sessions/{self.id}", *(f"/seat/{each.id}" for each in self.invites.values())]

    async def keep_file(self, kind: Literal["photo", "pdf"] = "pdf") -> str:
        """A file in the chat; its id."""
        store, file_id, content = self.town.server.app[STORE], an_id("file"), b"%PDF-1.7"
        scheduler_id = (await self.town.consultation())[0].scheduler_id
        async with store.files.writer(self.id, file_id, "original") as writer:
            await writer.write(content)
            await writer.finish()
        attachment = Attachment(
            id=file_id, consultation_id=self.id, kind=kind, name="a", size=len(content),
            pages=1, notes=(), turned=0, renditions=(),
        )  # fmt: skip

        async def work(records: Any) -> None:
            await records.chat.append(
                self.id, file_id, scheduler_id, kind, "", datetime.now(UTC), attachment=attachment
            )

        await store.write(work)
        return file_id

    async def get(self, path: str) -> str:
        return self.word(await self.person.get(path))

    async def post(self, path: str, **form: str) -> str:
        return self.word(await self.person.post(path, form))

    def word(self, answer: Answer) -> str:
        if answer.status == 303:
            return "sign_in_required" if answer.location.startswith("/signin") else "done"
        words = {
            200: "done",
            201: "done",
            401: "sign_in_required",
            403: "not_allowed",
            404: "not_found",
        }
        return words.get(answer.status, str(answer.status))


async def enter(visit: Visit) -> set[str]:
    async def come(wire: Wire) -> None:
        assert wire.frames[0]["type"] == "welcome"

    answers = await visit.speak(come)
    seated = visit.actor in SEATED
    page = f"/seat/{visit.invites[visit.actor].id}" if seated else f"/sessions/{visit.id}"
    return answers | {await visit.get(page)}


async def read_chat(visit: Visit) -> set[str]:
    async def read(wire: Wire) -> None:
        snapshot = next(frame for frame in wire.frames if frame["type"] == "snapshot")
        assert "Hello" in [line["text"] for line in snapshot["chat"]]

    return await visit.speak(read)


async def write_chat(visit: Visit) -> set[str]:
    return await visit.speak(lambda wire: wire.say("Good morning"))


async def send_file(visit: Visit) -> set[str]:
    return {
        visit.word(await Sender(visit.person, place).create(b"%PDF-1.7", an_id("file")))
        for place in visit.places()
    }


async def read_file(visit: Visit) -> set[str]:
    file_id = await visit.keep_file()
    return {await visit.get(f"{place}/files/{file_id}/original") for place in visit.places()}


async def turn_photo(visit: Visit) -> set[str]:
    file_id = await visit.keep_file("photo")
    return await visit.speak(lambda wire: wire.command("turn_photo", line_id=file_id, turned=1))


async def answer_photo(visit: Visit) -> set[str]:
    answer = {"request_id": an_id("request"), "answer": "declined"}
    return await visit.speak(lambda wire: wire.command("answer_photo", **answer))


async def ask_photo(visit: Visit) -> set[str]:
    asked = visit.invites[visit.helper].id
    return await visit.speak(lambda wire: wire.command("ask_photo", participant_id=asked))


async def start_call(visit: Visit) -> set[str]:
    await visit.welcomed(visit.helper, invite_id=visit.invites[visit.helper].id)
    return await visit.speak(lambda wire: wire.command("call_start", media="audio"))


async def join_call(visit: Visit) -> set[str]:
    caller = await visit.welcomed(visit.helper, invite_id=visit.invites[visit.helper].id)
    call = an_id("call")
    await caller.command("call_start", id=call, media="audio")
    return await visit.speak(lambda wire: wire.command("call_accept", call_id=call))


async def start(visit: Visit) -> set[str]:
    await visit.welcomed(visit.helper, invite_id=visit.invites[visit.helper].id)
    return await visit.speak(lambda wire: wire.command("start_consultation"))


async def terminate(visit: Visit) -> set[str]:
    return await visit.speak(
        lambda wire: wire.command("terminate_consultation", choice="keep_open")
    )


async def resume(visit: Visit) -> set[str]:
    return await visit.speak(lambda wire: wire.command("resume_consultation"))


async def reopen(visit: Visit) -> set[str]:
    return {await visit.post(f"/sessions/{visit.id}/reopen")}


async def cancel(visit: Visit) -> set[str]:
    return {await visit.post(f"/sessions/{visit.id}/cancel")}


async def edit(visit: Visit) -> set[str]:
    page = f"/sessions/{visit.id}/edit"
    person = {"first_name": "Amina", "address": "amina@example.org", "language": "en"}
    return {
        await visit.get(page),
        await visit.post(page, **person),
        await visit.post(f"/invites/{visit.invites['companion'].id}/remove"),
    }


async def invite(visit: Visit) -> set[str]:
    session = f"/sessions/{visit.id}"
    one = {"colleague": "on", "colleague_1_address": "lee@example.org"}
    more = {"colleague": "on", "colleague_1_address": "doctor@example.org"}
    return {
        await visit.post(f"{session}/without-interpreter"),
        await visit.get(f"{session}/people/new"),
        await visit.post(f"{session}/people/new", **one),
        await visit.post(f"{session}/people", **more),
        await visit.post(f"/invites/{visit.invites['service_user'].id}/send"),
    }


async def export(visit: Visit) -> set[str]:
    return {await visit.get(f"/sessions/{visit.id}/report.pdf")}


async def see_links(visit: Visit) -> set[str]:
    link = f"/invites/{visit.invites['service_user'].id}"
    return {
        await visit.get(f"{link}/link"),
        await visit.get(f"{link}/qr.svg"),
        await visit.get(f"/sessions/{visit.id}/case"),
    }


ATTEMPTS = {
    attempt.__name__: attempt
    for attempt in (
        enter, read_chat, write_chat, send_file, read_file, turn_photo, answer_photo, ask_photo,
        start_call, join_call, start, terminate, resume, reopen, cancel, edit, invite, export,
        see_links,
    )
}  # fmt: skip
ON_THE_SOCKET = {"ask_photo", "start", "terminate", "resume"} | {
    action for action, roles in ALLOWED.items() if roles == ALL
}


def test_the_matrix_is_the_table_above() -> None:
    assert {action: set(roles) for action, roles in MATRIX.items()} == {
        action: set(roles.split()) for action, roles in ALLOWED.items()
    }
    assert set(ATTEMPTS) == set(MATRIX)


def test_every_action_of_the_matrix_is_asked_for_somewhere() -> None:
    asked = set()
    for folder in ("signaling/flows", "web"):
        for file in (ROOT / folder).rglob("*.py"):
            for node in nodes(file.read_text("utf-8")):
                match node:
                    case ast.Call(
                        func=ast.Name(id=name) | ast.Attribute(attr=name),
                        args=[*_, ast.Constant(value=str(action))],
                    ) if name in ("require", "owned", "_own", "_editable", "place_of", "staying"):
                        asked.add(action)
    assert asked == set(MATRIX)


@pytest.mark.parametrize("actor", [*EVERYBODY, *STRANGERS])
@pytest.mark.parametrize(
    "action",
    # A report is drawn by a process of its own.
    [pytest.param(each, marks=pytest.mark.slow) if each == "export" else each for each in ALLOWED],
)
async def test_everybody_may_do_what_the_matrix_says_and_nothing_else(
    town: Town, action: str, actor: str
) -> None:
    allowed = actor in ALLOWED[action].split()
    assert allowed == (actor in MATRIX[action])
    async with AsyncExitStack() as stack:
        visit = Visit(town, actor, stack)
        await visit.prepare(action)
        before = await visit.facts()
        answers = await ATTEMPTS[action](visit)
        after = await visit.facts()
    if allowed:
        assert answers == {"done"}
        return
    if actor in SEATED and action in ON_THE_SOCKET:
        assert answers == {"not_allowed"}
    elif actor in ("other_scheduler", "administrator"):
        assert answers == {"not_found"}
    else:
        assert answers and answers <= NOWHERE
    assert after == before


@pytest.mark.parametrize(
    ("action", "role"), [(action, role) for action in ALLOWED for role in ALLOWED[action].split()]
)
async def test_a_right_that_is_taken_from_the_matrix_is_refused(
    town: Town, action: str, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server uses the matrix, not something that happens to agree with it."""
    monkeypatch.setitem(MATRIX, action, tuple(each for each in MATRIX[action] if each != role))
    async with AsyncExitStack() as stack:
        visit = Visit(town, role, stack)
        await visit.prepare(action)
        before = await visit.facts()
        assert await ATTEMPTS[action](visit) == {"not_allowed"}
        assert await visit.facts() == before


async def test_another_seat_tells_nothing_of_whether_one_exists(town: Town) -> None:
    _, invites = await town.consultation()
    for name in STRANGERS:
        person = town.people[name]
        real = await person.get(f"/seat/{invites['companion'].id}")
        invented = await person.get(f"/seat/{new_id()}")
        assert real.status == invented.status in (404, 410)


async def test_a_call_elsewhere_cannot_be_joined_from_ones_own_room(town: Town) -> None:
    async with AsyncExitStack() as stack:
        visit = Visit(town, "scheduler", stack)
        await visit.prepare("start_call")
        caller = await visit.welcomed("scheduler", consultation_id=visit.id)
        call = an_id("call")
        await caller.command("call_start", id=call, media="audio")
        other = await visit.welcomed("holder_of_another_seat", invite_id=town.own_seat)
        with pytest.raises(Refused, match="conflict"):
            await other.command("call_accept", call_id=call)
