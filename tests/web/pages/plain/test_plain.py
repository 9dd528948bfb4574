"""Waiting and writing without a script: pages, forms, and a frame that refreshes."""

import re
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, get_args

import aiohttp
import pytest

from signaling.chat import MESSAGE_KINDS, NEWEST_LINES, LineKind
from signaling.flows.sessions.visiting import STAYS
from signaling.text import CHAT_LENGTH
from signaling.wire.messages import PROTOCOL_VERSION
from tests.clock import MovableClock
from tests.files import pdf, photo
from tests.people import Person, Wire, consultation_of
from tests.serving import Server
from tests.web.pages.plain.seat import Plain, hidden_id, typed, waiting_id, words
from web.keys import CLOCKWORK, STORE
from web.markup.shared.event_lines import event_sentence
from web.routes import path


async def lobby(nurse: Person) -> list[str]:
    """Names of those whom the scheduler sees waiting."""
    text = (await nurse.get(path("waiting_room"))).text
    return re.findall("Amina", text)[:1]


async def test_who_joins_is_led_to_the_page_that_works(plain: Plain) -> None:
    seat = await plain.person.get(path("seat", invite_id=plain.invite_id))
    address = path("seat_plain", invite_id=plain.invite_id)
    assert f'<noscript><meta http-equiv="refresh" content="0; url={address}">' in seat.text


async def test_the_scheduler_sees_who_waits_without_a_script(
    server: Server, nurse: Person, plain: Plain, clock: MovableClock
) -> None:
    assert await lobby(nurse) == []
    assert (await plain.page()).status == 200
    assert await lobby(nurse) == ["Amina"]
    for _ in range(8):
        clock.move(timedelta(seconds=15))
        await server.app[CLOCKWORK].run_due()
        await plain.lines()
    assert await lobby(nurse) == ["Amina"]
    clock.move(STAYS)
    await server.app[CLOCKWORK].run_due()
    assert await lobby(nurse) == []


async def test_the_frame_says_how_it_stands_and_refreshes(
    server: Server, nurse: Person, plain: Plain
) -> None:
    frame = await plain.lines()
    assert frame.headers["Refresh"] == "15"
    assert frame.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in frame.headers["Content-Security-Policy"]
    assert "You are in the waiting room" in words(frame.text)
    assert "has not joined yet" in words(frame.text)
    consultation_id = (await waiting_id(nurse)) or ""
    desk = await nurse.enter(consultation_id=consultation_id)
    assert "Nurse Joy\u2069 is here" in words((await plain.lines()).text)
    await desk.command("start_consultation")
    assert "You are in the session" in words((await plain.lines()).text)
    await desk.command("terminate_consultation", choice="keep_open")
    assert "The session is paused" in words((await plain.lines()).text)
    await desk.command("terminate_consultation", choice="close")
    over = await plain.lines()
    assert over.status == 410
    assert over.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "The session is over" in words(over.text)
    assert (await plain.page()).status == 410


async def said(desk: Wire) -> dict[str, Any]:
    """The next message that somebody writes."""
    while True:
        line: dict[str, Any] = (await desk.until("chat_added"))["message"]
        if line["kind"] == "text":
            return line


async def test_a_message_goes_both_ways(nurse: Person, plain: Plain) -> None:
    await plain.page()
    desk = await nurse.enter(consultation_id=await waiting_id(nurse))
    sent = await plain.write("Hello,\r\nI am here")
    assert (sent.status, sent.location) == (303, path("seat_plain", invite_id=plain.invite_id))
    line = await said(desk)
    assert line["text"] == "Hello,\nI am here"
    await desk.say("I am coming <b>soon</b>")
    text = (await plain.lines()).text
    assert "I am coming &lt;b&gt;soon&lt;/b&gt;" in text
    # the newest line comes first
    assert text.index("I am coming") < text.index("Hello,\nI am here")
    assert (await desk.until("seen_changed"))["position"] > line["position"]


async def test_a_message_that_is_sent_twice_stands_there_once(nurse: Person, plain: Plain) -> None:
    message_id = hidden_id((await plain.page()).text)
    assert hidden_id((await plain.page()).text) != message_id
    for _ in range(2):
        assert (await plain.write("once", message_id)).status == 303
    assert (await plain.lines()).text.count(">once<") == 1
    # whoever goes back in the browser writes into the same form
    await plain.write("another one", message_id)
    assert "another one" in (await plain.lines()).text


