"""Somebody tries an action in a session made for it, over HTTP or the socket: one attempt for each."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from signaling.account import Team
from signaling.attachment import Attachment
from signaling.consultation import Consultation
from signaling.flows.invites.inviting import Plan
from signaling.identifier import new_id
from signaling.invite import Invite, Role
from signaling.invite import Person as Invited
from signaling.wire.messages import PROTOCOL_VERSION
from tests.files import Sender
from tests.people import Answer, Person, Refused, Wire, an_id
from tests.serving import Server
from web.keys import INVITING, ROOMS, STORE

EMAILS = {
    "scheduler": "nurse@example.org",
    "co_scheduler": "remi@example.org",
    "team_member": "mate@example.org",
    "other_scheduler": "other@example.org",
    "administrator": "admin@example.org",
}
ACCOUNTS = ("scheduler", "co_scheduler", "team_member")
"Roles of those who are signed in."
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


async def a_team(server: Server, *emails: str) -> None:
    store = server.app[STORE]
    team_id = new_id()

    async def work(records: Any) -> None:
        await records.teams.put(Team(team_id, "Ward"))
        for email in emails:
            account = await records.accounts.by_email(email)
            await records.teams.add_member(team_id, account.id)

    await store.write(work)
    await server.app[ROOMS].load_teams()


class Visit:
    """One person tries an action on a consultation made for it; every result is one word."""

    def __init__(self, town: Town, actor: str, stack: AsyncExitStack) -> None:
        self.town = town
        self.actor = actor
        self.person = town.people[actor]
        self.stack = stack
        self.id = ""
        self.scheduler_id = ""
        self.invites: dict[str, Invite] = {}

    async def prepare(self, action: str) -> None:
        """Take the seats, write a line, and bring the consultation into a state that allows the action."""
        consultation, self.invites = await self.town.consultation()
        self.id, self.scheduler_id = consultation.id, consultation.scheduler_id
        for role in {self.actor, self.helper} & set(SEATED):
            await self.town.sit(self.invites[role], self.town.people[role])
        colleagues = [
            await self.account_id(each) for each in ("remi@example.org", "third@example.org")
        ]
        now = datetime.now(UTC)
        ready = replace(
            consultation,
            state=STATES.get(action, "waiting"),
            interpreting="unavailable" if action == "invite" else "none",
        )

        async def work(records: Any) -> None:
            await records.consultations.change(ready)
            for colleague in colleagues:
                await records.consultations.share(ready.id, colleague)
            await records.chat.append(ready.id, new_id(), ready.scheduler_id, "text", "Hello", now)

        await self.town.server.app[STORE].write(work)

    async def account_id(self, email: str) -> str:
        account = await self.town.server.app[STORE].read.accounts.by_email(email)
        assert account is not None
        return account.id

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
        if self.actor in ACCOUNTS:
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
        if self.actor in ACCOUNTS:
            return [f"/sessions/{self.id}"]
        if self.actor in SEATED:
            return [f"/seat/{self.invites[self.actor].id}"]
        return [f"/sessions/{self.id}", *(f"/seat/{each.id}" for each in self.invites.values())]

    async def keep_file(self, kind: Literal["photo", "pdf"] = "pdf") -> str:
        """A file in the chat; its id."""
        store, file_id, content = self.town.server.app[STORE], an_id("file"), b"%PDF-1.7"
        async with store.files.writer(self.id, file_id, "original") as writer:
            await writer.write(content)
            await writer.finish()
        attachment = Attachment(
            id=file_id, consultation_id=self.id, kind=kind, name="a", size=len(content),
            pages=1, notes=(), turned=0, renditions=(),
        )  # fmt: skip

        async def work(records: Any) -> None:
            await records.chat.append(
                self.id,
                file_id,
                self.scheduler_id,
                kind,
                "",
                datetime.now(UTC),
                attachment=attachment,
            )

        await store.write(work)
        return file_id

    async def get(self, path: str) -> str:
        return self.word(await self.person.get(path))

    async def post(self, path: str, **form: str) -> str:
        return self.word(await self.person.post(path, form))

    def word(self, answer: Answer) -> str:
        if answer.status == 303 and answer.location.endswith("/take-part"):
            return "not_found"  # but for the question whether one takes part
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
    seats = [place for place in visit.places() if place.startswith("/seat")]
    kept = {await visit.get(f"{place}/shell") for place in seats}
    return answers | {await visit.get(page)} | kept


async def read_chat(visit: Visit) -> set[str]:
    async def read(wire: Wire) -> None:
        snapshot = next(frame for frame in wire.frames if frame["type"] == "snapshot")
        assert "Hello" in [line["text"] for line in snapshot["chat"]]

    return await visit.speak(read)


async def write_chat(visit: Visit) -> set[str]:
    answers = await visit.speak(lambda wire: wire.say("Good morning"))
    for seat in (place for place in visit.places() if place.startswith("/seat")):
        message = {"type": "chat_send", "id": an_id("kept"), "text": "Good morning"}
        answer = await visit.person.ask("POST", f"{seat}/messages", json=message)
        answers.add(visit.word(answer))
    return answers


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


async def ask_for_phone_call(visit: Visit) -> set[str]:
    seats = [path for path in visit.places() if path.startswith("/seat/")]
    if not seats:
        seats = [f"/seat/{each.id}" for each in visit.invites.values()]
    return {await visit.post(f"{seat}/phone-call") for seat in seats}


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


async def see_waiting(visit: Visit) -> set[str]:
    """The service user waits; whether the lobby shows it."""
    await visit.welcomed("service_user", invite_id=visit.invites["service_user"].id)
    lobby = await visit.person.connect()
    visit.stack.push_async_callback(lobby.ws.close)
    await lobby.send("hello", version=PROTOCOL_VERSION, stream="lobby", peer_id=an_id("lobby"))
    first = await lobby.frame()
    if first["type"] == "error":
        return {first["code"]}
    shown = [entry["consultation_id"] for entry in first["waiting"]]
    hidden = "not_allowed" if visit.actor in ACCOUNTS else "not_found"
    return {"done" if visit.id in shown else hidden}


async def take_part(visit: Visit) -> set[str]:
    return {await visit.post(f"/sessions/{visit.id}/take-part")}


async def share(visit: Visit) -> set[str]:
    page = f"/sessions/{visit.id}/share"
    other = await visit.account_id("other@example.org")
    return {await visit.get(page), await visit.post(page, colleague=other)}


async def end_share(visit: Visit) -> set[str]:
    """With somebody else."""
    third = await visit.account_id("third@example.org")
    return {await visit.post(f"/sessions/{visit.id}/share/{third}/end")}


async def give_back(visit: Visit) -> set[str]:
    own = await visit.account_id(EMAILS.get(visit.actor, "third@example.org"))
    return {await visit.post(f"/sessions/{visit.id}/share/{own}/end")}


async def hand_over(visit: Visit) -> set[str]:
    page = f"/sessions/{visit.id}/hand-over"
    other = await visit.account_id("other@example.org")
    return {await visit.get(page), await visit.post(page, colleague=other)}


ATTEMPTS = {
    attempt.__name__: attempt
    for attempt in (
        enter, read_chat, write_chat, send_file, read_file, turn_photo, answer_photo, ask_photo,
        ask_for_phone_call,
        start_call, join_call, start, terminate, resume, reopen, cancel, edit, invite, export,
        see_links, see_waiting, take_part, share, end_share, give_back, hand_over,
    )
}  # fmt: skip
