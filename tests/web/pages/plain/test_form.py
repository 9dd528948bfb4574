"""One form for all: whichever button is pressed, what is typed is sent once or is still in the field."""

import aiohttp
import pytest

from signaling.text import CHAT_LENGTH
from tests.files import photo
from tests.people import Person
from tests.web.pages.plain.seat import Plain, hidden_id, typed, waiting_id, words
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


async def test_a_form_of_many_parts_or_long_ids_is_refused(plain: Plain) -> None:
    address = path("seat_plain_files", invite_id=plain.invite_id)
    many, long, odd = aiohttp.FormData(), aiohttp.FormData(), aiohttp.FormData()
    for number in range(20):
        many.add_field(f"x{number}", "", content_type="text/plain")
    long.add_field("id", "a" * 65, content_type="text/plain")
    odd.add_field("_charset_", "x" * 40, content_type="text/plain")
    for form, status in ((many, 400), (long, 413), (odd, 400)):
        assert (await plain.person.ask("POST", address, data=form)).status == status
