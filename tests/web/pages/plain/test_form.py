"""One form for all: whichever button is pressed, what is typed is sent once or is still in the field."""

import asyncio
import contextlib
import html
import re
from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import pytest

from signaling.ports.files import BLOCK_BYTES
from signaling.text import CAPTION_LENGTH, CHAT_LENGTH
from tests.files import photo
from tests.people import PATIENCE, Person, an_id
from tests.serving import Server
from tests.web.pages.plain.seat import Plain, hidden_id, typed, waiting_id, words
from web.access.rate_limits import LIMITS
from web.connections.eviction import BODY_WITHIN
from web.connections.http_server import CONNECTIONS
from web.keys import STORE
from web.routes import path


async def test_what_is_typed_stays_in_the_field_whatever_else_is_pressed(plain: Plain) -> None:
    page = (await plain.page()).text
    # once more is what a reload does
    for _ in range(2):
        answer = await plain.press(page, "Ask for a call by phone", "half a <b> sen\r\nten")
        assert (answer.status, typed(answer.text)) == (200, "half a <b> sen\r\nten")
        assert hidden_id(answer.text) == hidden_id(page)
        assert "You have asked for a call by phone" in words(answer.text)
    lines = (await plain.lines()).text
    assert words(lines).count("asks for a call by phone") == 1
    answer = await plain.press(answer.text, "Send the photo or PDF", "half a sentence")
    assert (answer.status, typed(answer.text)) == (400, "half a sentence")
    assert "Please choose a photo or a PDF first." in words(answer.text)
    assert 'aria-invalid="true"' not in answer.text
    assert "half a" not in (await plain.lines()).text
    for _ in range(2):
        sent = await plain.press(answer.text, "Send", "a whole sentence")
        assert (sent.status, sent.location) == (303, path("seat_plain", invite_id=plain.invite_id))
    assert (await plain.lines()).text.count(">a whole sentence<") == 1
    assert (await plain.press(answer.text, "Send", " ")).status == 303


async def test_a_call_is_asked_for_where_buttons_have_no_address_of_their_own(plain: Plain) -> None:
    """Browsers that do not know `formaction`, such as those of text, send the form to its own address."""
    page = (await plain.page()).text
    page = re.sub(r' formaction="[^"]+" formenctype="[^"]+"', "", page)
    for _ in range(2):
        answer = await plain.press(page, "Ask for a call by phone", "half a sen")
        assert (answer.status, typed(answer.text)) == (200, "half a sen")
    assert (await plain.press(page, "Ask for a call by phone", "")).status == 303
    lines = words((await plain.lines()).text)
    assert (lines.count("asks for a call by phone"), "half a" in lines) == (1, False)


async def test_what_is_too_long_comes_back_from_the_form_of_the_page(plain: Plain) -> None:
    text = "ä" * (CHAT_LENGTH + 7)
    refused = await plain.press((await plain.page()).text, "Send", text)
    assert (refused.status, typed(refused.text)) == (400, text)
    assert str(CHAT_LENGTH + 7) in words(refused.text)
    # nobody said yet that it is to be sent
    asked = await plain.press(refused.text, "Ask for a call by phone", text)
    assert (asked.status, typed(asked.text)) == (200, text)
    assert str(CHAT_LENGTH + 7) not in words(asked.text)


@pytest.mark.parametrize("button", ["Send", "Send the photo or PDF", "Ask for a call by phone"])
async def test_what_is_typed_is_shown_once_the_session_is_over(
    nurse: Person, plain: Plain, button: str
) -> None:
    page = (await plain.page()).text
    desk = await nurse.enter(consultation_id=await waiting_id(nurse))
    await desk.command("start_consultation")
    await desk.command("terminate_consultation", choice="close")
    answer = await plain.press(page, button, "my last words", b"x", "wound.jpg")
    assert answer.status == 410
    assert "my last words" in words(answer.text)


@pytest.mark.slow
async def test_a_file_is_sent_with_what_is_typed_or_without_by_the_button(plain: Plain) -> None:
    page = (await plain.page()).text
    for _ in range(2):
        answer = await plain.press(
            page, "Send the photo or PDF", "not yet", photo(640, 480), "a.jpg"
        )
        assert (answer.status, typed(answer.text)) == (200, "not yet")
    lines = (await plain.lines()).text
    assert (lines.count("/small"), "not yet" in lines) == (1, False)
    # another one from the page that came back
    for _ in range(2):
        sent = await plain.press(answer.text, "Send", "now", photo(320, 240), "b.jpg")
        assert sent.status == 303
    lines = (await plain.lines()).text
    assert (lines.count("/small"), lines.count(">now<")) == (2, 1)


