"""A browser that several people use: nothing of a session stays behind in it."""

from signaling.wire.messages import PROTOCOL_VERSION
from tests.people import Person
from tests.serving import Server, audit_lines
from web.keys import STORE

LEAVE_BUTTON = 'action="/leave"'


async def is_refused(person: Person, seat: str) -> bool:
    """Whether this browser gets neither the page nor the room of a seat."""
    wire = await person.connect()
    await wire.send(
        "hello", version=PROTOCOL_VERSION, stream="room", peer_id="peer-000001", invite_id=seat
    )
    refused = (await wire.frame())["type"] == "error"
    return refused and (await person.get(f"/seat/{seat}")).status in (404, 410)


async def test_who_leaves_a_device_leaves_nothing_there(
    server: Server, nurse: Person, phone: Person
) -> None:
    link = await nurse.invite()
    assert LEAVE_BUTTON not in (await phone.get(link)).text
    seat = await phone.join(link)
    for page in (f"/seat/{seat}", link, f"{link}/test"):
        assert LEAVE_BUTTON in (await phone.get(page)).text
    wire, cookie = await phone.enter(invite_id=seat), phone.cookie
    answer = await phone.post("/leave", {"language": "ar"})
    assert (answer.status, answer.location) == (303, "/left?language=ar")
    assert answer.headers["Clear-Site-Data"] == '"storage"'
    assert phone.cookie == ""
    assert await wire.end() == 4401
    left = (await phone.get(answer.location)).text
    assert '<html lang="ar" dir="rtl"' in left
    assert "Nurse Joy" not in left
    assert LEAVE_BUTTON not in left
    phone.plant(cookie)  # as somebody would who has kept it
    assert await is_refused(phone, seat)
    assert [line.action for line in await audit_lines(server.app[STORE])][-1] == "leave_seat"
    assert await phone.join(link) == seat


async def test_leaving_without_a_seat_is_no_error(phone: Person) -> None:
    assert (await phone.post("/leave")).location == "/left?language=en"


async def test_the_page_of_a_closed_session_can_be_left(nurse: Person, phone: Person) -> None:
    seat = await phone.join(await nurse.invite())
    consultation = await host(nurse, phone, seat)
    answer = await phone.get(f"/seat/{seat}")
    assert answer.status == 410
    assert LEAVE_BUTTON in answer.text
    await phone.post("/leave")
    assert (await nurse.post(f"/sessions/{consultation}/reopen")).status == 303
    assert await is_refused(phone, seat)


async def test_the_next_person_is_asked_whose_the_open_session_is(
    nurse: Person, phone: Person
) -> None:
    first = await phone.join(await nurse.invite("Amina"))
    wire, link = await phone.enter(invite_id=first), await nurse.invite("Bashir")
    for page in (await phone.get(link), await phone.post(link)):
        assert "Leave the other session and join" in page.text
        assert "Both sessions are mine: join" in page.text
        assert "Amina" not in page.text
    assert page.status == 409
    second = await phone.join(link, others="leave")
    assert await wire.end() == 4401
    assert (await phone.get(f"/seat/{second}")).status == 200
    assert await is_refused(phone, first)


async def test_one_person_with_two_sessions_keeps_both(nurse: Person, phone: Person) -> None:
    link = await nurse.invite()
    first = await phone.join(link)
    await phone.join(await nurse.invite("Amina"), others="keep")
    assert (await phone.get(f"/seat/{first}")).status == 200
    assert "Leave the other session" in (await phone.get(link)).text


async def test_nobody_is_asked_about_a_session_that_is_over_or_the_same(
    nurse: Person, phone: Person
) -> None:
    link = await nurse.invite()
    seat = await phone.join(link)
    assert await phone.join(link, others="") == seat
    await host(nurse, phone, seat)
    await phone.join(await nurse.invite("Bashir"), others="")


async def test_a_session_that_is_reopened_does_not_come_back_to_the_next_person(
    nurse: Person, phone: Person
) -> None:
    seat = await phone.join(await nurse.invite())
    consultation = await host(nurse, phone, seat)
    await phone.join(await nurse.invite("Bashir"))
    assert (await nurse.post(f"/sessions/{consultation}/reopen")).status == 303
    assert await is_refused(phone, seat)


async def test_a_scheduler_opens_the_links_of_others_beside_the_own_pages(nurse: Person) -> None:
    first = await nurse.join(await nurse.invite())
    second = await nurse.join(await nurse.invite("Bashir"), others="")
    wire = await nurse.enter(invite_id=first)
    assert (await nurse.get(f"/seat/{second}")).status == 200
    await nurse.post("/leave")
    assert await wire.end() == 4401
    assert await is_refused(nurse, first)
    assert await is_refused(nurse, second)
    assert (await nurse.get("/")).status == 200


async def test_signing_out_leaves_nothing_behind_on_a_shared_computer(nurse: Person) -> None:
    seat, cookie = await nurse.join(await nurse.invite()), nurse.cookie
    answer = await nurse.post("/signout")
    assert answer.headers["Clear-Site-Data"] == '"storage"'
    assert await is_refused(nurse, seat)
    nurse.plant(cookie)
    assert (await nurse.get("/")).location == "/signin"


async def host(nurse: Person, phone: Person, seat: str) -> str:
    """Start the session of a seat and close it; its id."""
    guest = await phone.enter(invite_id=seat)
    snapshot = next(frame for frame in guest.frames if frame["type"] == "snapshot")
    consultation = str(snapshot["consultation"]["consultation_id"])
    wire = await nurse.enter(consultation_id=consultation)
    await wire.command("start_consultation")
    await wire.command("terminate_consultation", choice="close")
    await guest.end()
    return consultation