async def test_what_is_too_long_stays_in_the_field(plain: Plain) -> None:
    text = "ä" * (CHAT_LENGTH + 7)
    message_id = hidden_id((await plain.page()).text)
    refused = await plain.write(text, message_id)
    assert refused.status == 400
    assert typed(refused.text) == text
    assert hidden_id(refused.text) == message_id
    assert str(CHAT_LENGTH + 7) in words(refused.text)
    assert (await plain.write(text[:-7], message_id)).status == 303


async def test_what_cannot_be_sent_any_more_is_shown(nurse: Person, plain: Plain) -> None:
    message_id = hidden_id((await plain.page()).text)
    desk = await nurse.enter(consultation_id=await waiting_id(nurse))
    await desk.command("start_consultation")
    await desk.command("terminate_consultation", choice="close")
    answer = await plain.write("my last words", message_id)
    assert answer.status == 410
    assert "my last words" in words(answer.text)


async def test_a_seat_that_another_device_took_shows_nothing(server: Server, nurse: Person) -> None:
    link = await nurse.invite()
    async with Person(server) as one, Person(server) as other, Person(server) as stranger:
        first = Plain(one, await one.join(link))
        await first.page()
        second = Plain(other, await other.join(link))
        assert (await second.page()).status == 200
        for answer in (await first.page(), await first.lines(), await first.write("hm", "x" * 12)):
            assert answer.status == 410
            assert "another device" in words(answer.text)
        unknown = Plain(stranger, second.invite_id)
        assert (await unknown.page()).status == 404
        assert (await unknown.lines()).status == 404
        refused = await unknown.write("hm, hm", "x" * 12)
        assert (refused.status, "hm, hm" in words(refused.text)) == (404, True)


async def test_a_browser_that_keeps_no_cookies_is_told_so(server: Server, nurse: Person) -> None:
    link = await nurse.invite()
    async with Person(server) as phone:
        joined = await phone.post(link, {"room": "plain"})
        phone.http.cookie_jar.clear()
        for address in (joined.location, f"{joined.location}/lines"):
            answer = await phone.get(address)
            assert answer.status == 404
            assert "your browser keeps no cookies" in words(answer.text)


async def test_the_frame_says_when_the_session_is_although_that_changes(
    server: Server, nurse: Person, phone: Person
) -> None:
    at = {"plan_later": "on", "date": "2026-12-07", "time": "14:45", "time_zone": "UTC"}
    plain = Plain(phone, await phone.join(await nurse.invite(**at)))
    assert "14:45 (UTC)" in words((await plain.lines()).text)
    assert "14:45" not in words((await plain.page()).text), "that does not refresh"
    invite = await server.app[STORE].read.invites.get(plain.invite_id)
    assert invite is not None
    form = {"first_name": "Amina", "address": "amina@example.org", "channel": "email"}
    later = form | at | {"time": "18:00", "language": "en"}
    edit = path("edit_session", consultation_id=invite.consultation_id)
    assert (await nurse.post(edit, later)).status == 303
    shown = words((await plain.lines()).text)
    assert ("18:00 (UTC)" in shown, "14:45" in shown) == (True, False)


async def test_older_lines_are_read_page_by_page(nurse: Person, plain: Plain) -> None:
    await plain.page()
    desk = await nurse.enter(consultation_id=await waiting_id(nurse))
    for number in range(120):
        await desk.say(f"line {number} of many")
    text, seen = (await plain.lines()).text, set[int]()
    pages = 0
    while True:
        pages += 1
        seen |= {int(each) for each in re.findall(r"line (\d+) of many", text)}
        older = re.search(r"\?before=(\d+)", text)
        if older is None:
            break
        text = (await plain.lines(before=older.group(1))).text
    assert seen == set(range(120))
    assert pages > 1


async def test_a_page_with_a_socket_takes_over(
    server: Server, nurse: Person, plain: Plain, clock: MovableClock
) -> None:
    await plain.page()
    wire = await plain.person.enter(invite_id=plain.invite_id)
    desk = await nurse.enter(consultation_id=await consultation_of(wire))
    await plain.lines()
    clock.move(STAYS * 2)
    await server.app[CLOCKWORK].run_due()
    await desk.send("ping")
    await desk.until("pong")
    assert not [
        frame
        for frame in desk.frames
        if frame["type"] == "participant_changed" and not frame["participant"]["online"]
    ]