@pytest.mark.slow
async def test_another_file_in_a_form_that_was_gone_back_to_is_not_lost_in_silence(
    plain: Plain,
) -> None:
    file_id = an_id("form")
    for _ in range(2):
        assert (await plain.send(photo(), "image.jpg", file_id)).status == 303
    for another in (photo(400), photo(200)):
        answer = await plain.send(another, "image.jpg", file_id)
        assert answer.status == 409
        assert "in the meantime" in words(answer.text)
    assert (await plain.lines()).text.count("/large") == 1
    answer = await plain.press(answer.text, "Send", "", photo(400), "image.jpg")
    assert answer.status == 303
    assert (await plain.lines()).text.count("/large") == 2


@pytest.mark.slow
async def test_a_caption_goes_with_its_file_and_stays_in_the_field_until_then(plain: Plain) -> None:
    page = (await plain.page()).text
    for button in ("Send", "Send the photo or PDF", "Ask for a call by phone"):
        answer = await plain.press(page, button, "", caption="my <left> arm")
        assert typed(answer.text, "caption") == "my <left> arm"
    sent = await plain.press(
        page, "Send the photo or PDF", "", photo(640, 480), "a.jpg", "my <left> arm"
    )
    assert sent.status == 303
    lines = (await plain.lines()).text
    assert ("my &lt;left&gt; arm</p>" in lines, lines.count("/small")) == (True, 1)
    long = "x" * (CAPTION_LENGTH + 1)
    refused = await plain.press(page, "Send", "and this", photo(320, 240), "b.jpg", long)
    assert (refused.status, typed(refused.text), typed(refused.text, "caption")) == (400, "", long)
    assert f"{CAPTION_LENGTH + 1} of at most {CAPTION_LENGTH}" in words(refused.text)
    lines = (await plain.lines()).text
    assert (lines.count(">and this<"), lines.count("/small")) == (1, 1)


@pytest.mark.slow
async def test_of_text_and_file_each_is_sent_if_the_other_is_refused(plain: Plain) -> None:
    page = (await plain.page()).text
    answer = await plain.press(page, "Send", "look at this", b"MZ", "virus.exe")
    assert (answer.status, typed(answer.text)) == (415, "")
    assert (await plain.lines()).text.count(">look at this<") == 1
    text = "x" * (CHAT_LENGTH + 1)
    answer = await plain.press(answer.text, "Send", text, photo(640, 480), "wound.jpg")
    assert (answer.status, typed(answer.text)) == (400, text)
    assert (await plain.lines()).text.count("/small") == 1


@pytest.mark.slow
async def test_the_same_words_after_a_file_that_was_refused_are_another_message(
    plain: Plain,
) -> None:
    page = (await plain.page()).text
    refused = await plain.press(page, "Send", "ok", b"MZ", "tool.exe")
    assert refused.status >= 400
    assert typed(refused.text) == ""
    assert (await plain.press(refused.text, "Send", "ok")).status == 303
    assert (await plain.lines()).text.count(">ok<") == 2


async def test_who_has_lost_the_seat_reads_what_they_typed(server: Server, plain: Plain) -> None:
    page = (await plain.page()).text
    async with Person(server) as stranger:
        lost = Plain(stranger, plain.invite_id)
        for button in ("Send", "Send the photo or PDF", "Ask for a call by phone"):
            content = b"x" * 2**20
            answer = await lost.press(page, button, "half a sentence", content, "a.jpg", "arm")
            assert (answer.status, answer.headers.get("Refresh")) == (404, None)
            assert "half a sentence arm" in words(answer.text)
            assert "This browser has no place in the session" in words(answer.text)


async def set_read_only(server: Server, state: str) -> None:
    """Let nothing be written, or let it again."""
    executor = server.app[STORE]._database.write_executor
    await executor.visit(lambda connection: connection.execute(f"PRAGMA query_only={state}"))


