"""What administrators see of the providers: their health, and what was delivered by which way."""

import html
import re

from tests.notices.desk import NUMBER, Desk
from web.keys import STORE


async def part(nurse: Desk, name: str) -> tuple[str, str]:
    """(state, words) of a part of the page "Health"."""
    page = (await nurse.person.get("/admin/health")).text
    found = re.search(rf'<li id="{name}" class="row">(.*?)</li>', page)
    assert found is not None
    state = re.search(r'data-health="(\w+)"', found[1])
    assert state is not None
    return state[1], html.unescape(re.sub("<[^>]*>", " ", found[1]))


async def test_a_mail_server_that_takes_nothing_is_seen_with_its_reason(nurse: Desk) -> None:
    assert (await part(nurse, "email"))[0] == "good"
    nurse.outside.mail.on_recipient = lambda address: "451 4.3.0 Come back later"
    await nurse.invite(address="one@example.org")
    state, words = await part(nurse, "email")
    assert state == "bad"
    assert "Last failure:" in words and "Check the address" in words
    nurse.outside.mail.on_recipient = lambda address: None
    nurse.move(minutes=30)
    await nurse.deliver()
    state, words = await part(nurse, "email")
    assert state == "good"
    assert "Last handed over:" in words and "Nothing waits" in words


async def test_a_recipient_who_is_refused_says_nothing_about_the_mail_server(nurse: Desk) -> None:
    nurse.outside.mail.on_recipient = lambda address: "550 5.1.1 No such user"
    await nurse.invite(address="nobody@example.org")
    assert (await part(nurse, "email"))[0] == "good"


async def test_deliveries_are_counted_by_their_last_way_and_sender(nurse: Desk) -> None:
    await nurse.invite(address="one@example.org")
    await nurse.invite(address=NUMBER, channel="sms")
    nurse.outside.phones.answers = [422]
    await nurse.invite(address=NUMBER, channel="sms", first_name="Boris")
    nurse.outside.mail.on_recipient = lambda address: "550 5.1.1 No such user"
    await nurse.invite(address="nobody@example.org")
    found = await nurse.server.app[STORE].read.numbers.since("")
    counted = {number.label: count for _, number, count in found if number.kind == "delivery"}
    assert counted.pop("email||handed_over") == 1
    assert counted.pop("email||failed") == 1
    assert sum(counted.values()) == 2
    assert {label.partition("|")[0] for label in counted} <= {"sms", "whatsapp"}
    page = (await nurse.person.get("/admin/numbers")).text
    assert "Deliveries by route" in page
    for label in counted:
        assert NUMBER not in label