async def test_who_leaves_the_device_is_gone_at_once(nurse: Person, plain: Plain) -> None:
    await plain.page()
    assert await lobby(nurse) == ["Amina"]
    assert (await plain.person.post(path("leave"), {"language": "en"})).status == 303
    assert await lobby(nurse) == []
    assert (await plain.page()).status == 404


async def test_the_full_page_sends_by_its_form_until_its_scripts_do(
    nurse: Person, plain: Plain
) -> None:
    seat = (await plain.person.get(path("seat", invite_id=plain.invite_id))).text
    action = re.search(r'action="(/seat/[^"]+/messages\?full=)"', seat)
    assert action is not None
    assert re.search(r'<textarea[^>]* name="text"', seat)
    form = {"id": hidden_id(seat), "text": "typed too soon"}
    answer = await plain.person.post(action.group(1), form)
    assert answer.status == 303
    full = path("seat", invite_id=plain.invite_id)
    assert f'data-full="{full}"' in (await plain.person.get(answer.location)).text
    assert 'data-full="' not in (await plain.page()).text
    assert "typed too soon" in (await plain.lines()).text


async def test_who_cannot_call_asks_to_be_called_by_phone(nurse: Person, plain: Plain) -> None:
    assert "Ask for a call by phone" in words((await plain.page()).text)
    address = path("seat_phone_call", invite_id=plain.invite_id)
    for _ in range(2):
        assert (await plain.person.post(address)).status == 303
    sentence = "cannot use this browser for calls, and asks for a call by phone"
    assert words((await plain.lines()).text).count(sentence) == 1
    page = words((await plain.page()).text)
    assert "You have asked for a call by phone" in page
    assert "Ask for a call by phone" not in page
    waiting = await nurse.get(path("waiting_room"))
    assert '<p class="wants-phone"><span class="tag warning">Asks for a call' in waiting.text


async def test_who_wants_a_call_is_asked_for_a_number_unless_it_is_known(
    server: Server, plain: Plain
) -> None:
    """Nobody could call whom they have invited by email, and who waits for it would wait for ever."""
    asks = "Please write your phone number in a message"
    page = (await plain.page()).text
    assert asks not in words(page)
    await plain.press(page, "Ask for a call by phone", "")
    full = path("seat", invite_id=plain.invite_id)
    for address in (path("seat_plain", invite_id=plain.invite_id), full):
        assert asks in words((await plain.person.get(address)).text)
    shell = await plain.person.get(path("seat_shell", invite_id=plain.invite_id))
    assert asks not in words(shell.text), "nothing about anybody lies in a cache"

    invite = await server.app[STORE].read.invites.get(plain.invite_id)
    assert invite is not None
    known = replace(invite.person, channel="sms", address="+41791234567")
    await server.app[STORE].write(
        lambda records: records.invites.change(replace(invite, person=known))
    )
    for address in (path("seat_plain", invite_id=plain.invite_id), full):
        assert asks not in words((await plain.person.get(address)).text)


async def test_who_only_comes_and_goes_has_not_called(
    server: Server, nurse: Person, plain: Plain, clock: MovableClock
) -> None:
    await plain.person.post(path("seat_phone_call", invite_id=plain.invite_id))
    consultation_id = await waiting_id(nurse)
    desk = await nurse.enter(consultation_id=consultation_id)
    await desk.ws.close()
    while "has not joined yet" not in (await plain.lines()).text:
        pass
    clock.move(STAYS)
    await server.app[CLOCKWORK].run_due()
    assert "Nurse Joy\u2069 left" in words((await plain.lines()).text)
    assert "You have asked for a call by phone" in words((await plain.page()).text)
    desk = await nurse.enter(consultation_id=consultation_id)
    await desk.say("I am calling you")
    assert "Ask for a call by phone" in words((await plain.page()).text)


async def test_a_wish_to_be_called_is_unread_until_it_is_seen_and_may_be_repeated_then(
    server: Server, nurse: Person, plain: Plain, clock: MovableClock
) -> None:
    address = path("seat_phone_call", invite_id=plain.invite_id)
    await plain.person.post(address)
    consultation_id = await waiting_id(nurse)
    clock.move(STAYS)
    await server.app[CLOCKWORK].run_due()
    read = server.app[STORE].read
    account = await read.accounts.by_email("nurse@example.org")
    assert account is not None
    unread = await read.chat.unread(account.id, [consultation_id])
    assert [(each.participant_id, each.count) for each in unread] == [(plain.invite_id, 1)]
    desk = await nurse.enter(consultation_id=consultation_id)
    line = (await desk.chat())[-1]
    assert (line["kind"], line["participant_id"]) == ("asked_for_phone_call", plain.invite_id)
    await desk.say("I am calling you")
    assert (await plain.person.post(address)).status == 303
    again = await desk.until("chat_added")
    while again["message"]["kind"] != "asked_for_phone_call":
        again = await desk.until("chat_added")


