"""Notices that cannot be sent, and buttons pressed twice."""

from tests.engines.databases import run
from tests.notices.desk import Desk
from tests.notices.test_phones import SMS, attempts
from web.keys import SENDING, STORE


async def send_again(nurse: Desk, *, times: int = 1) -> None:
    page = await nurse.list()
    [address] = [part.split('"')[0] for part in page.split('action="')[1:] if "/send" in part]
    async with nurse.server.app[SENDING]._busy:  # nothing is handed over before the last press
        for _ in range(times):
            assert (await nurse.person.post(address)).status == 303
    nurse.server.app[SENDING].wake()
    await nurse.deliver()


async def test_send_again_pressed_twice_sends_once(nurse: Desk) -> None:
    await nurse.invite(**SMS)
    await send_again(nurse, times=3)
    assert len(nurse.outside.texts) == 2
    await send_again(nurse)
    assert len(nurse.outside.texts) == 3


async def test_send_again_does_not_add_to_what_still_waits(nurse: Desk) -> None:
    nurse.outside.phones.answers = [429]
    await nurse.invite(**SMS)
    assert await attempts(nurse) == [("sms", "failed", "too_many")]
    await send_again(nurse)
    assert await attempts(nurse) == [("sms", "sent", "")]
    nurse.move(hours=2)
    await nurse.deliver()
    assert len(nurse.outside.texts) == 2  # the refused one, and the one that was sent


async def test_send_again_sends_what_has_an_unknown_outcome(nurse: Desk) -> None:
    nurse.outside.phones.answers = ["cut"]
    await nurse.invite(**SMS)
    await send_again(nurse)
    assert await attempts(nurse) == [("sms", "unknown", "reply_lost"), ("sms", "sent", "")]


async def test_what_no_route_allows_any_more_is_shown_as_not_sent(nurse: Desk) -> None:
    await nurse.invite(**SMS)
    denied = {"routes": "allow + sms\ndeny +41 any\n"}
    assert (await nurse.person.post("/admin/routes", denied)).status == 303
    await send_again(nurse)
    assert len(nurse.outside.texts) == 1
    assert "The administrator has not allowed messages to this number." in await nurse.list()


async def test_an_unreadable_notice_blocks_nobody(nurse: Desk) -> None:
    form = {"kind": "remote", "first_name": "A", "language": "en", "address": "a@example.org"}
    async with nurse.server.app[SENDING]._busy:
        assert (await nurse.person.post("/invites/new", form)).status == 303
        await run(nurse.server.app[STORE], "UPDATE notice SET envelope = ?", bytes(200))
    await nurse.invite(address="b@example.org")
    assert [each.recipients for each in nurse.outside.mail.received] == [["b@example.org"]]
    assert ("email", "abandoned", "no_route") in await attempts(nurse)