@contextlib.asynccontextmanager
async def failing(server: Server) -> AsyncIterator[None]:
    """A server that cannot even read, as after a fault of the disk."""
    database = server.app[STORE]._database
    await database.write(lambda executor: executor.rows("ALTER TABLE invite RENAME TO elsewhere"))
    yield
    await database.write(lambda executor: executor.rows("ALTER TABLE elsewhere RENAME TO invite"))


BUTTONS = ("Send", "Send the photo or PDF", "Ask for a call by phone")


@pytest.mark.sqlite
@pytest.mark.parametrize("button", BUTTONS)
async def test_what_is_typed_stays_in_the_field_while_nothing_can_be_written(
    server: Server, plain: Plain, button: str
) -> None:
    page = (await plain.page()).text
    await set_read_only(server, "ON")
    for _ in range(2):
        answer = await plain.press(page, button, "my <b> leg", b"x", "leg.jpg", "hurts")
        assert answer.status >= 400
        assert (typed(answer.text), typed(answer.text, "caption")) == ("my <b> leg", "hurts")
    await set_read_only(server, "OFF")


@pytest.mark.sqlite
@pytest.mark.parametrize("button", BUTTONS)
async def test_what_is_typed_is_kept_by_the_page_that_says_that_the_server_fails(
    server: Server, plain: Plain, button: str
) -> None:
    page = (await plain.page()).text
    async with failing(server):
        failed = await plain.press(page, button, "my <b> leg\r\n", b"x", "leg.jpg", "hurts")
    assert failed.status >= 500
    assert "Nothing is lost: this page keeps what you have typed." in words(failed.text)
    kept = re.search(r'<form id="kept-form" method="post" action="([^"]+)">.*', failed.text, re.S)
    assert kept is not None
    fields = re.findall(r'name="(\w+)" value="([^"]*)"', kept.group())
    for _ in range(2):
        again = await plain.person.post(kept.group(1), {k: html.unescape(v) for k, v in fields})
    now = again.text + (await plain.lines()).text
    assert (now.count("my &lt;b&gt; leg"), now.count("hurts")) == (1, 1)


@pytest.mark.sqlite
async def test_a_page_that_says_that_the_server_fails_keeps_nothing_of_a_button_alone(
    server: Server, nurse: Person, phone: Person
) -> None:
    link = await nurse.invite()
    async with failing(server):
        for address, form in (
            (link, {"room": "here", "others": "keep"}),
            (path("seat_phone_call", invite_id="x" * 16), {"id": "x" * 16, "text": " "}),
        ):
            failed = await phone.post(address, form)
            assert failed.status >= 500
            assert "what you have typed" not in words(failed.text)


@pytest.mark.slow
async def test_a_form_is_taken_that_a_killed_server_has_had_a_part_of(
    server: Server, plain: Plain
) -> None:
    store, file_id = server.app[STORE], an_id("form")
    invite = await store.read.invites.get(plain.invite_id)
    assert invite is not None
    async with store.files.writer(invite.consultation_id, file_id, "upload") as writer:
        await writer.write(bytes(3 * BLOCK_BYTES))
    assert (await plain.send(photo(), "leg.jpg", file_id)).status == 303
    assert "<img" in (await plain.lines()).text