async def test_a_wish_to_be_called_is_open_however_much_others_write(
    nurse: Person, plain: Plain
) -> None:
    address = path("seat_phone_call", invite_id=plain.invite_id)
    await plain.person.post(address)
    desk = await nurse.enter(consultation_id=await waiting_id(nurse))
    for number in range(NEWEST_LINES):
        await plain.write(f"line {number}")
    assert "asks for a call by phone" not in words((await plain.lines()).text)
    assert "You have asked for a call by phone" in words((await plain.page()).text)
    await desk.say("I am calling you")
    assert "You have asked for a call by phone" not in words((await plain.page()).text)


async def test_the_lobby_is_told_who_asks_for_a_call(nurse: Person, plain: Plain) -> None:
    lobby = await nurse.connect()
    hello = {"version": PROTOCOL_VERSION, "stream": "lobby", "peer_id": "lobby-page"}
    await lobby.send("hello", **hello)
    await plain.page()
    await plain.person.post(path("seat_phone_call", invite_id=plain.invite_id))
    while True:
        frame = await lobby.until("lobby")
        if any(entry.get("asks_for_phone_call") for entry in frame["waiting"]):
            break


@pytest.mark.parametrize("notice", ["starting", "no-calls-ways", "no-line-ways"])
async def test_each_notice_has_a_way_that_works(plain: Plain, notice: str) -> None:
    seat = (await plain.person.get(path("seat", invite_id=plain.invite_id))).text
    start = seat.index(f'id="{notice}"')
    part = seat[start : start + 2000]
    if notice != "no-calls-ways":
        assert f'href="{path("seat_plain", invite_id=plain.invite_id)}"' in part
    if notice != "no-line-ways":
        assert "Ask for a call by phone" in part


def test_every_line_of_a_chat_has_words_on_both_pages() -> None:
    viewer: Any = type("Viewer", (), {"translate": staticmethod(lambda text: text)})()
    script = Path("web/static/js/room/chat/event-lines.js").read_text("utf-8")
    for kind in set(get_args(LineKind)) - MESSAGE_KINDS:
        assert event_sentence(viewer, kind, "Amina"), kind
        assert f"    {kind}: _(" in script, kind


@pytest.mark.slow
async def test_a_photo_and_a_pdf_are_sent_by_a_form_and_seen(plain: Plain) -> None:
    for _ in range(2):
        answer = await plain.send(photo(640, 480), "wound.jpg", "photo-form-1")
        assert (answer.status, answer.location) == (
            303,
            path("seat_plain", invite_id=plain.invite_id),
        )
    sent = pdf(2)  # it holds the second in which it was made
    assert (await plain.send(sent, "letter.pdf")).status == 303
    text = (await plain.lines()).text
    assert text.count("/small") == 1
    picture = re.search(r'<img[^>]* src="([^"]+/small)"', text)
    assert picture is not None
    assert (await plain.person.get(picture.group(1))).headers["Content-Type"] == "image/jpeg"
    letter = re.search(r'href="([^"]+/original)"[^>]*>.*?letter.pdf', text)
    assert letter is not None
    assert (await plain.person.get(letter.group(1))).body == sent


@pytest.mark.slow
async def test_a_file_that_is_refused_leaves_nothing_and_says_why(
    plain: Plain, tmp_path: Path
) -> None:
    for content, name, status, words_of_it in (
        (b"MZ", "virus.exe", 415, "photo"),
        (b"", "empty.jpg", 422, "again"),
        (b"x" * (21 * 2**20), "film.jpg", 413, "20"),
    ):
        answer = await plain.send(content, name)
        assert answer.status == status
        assert words_of_it in words(answer.text)
    address = path("seat_plain_files", invite_id=plain.invite_id)
    form = aiohttp.FormData()
    form.add_field("id", "no-file-at-all")
    form.add_field("file", BytesIO(), filename="")
    nothing = await plain.person.ask("POST", address, data=form)
    assert nothing.status in (400, 415)
    files = tmp_path / "files"
    assert not [each for each in files.rglob("*") if each.is_file()]
