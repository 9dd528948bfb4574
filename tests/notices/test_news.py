"""Something new in a session that was kept open: told once, to whoever is away, and never what."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.notices.desk import NUMBER, Desk, Outside, desk
from tests.notices.test_planned import body
from tests.people import Person, Refused, Wire, consultation_of
from web.keys import WAITS

NOW = datetime(2026, 12, 7, 10, 0, tzinfo=UTC)


@dataclass
class Kept:
    """A session that was kept open; Amina is away, and so is whoever else was invited."""

    desk: Desk
    phone: Person
    seat: str
    wire: Wire
    "Of the nurse, who has the session's page open."

    async def amina_comes(self) -> Wire:
        """Amina opens her page; returns its socket."""
        amina = await self.phone.enter(invite_id=self.seat)
        await self._amina_is(online=True)
        # commands wait until her arrival is written down: so does this one, which is not hers to give
        with pytest.raises(Refused, match="not_allowed"):
            await amina.command("start_consultation")
        return amina

    async def amina_leaves(self, amina: Wire) -> None:
        await amina.ws.close()
        await self._amina_is(online=False)
        await self.minutes(1)

    async def _amina_is(self, *, online: bool) -> None:
        """Wait until the nurse's page shows it."""
        while True:
            shown = (await self.wire.until("participant_changed"))["participant"]
            if (shown["participant_id"], shown["online"]) == (self.seat, online):
                return

    async def minutes(self, minutes: float) -> None:
        """Time goes by."""
        self.desk.move(minutes=minutes)
        await self.desk.server.app[WAITS].run_due()
        await self.desk.deliver()


@asynccontextmanager
async def kept_open(folder: Path, around: Outside, **fields: str) -> AsyncIterator[Kept]:
    async with desk(folder / "data", around, NOW) as nurse, Person(nurse.server) as phone:
        link = await nurse.person.invite(**fields)
        await nurse.deliver()
        seat = await phone.join(link)
        amina = await phone.enter(invite_id=seat)
        wire = await nurse.person.enter(consultation_id=await consultation_of(amina))
        await wire.command("start_consultation")
        await wire.command("terminate_consultation", choice="keep_open")
        kept = Kept(nurse, phone, seat, wire)
        await kept.amina_leaves(amina)
        around.mail.received.clear()
        yield kept


def told(around: Outside) -> list[tuple[str, str]]:
    return [(each.recipients[0], str(each.message["Subject"])) for each in around.mail.received]


AMINA = ("amina@example.org", "Something new waits for you")


async def test_whoever_is_away_is_told_once_until_they_come(
    tmp_path: Path, around: Outside
) -> None:
    async with kept_open(tmp_path, around) as kept:
        await kept.wire.say("Your blood test is back")
        await kept.minutes(0.5)
        assert told(around) == []
        await kept.wire.say("Please come back")
        await kept.minutes(1)
        await kept.wire.say("Are you there?")
        await kept.minutes(10)
        assert told(around) == [AMINA]
        [mail] = around.mail.received
        text = body(mail.message, "plain")
        assert "Nurse Joy" in text
        assert "/i/" in text
        assert "blood" not in text

        amina = await kept.amina_comes()
        await kept.wire.say("There you are")
        await kept.minutes(5)
        assert told(around) == [AMINA]
        await kept.amina_leaves(amina)
        await kept.wire.say("One more thing")
        await kept.minutes(2)
        assert told(around) == [AMINA, AMINA]


async def test_whoever_comes_within_the_minute_is_not_told(tmp_path: Path, around: Outside) -> None:
    async with kept_open(tmp_path, around) as kept:
        await kept.wire.say("Your blood test is back")
        amina = await kept.amina_comes()
        await kept.minutes(5)
        assert told(around) == []
        await kept.amina_leaves(amina)
        await kept.wire.say("And another one")
        await kept.minutes(5)
        assert told(around) == [AMINA]


async def test_the_others_are_told_what_amina_writes_but_not_she(
    tmp_path: Path, around: Outside
) -> None:
    everybody = {"companion": "on", "companion_address": "son@example.org"}
    async with kept_open(tmp_path, around, **everybody) as kept:
        amina = await kept.amina_comes()
        await amina.say("I feel better")
        await kept.minutes(2)
        assert told(around) == [("son@example.org", AMINA[1])]


async def test_what_waits_during_a_hand_over_names_the_colleague_and_comes_once(
    tmp_path: Path, around: Outside
) -> None:
    async with kept_open(tmp_path, around) as kept:
        remi = await kept.desk.server.account("remi@example.org", "Dr Remi")
        await kept.wire.say("Your blood test is back")
        session = f"/sessions/{await consultation_of(kept.wire)}"
        taken = await kept.desk.person.post(f"{session}/hand-over", {"colleague": remi.id})
        assert taken.status == 303
        async with Person(kept.desk.server) as doctor:
            await doctor.sign_in("remi@example.org")
            desk = await doctor.enter(consultation_id=session.rpartition("/")[2])
            await desk.say("I have taken over")
            kept.desk.move(minutes=2)
            await kept.desk.server.app[WAITS].run_due()
            await kept.desk.deliver()
        [mail] = [each for each in around.mail.received if each.recipients == [AMINA[0]]]
        text = body(mail.message, "plain")
        assert "Dr Remi" in text and "Nurse Joy" not in text


async def test_by_sms_and_not_once_it_was_closed(tmp_path: Path, around: Outside) -> None:
    async with kept_open(tmp_path, around, address=NUMBER, channel="sms") as kept:
        await kept.wire.say("Your blood test is back")
        await kept.minutes(2)
        assert around.texts[1].startswith("Something new waits for you in your session")
        amina = await kept.amina_comes()
        await kept.amina_leaves(amina)
        await kept.wire.say("Good bye")
        await kept.wire.command("terminate_consultation", choice="close")
        await kept.minutes(5)
        assert len(around.texts) == 2


async def test_nothing_is_sent_while_a_session_runs(tmp_path: Path, around: Outside) -> None:
    async with kept_open(tmp_path, around) as kept:
        await kept.wire.command("resume_consultation")
        await kept.wire.say("Nobody is told of this")
        await kept.minutes(5)
        assert told(around) == []
