"""A corrected address: what was sent to the one before may be in anybody's hands, so it opens nothing."""

import re

import pytest

from tests.clock import MovableClock
from tests.people import LINK, Person, outbox
from tests.serving import Server, moment

OTHER = "haddad@example.org"


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(moment("2026-12-07 14:37"))


async def edit(nurse: Person, **changed: str) -> None:
    """Send "Edit" of the only session."""
    session = re.search(r'data-consultation-id="([\w-]+)"', (await nurse.get("/invites")).text)
    assert session is not None
    typed = {
        "address": "amina@example.org", "channel": "", "first_name": "Amina", "last_name": "",
        "language": "en", **changed,
    }  # fmt: skip
    answer = await nurse.post(f"/sessions/{session[1]}/edit", typed)
    assert answer.status == 303, answer.text


async def link_to(server: Server, address: str) -> str:
    """The link in the latest mail to this address."""
    texts = [mail.text for mail in await outbox(server) if mail.to == address]
    found = LINK.search(texts[-1])
    assert found is not None
    return found.group()


async def test_the_link_that_went_to_another_address_opens_nothing(
    server: Server, nurse: Person, phone: Person
) -> None:
    before = await nurse.invite()
    await edit(nurse, address=OTHER)
    link = await link_to(server, OTHER)
    assert link != before
    assert (await phone.get(before)).status == 410
    assert (await phone.post(before)).status == 410
    await phone.join(link)


async def test_copy_link_gives_the_new_one(server: Server, nurse: Person) -> None:
    await nurse.invite()
    await edit(nurse, address=OTHER)
    address = re.search(r"/invites/[\w-]+/link", (await nurse.get("/invites")).text)
    assert address is not None
    copied = await nurse.get(address.group(), Accept="application/json")
    assert await link_to(server, OTHER) in copied.text


async def test_whoever_came_by_it_has_to_leave(
    server: Server, nurse: Person, phone: Person
) -> None:
    seat = await phone.join(await nurse.invite())
    stranger = await phone.enter(invite_id=seat)
    await edit(nurse, address=OTHER)
    await stranger.end()
    assert (await phone.get(f"/seat/{seat}")).status == 410
    async with Person(server) as amina:
        assert await amina.join(await link_to(server, OTHER)) == seat
        entered = await amina.enter(invite_id=seat)
        await entered.say("It is me")


async def test_a_reminder_has_the_new_link(
    server: Server, clock: MovableClock, nurse: Person
) -> None:
    plan = {"plan_later": "on", "date": "2026-12-20", "time": "10:00", "time_zone": "UTC"}
    await nurse.invite(**plan)
    await edit(nurse, address=OTHER, **plan)
    link = await link_to(server, OTHER)
    clock.move(moment("2026-12-20 09:50") - clock.now())
    mails = [mail for mail in await outbox(server) if "reminder" in mail.text]
    assert mails and all(link in mail.text and mail.to == OTHER for mail in mails)


async def test_an_experts_new_address_has_a_new_link(
    server: Server, nurse: Person, phone: Person
) -> None:
    await nurse.invite(colleague="on", colleague_1_address="lee@example.org")
    before = await link_to(server, "lee@example.org")
    session = re.search(r'data-consultation-id="([\w-]+)"', (await nurse.get("/invites")).text)
    assert session is not None
    page = (await nurse.get(f"/sessions/{session[1]}/edit")).text
    expert = re.search(r'action="(/invites/[\w-]+/edit)"', page)
    assert expert is not None
    typed = {"name": "Dr. Lee", "address": "leung@example.org", "language": "en"}
    assert (await nurse.post(expert[1], typed)).status == 303
    assert (await phone.get(before)).status == 410
    await phone.join(await link_to(server, "leung@example.org"))


@pytest.mark.parametrize("changed", [{"language": "ar"}, {"first_name": "Aminata"}])
async def test_the_same_address_keeps_its_link(
    nurse: Person, phone: Person, changed: dict[str, str]
) -> None:
    link = await nurse.invite()
    seat = await phone.join(link)
    wire = await phone.enter(invite_id=seat)
    await edit(nurse, **changed)
    await wire.say("Still here")
    assert (await phone.get(link)).status == 200


async def test_a_link_passed_on_by_hand_stays_when_there_is_an_address(
    server: Server, nurse: Person, phone: Person
) -> None:
    link = await nurse.invite(address="", channel="none")
    await edit(nurse, address=OTHER)
    assert await link_to(server, OTHER) == link
    await phone.join(link)
