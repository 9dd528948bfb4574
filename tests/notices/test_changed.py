"""What people are told when a planned session, or who is invited to it, changes."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.notices.desk import Desk, Outside, desk
from tests.notices.test_planned import body, consultation_id, event_of, move
from web.keys import STORE

NOW = datetime(2026, 10, 20, 8, 0, tzinfo=UTC)
PLANNED = {
    "address": "amina@example.org",
    "plan_later": "on",
    "date": "2026-10-23",
    "time": "14:30",
    "time_zone": "Europe/Zurich",
}
TO_THE_26TH = {"language": "en", "date": "2026-10-26", "time": "15:45"}


def told(around: Outside) -> list[tuple[str, str, bool]]:
    """(recipient, subject, whether it has the new date) of every mail so far."""
    return [
        (
            each.recipients[0],
            str(each.message["Subject"]),
            "26 October 2026, 15:45" in body(each.message, "plain"),
        )
        for each in around.mail.received
    ]


async def test_a_waiting_notice_is_not_sent_with_the_old_date(
    tmp_path: Path, around: Outside
) -> None:
    async with desk(tmp_path / "data", around, NOW) as nurse:
        around.mail.on_recipient = lambda address: "451 4.7.1 Come back later"
        await nurse.invite(**PLANNED)
        around.mail.on_recipient = lambda address: None
        await move(nurse, await consultation_id(nurse), **TO_THE_26TH)
        nurse.move(hours=1)
        await nurse.deliver()
        assert told(around) == [("amina@example.org", "Invitation to a planned session", True)]
        [invitation] = around.mail.received
        event, _, method = event_of(invitation.message)
        assert (method, event["SEQUENCE"]) == ("REQUEST", "1")


async def test_another_address_and_another_date_at_once_are_one_invitation(
    tmp_path: Path, around: Outside
) -> None:
    async with desk(tmp_path / "data", around, NOW) as nurse:
        await nurse.invite(**PLANNED, colleague="on", colleague_1_address="lee@example.org")
        around.mail.received.clear()
        session = await consultation_id(nurse)
        await move(nurse, session, address="haddad@example.org", **TO_THE_26TH)
        assert sorted(told(around)) == [
            ("haddad@example.org", "Invitation to a planned session", True),
            ("lee@example.org", "Your session has been moved", True),
        ]


async def test_a_corrected_name_and_another_date_are_a_move(
    tmp_path: Path, around: Outside
) -> None:
    async with desk(tmp_path / "data", around, NOW) as nurse:
        await nurse.invite(**PLANNED)
        await move(nurse, await consultation_id(nurse), first_name="Aminah", **TO_THE_26TH)
        [_, moved] = around.mail.received
        assert moved.message["Subject"] == "Your session has been moved"
        assert "Hello Aminah" in body(moved.message, "plain")


async def test_an_invalid_date_prevents_the_correction_of_the_address_too(
    tmp_path: Path, around: Outside
) -> None:
    async with desk(tmp_path / "data", around, NOW) as nurse:
        await nurse.invite(**PLANNED)
        session = await consultation_id(nurse)
        form = {**PLANNED, "first_name": "Amina", "last_name": "", "channel": "", "language": "en"}
        answer = await nurse.person.post(
            f"/sessions/{session}/edit",
            {**form, "address": "haddad@example.org", "date": "2026-10-19"},
        )
        assert answer.status == 400
        assert "haddad@example.org" in answer.text  # the form keeps what was typed
        await nurse.deliver()
        assert len(around.mail.received) == 1
        assert "haddad@example.org" not in await nurse.list()


async def seats(nurse: Desk, session: str) -> list[str]:
    invites = await nurse.server.app[STORE].read.invites.of_consultation(session)
    return [invite.person.address for invite in invites if invite.usable]


@pytest.mark.parametrize("place", ["people", "people/new"])
async def test_several_people_are_invited_together_or_not_at_all(
    tmp_path: Path, around: Outside, place: str
) -> None:
    def experts(count: int, last: str) -> dict[str, str]:
        fields = {f"colleague_{number}_address": f"c{number}@example.org" for number in range(1, 6)}
        chosen = dict(list(fields.items())[:count])
        return {"colleague": "on", **chosen, f"colleague_{count}_address": last}

    async with desk(tmp_path / "data", around, NOW) as nurse:
        await nurse.invite(**PLANNED)
        session = await consultation_id(nurse)
        address = f"/sessions/{session}/{place}"
        wrong = await nurse.person.post(address, experts(3, "nowhere"))
        assert wrong.status == 400
        assert "c2@example.org" in wrong.text
        assert await seats(nurse, session) == ["amina@example.org"]
        for _ in range(2):
            assert (await nurse.person.post(address, experts(5, "last@example.org"))).status == 303
        # eleven are invited, two more are one too many
        full = await nurse.person.post(address, experts(2, "last@example.org"))
        assert full.status == 400
        assert "There are too many people in this session." in full.text
        assert len(await seats(nurse, session)) == 11
        nobody = await nurse.person.post(address, {"colleague": ""})
        assert nobody.status == 400
        await nurse.deliver()
        assert len(around.mail.received) == 11


async def test_removing_and_sending_again_lead_back_to_edit(
    tmp_path: Path, around: Outside
) -> None:
    async with desk(tmp_path / "data", around, NOW) as nurse:
        await nurse.invite(**PLANNED, colleague="on", colleague_1_address="lee@example.org")
        session = await consultation_id(nurse)
        edit = f"/sessions/{session}/edit"
        page = (await nurse.person.get(edit)).text
        [removal] = [part.split('"')[0] for part in page.split('action="')[1:] if "/remove" in part]
        again = [part.split('"')[0] for part in page.split('action="')[1:] if "/send" in part]
        assert len(again) == 2
        assert (await nurse.person.post(again[1])).location == edit
        assert (await nurse.person.post(removal)).location == edit
        assert "lee@example.org" not in (await nurse.person.get(edit)).text
