"""A nurse and a doctor who have accounts, a session that they may share, and who waits in it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from signaling.account import Account
from tests.people import Person, Wire, consultation_of, outbox
from tests.serving import Server, serving


@dataclass
class Ward:
    """Nurse Joy, whose session Amina waits in; Dr Remi; and an administrator."""

    server: Server
    stack: AsyncExitStack
    boss: Person
    nurse: Person
    doctor: Person
    amina: Person
    joy: Account
    remi: Account
    seat: Wire
    session: str
    "Its address."

    @property
    def consultation_id(self) -> str:
        return self.session.rpartition("/")[2]

    async def room(self, person: Person) -> Wire:
        return await person.enter(consultation_id=self.consultation_id)

    async def person(self) -> Person:
        return await self.stack.enter_async_context(Person(self.server))

    async def mails(self, account: Account) -> list[Any]:
        return [mail for mail in await outbox(self.server) if mail.to == account.email]

    async def share(self) -> None:
        answer = await self.nurse.post(f"{self.session}/share", {"colleague": self.remi.id})
        assert (answer.status, answer.location) == (303, f"{self.session}/case")

    async def end_share(self) -> None:
        ending = f"{self.session}/share/{self.remi.id}/end"
        assert (await self.nurse.post(ending)).status == 303

    async def team(self, *members: Account) -> str:
        """The address of a new team."""
        team = (await self.boss.post("/admin/teams", {"name": "Ward"})).location
        for member in members:
            added = await self.boss.post(f"{team}/add-member", {"member": member.id})
            assert added.status == 303
        return team


@asynccontextmanager
async def opened(tmp_path: Path) -> AsyncIterator[Ward]:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(serving(tmp_path))
        joy = await server.account()
        remi = await server.account("remi@example.org", "Dr Remi")
        await server.account("boss@example.org", "The Boss", "administrator")
        boss, nurse, doctor, amina = [
            await stack.enter_async_context(Person(server)) for _ in range(4)
        ]
        await boss.sign_in("boss@example.org")
        await nurse.sign_in()
        await doctor.sign_in("remi@example.org")
        seat = await amina.enter(invite_id=await amina.join(await nurse.invite()))
        session = f"/sessions/{await consultation_of(seat)}"
        yield Ward(server, stack, boss, nurse, doctor, amina, joy, remi, seat, session)


def waiting(frame: dict[str, Any]) -> list[tuple[str, str]]:
    return [(entry["name"], entry.get("whose", "")) for entry in frame["waiting"]]


async def until_waiting(lobby: Wire, *expected: tuple[str, str]) -> None:
    while waiting(await lobby.until("lobby")) != list(expected):
        pass
