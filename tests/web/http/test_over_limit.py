"""Beyond a limit a form has no effect, and the page comes back with what was typed in it."""

import html
import re
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import aiohttp
import pytest

from tests.people import Answer, Person, an_id
from tests.serving import Server, serving
from tests.web.pages.plain.seat import Plain, typed, words
from web.access.rate_limits import LIMITS
from web.http.bodies import STRANGERS
from web.http.over_limit import MOST_BYTES
from web.keys import SETUP_TOKEN
from web.routes import PATHS, path

WAIT = "Please try again in 1 minute."


def limit(monkeypatch: pytest.MonkeyPatch, name: str, amount: int) -> None:
    monkeypatch.setitem(LIMITS, name, LIMITS["form"].__class__(amount, 1))


def field(page: Answer, name: str) -> str:
    """The value of a field of the page; the switch of languages is above its forms."""
    tags = re.findall(rf'<input[^>]* name="{name}"[^>]*>', page.text)
    assert tags, page.text
    found = re.search(r' value="([^"]*)"', tags[-1])
    return html.unescape(found.group(1)) if found else ""


@pytest.fixture
async def plain(nurse: Person, phone: Person) -> AsyncIterator[Plain]:
    yield Plain(phone, await phone.join(await nurse.invite()))


async def used_up(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody of this network may send a form any more."""
    limit(monkeypatch, "form", 1)
    while (await person.post(path("language"), {"language": "en"})).status != 429:
        pass


def refused(answer: Answer) -> bool:
    return answer.status == 429 and WAIT in words(answer.text)


async def test_the_email_of_a_sign_in_is_still_in_its_field(
    server: Server, phone: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    await used_up(phone, monkeypatch)
    answer = await phone.sign_in()
    assert refused(answer)
    assert field(answer, "email") == "nurse@example.org"
    assert field(answer, "password") == ""
    assert int(answer.headers["Retry-After"]) > 0
    answer = await phone.post(path("forgotten_password"), {"email": "nurse@example.org"})
    assert refused(answer)
    assert field(answer, "email") == "nurse@example.org"


async def test_the_email_is_kept_where_guesses_have_to_wait(server: Server, phone: Person) -> None:
    answer = await phone.sign_in(password="a guess")
    while answer.status != 429:
        answer = await phone.sign_in(password="a guess")
    assert field(answer, "email") == "nurse@example.org"


async def test_the_first_administrator_keeps_name_and_email(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(tmp_path) as server, Person(server) as person:
        address = f"/setup/{server.app[SETUP_TOKEN].make()}"
        await used_up(person, monkeypatch)
        form = {"name": "Ada", "email": "ada@example.org", "password": "correct horse battery"}
        answer = await person.post(address, form)
        assert refused(answer)
        assert (field(answer, "name"), field(answer, "email")) == ("Ada", "ada@example.org")
        assert "correct horse" not in answer.text
        assert (await person.get(address)).status == 200, "there is no account"


async def test_a_line_of_the_chat_is_still_in_its_field(
    plain: Plain, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (await plain.page()).text
    limit(monkeypatch, "known_form", 1)
    assert (await plain.write("the first")).status == 303
    answer = await plain.write("I am <late>")
    assert refused(answer)
    assert typed(answer.text) == "I am <late>"
    answer = await plain.press(page, "Ask for a call by phone", "my leg hurts", caption="the leg")
    assert refused(answer)
    assert (typed(answer.text), typed(answer.text, "caption")) == ("my leg hurts", "the leg")
    lines = words((await plain.lines()).text)
    assert "the first" in lines and "late" not in lines


@pytest.mark.slow
async def test_what_was_typed_beside_a_file_is_still_in_its_field(
    plain: Plain, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(monkeypatch, "plain_form", 1)
    await plain.send(b"no photo", "leg.jpg")
    form = aiohttp.FormData()
    for name, value in (("id", an_id("form")), ("text", "see the photo"), ("caption", "my leg")):
        form.add_field(name, value)
    form.add_field("file", BytesIO(b"\xff\xd8 a photo"), filename="leg.jpg")
    address = path("seat_plain_files", invite_id=plain.invite_id)
    answer = await plain.person.ask("POST", address, data=form)
    assert refused(answer)
    assert (typed(answer.text), typed(answer.text, "caption")) == ("see the photo", "my leg")


async def test_who_has_lost_the_seat_keeps_the_line(
    server: Server, plain: Plain, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Person(server) as stranger:
        await used_up(stranger, monkeypatch)
        answer = await Plain(stranger, plain.invite_id).write("I am late", an_id("form"))
        assert refused(answer)
        assert field(answer, "text") == "I am late"


async def test_any_other_form_comes_back_to_be_sent_later(
    nurse: Person, phone: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    await used_up(phone, monkeypatch)
    address = path("language")
    answer = await phone.post(address, {"language": "fr", "next": "/help/<en>"})
    assert refused(answer)
    assert (field(answer, "language"), field(answer, "next")) == ("fr", "/help/<en>")
    assert f'action="{address}"' in answer.text
    assert int(answer.headers["Retry-After"]) > 0
    secret = await phone.post(address, {"language": "fr", "password": "correct horse"})
    assert refused(secret)
    assert "correct horse" not in secret.text and "kept-form" not in secret.text
    long = await phone.post(address, {"language": "x" * MOST_BYTES})
    assert refused(long)
    assert "kept-form" not in long.text
    script = await phone.post(address, {"language": "fr"}, Accept="application/json")
    assert (script.status, script.headers["Content-Type"]) == (
        429,
        "application/json; charset=utf-8",
    )
    limit(monkeypatch, "returned_form", 1)
    last = await phone.post(address, {"language": "fr"})
    assert refused(last)
    assert "kept-form" not in last.text, "a flood is not read"


@pytest.mark.parametrize(
    "name", sorted(name for (_, name), body in STRANGERS.items() if body.comes_back)
)
async def test_no_form_that_comes_back_has_had_an_effect(
    server: Server, phone: Person, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each handler refuses by itself what the middleware lets through."""
    token = {"setup": server.app[SETUP_TOKEN].make()}.get(name, "x" * 22)
    parts = {"token": token, "invite_id": "x" * 16}
    wanted = {part: parts[part] for part in re.findall(r"{(\w+)}", PATHS[name])}
    await used_up(phone, monkeypatch)
    answer = await phone.post(path(name, **wanted), {"text": "x", "email": "a@example.org"})
    unknown = {"setup": 404, "interpreter_request": 410}
    assert answer.status == unknown.get(name, 429)


async def test_who_holds_a_link_comes_in_whatever_is_sent_from_their_network(
    server: Server, nurse: Person, phone: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = await nurse.invite()
    async with Person(server) as stranger:
        await used_up(stranger, monkeypatch)
        assert (await stranger.post("/i/guessed")).status == 429
    assert (await phone.post(link)).status == 303
    limit(monkeypatch, "linked_form", 1)
    async with Person(server) as another:
        assert (await another.post(link)).status == 429, "so often and no more"


async def test_who_is_signed_in_counts_by_themselves(
    server: Server, nurse: Person, phone: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    await used_up(phone, monkeypatch)
    limit(monkeypatch, "known_form", 2)
    answers = [(await nurse.post(path("language"), {"language": "en"})).status for _ in range(3)]
    assert answers == [303, 303, 429]
