"""Input that is too long is refused with a sentence and kept whole: nothing is truncated silently."""

from html import escape
from pathlib import Path

from tests.people import Person
from tests.serving import PASSWORD, serving

WORDS = "Bring your letter & the old one. "


FIELDS = [
    ("/invites/new", "first_name", 81),
    ("/invites/new", "address", 5_000),
    ("/invites/new", "note", 501),
    ("/invites/new", "companion_name", 81),
    ("/admin/people/invite", "name", 81),
    ("/admin/routes", "routes", 60_001),
]


async def test_a_text_that_is_too_long_comes_back_whole(tmp_path: Path) -> None:
    form = {
        "kind": "remote", "first_name": "Amina", "address": "amina@example.org", "language": "en",
        "companion": "on", "companion_address": "son@example.org", "name": "Ada",
        "email": "ada@example.org", "password": PASSWORD, "role": "scheduler",
    }  # fmt: skip
    async with serving(tmp_path) as server, Person(server) as boss:
        await server.account("boss@example.org", "The Boss", "administrator")
        await boss.sign_in("boss@example.org")
        for path, field, length in FIELDS:
            typed = (WORDS * (length // len(WORDS) + 1))[:length].strip().ljust(length, "x")
            answer = await boss.post(path, form | {field: typed}, Accept="text/html")
            assert answer.status == 400, field
            assert "too long" in answer.text, field
            assert escape(typed) in answer.text, field
            assert "maxlength" not in answer.text