@pytest.mark.slow
async def test_a_slow_line_has_the_time_to_send_the_rest_of_a_file_that_is_refused(
    server: Server, plain: Plain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A browser reads a response only when it has sent everything."""
    monkeypatch.setitem(LIMITS, "new_upload", LIMITS["new_upload"].__class__(1, 10))
    assert (await plain.send(b"MZ", "tool.exe")).status == 415
    head = (
        f"POST {path('seat_plain_files', invite_id=plain.invite_id)} HTTP/1.1\r\nHost: localhost\r\n"
        f"Cookie: teleconnect={plain.person.cookie}\r\nContent-Type: multipart/form-data; boundary=x\r\n"
        "Content-Length: 1048576\r\n\r\n--x\r\nContent-Disposition: form-data; name=file; filename=a\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", server.config.port)
    try:
        writer.write(head.encode())
        async with asyncio.timeout(PATIENCE):
            assert b" 429 " in await reader.readline()
            left: set[timedelta | None] = set()
            while left != {BODY_WITHIN + timedelta(seconds=1024)}:
                table = server.app[CONNECTIONS].connections
                left = {each.deadline and each.deadline - table.now() for each in table}
                await asyncio.sleep(0)
    finally:
        writer.close()


async def test_forms_and_pages_beyond_the_limit_of_one_person_are_refused(
    server: Server, plain: Plain, nurse: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (await plain.page()).text
    monkeypatch.setitem(LIMITS, "plain_form", LIMITS["plain_form"].__class__(2, 1))
    monkeypatch.setitem(LIMITS, "plain_page", LIMITS["plain_page"].__class__(3, 1))
    statuses = [(await plain.press(page, "Send", f"message {n}")).status for n in range(3)]
    assert statuses == [303, 303, 429]
    statuses = [(await plain.lines()).status, (await plain.page()).status]
    assert statuses == [200, 200]
    tired = await plain.lines()
    # the frame comes back by itself
    assert (tired.status, tired.headers["Refresh"]) == (429, "15")
    assert (await plain.page()).status == 429
    async with Person(server) as other:
        another = Plain(other, await other.join(await nurse.invite("Dawit")))
        assert (await another.page()).status == 200


async def test_pages_that_other_sites_ask_for_keep_nobody_in_their_network_from_joining(
    server: Server, plain: Plain, nurse: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A picture on any page may have such an address: it is asked for without cookies."""
    link = await nurse.invite("Dawit")
    monkeypatch.setitem(LIMITS, "form", LIMITS["form"].__class__(20, 1))
    monkeypatch.setitem(LIMITS, "unseated_page", LIMITS["form"].__class__(30, 1))
    async with Person(server) as stranger, Person(server) as other:
        pages = [path(name, invite_id="x" * 12) for name in ("seat_plain", "seat_plain_lines")]
        statuses = [(await stranger.get(pages[n % 2])).status for n in range(31)]
        assert statuses == [404] * 30 + [429]
        assert (await Plain(other, await other.join(link)).page()).status == 200
        assert (await plain.page()).status == 200


async def test_whoever_has_a_seat_can_write_whatever_is_sent_from_their_network(
    server: Server, plain: Plain, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (await plain.page()).text
    monkeypatch.setitem(LIMITS, "form", LIMITS["form"].__class__(5, 1))
    monkeypatch.setitem(LIMITS, "known_form", LIMITS["form"].__class__(3, 1))
    async with Person(server) as stranger:
        lost = Plain(stranger, plain.invite_id)
        while (await lost.write("hm", "x" * 12)).status != 429:
            pass
    for button in ("Send", "Ask for a call by phone"):
        assert (await plain.press(page, button, "I am here")).status in (200, 303)
    assert (await plain.write("so am I")).status == 303
    assert (await plain.write("and I")).status == 429


async def test_only_our_own_pages_send_the_forms(plain: Plain) -> None:
    """The full page may have come from the address of a link, under which browsers hide its origin."""
    other = {"Origin": "https://other.example"}
    hidden = {"Origin": "null"}
    for name, forged in (
        ("seat_plain_message", other),
        ("seat_phone_call", other),
        ("seat_plain_message", hidden | {"Sec-Fetch-Site": "cross-site"}),
        ("seat_phone_call", hidden | {"Sec-Fetch-Site": "cross-site"}),
        ("seat_plain_files", hidden),
    ):
        kind = {"Content-Type": "multipart/form-data; boundary=x"} if "files" in name else {}
        address = path(name, invite_id=plain.invite_id)
        refused = await plain.person.post(address, **forged, **kind)
        assert refused.status == 403


async def test_a_form_of_many_parts_or_long_ids_is_refused(plain: Plain) -> None:
    address = path("seat_plain_files", invite_id=plain.invite_id)
    many, long, odd, much = (aiohttp.FormData() for _ in range(4))
    much.add_field("text", "a" * 200_000, content_type="text/plain")
    much.add_field("caption", "a" * 200_000, content_type="text/plain")
    for number in range(20):
        many.add_field(f"x{number}", "", content_type="text/plain")
    long.add_field("id", "a" * 65, content_type="text/plain")
    odd.add_field("_charset_", "x" * 40, content_type="text/plain")
    for form, status in ((many, 400), (long, 413), (odd, 400), (much, 413)):
        assert (await plain.person.ask("POST", address, data=form)).status == status
