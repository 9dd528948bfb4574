"""A seat as a browser without scripts has it."""

import html
import re
from io import BytesIO

import aiohttp

from tests.people import Answer, Person, an_id
from web.routes import path


def words(page: str) -> str:
    """What somebody reads on it."""
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", page)).split())


def hidden_id(page: str) -> str:
    found = re.search(r'name="id" value="([^"]+)"', page)
    assert found is not None
    return found.group(1)


def typed(page: str, name: str = "text") -> str:
    found = re.search(rf'<textarea[^>]* name="{name}"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    assert found is not None
    return html.unescape(found.group(1)).removeprefix("\n")


class Plain:
    """A seat as a browser without scripts has it."""

    def __init__(self, person: Person, invite_id: str) -> None:
        self.person = person
        self.invite_id = invite_id

    async def page(self) -> Answer:
        return await self.person.get(path("seat_plain", invite_id=self.invite_id))

    async def lines(self, **query: str) -> Answer:
        address = path("seat_plain_lines", query or None, invite_id=self.invite_id)
        return await self.person.get(address)

    async def write(self, text: str, message_id: str | None = None) -> Answer:
        if message_id is None:
            message_id = hidden_id((await self.page()).text)
        address = path("seat_plain_message", invite_id=self.invite_id)
        return await self.person.post(address, {"id": message_id, "text": text})

    async def press(
        self,
        page: str,
        button: str,
        text: str,
        content: bytes = b"",
        name: str = "",
        caption: str = "",
    ) -> Answer:
        """Send the form of a page by one of its buttons, as a browser does."""
        form = re.search(r"<form[^>]*compose.*?</form>", page, re.DOTALL)
        assert form is not None
        pressed = re.search(rf"<button([^>]*)>{button}</button>", form.group())
        assert pressed is not None
        fields = re.findall(r'type="hidden" name="(\w+)" value="([^"]+)"', form.group())
        fields += [
            ("text", text),
            ("caption", caption),
            *re.findall(r' name="(\w+)" value="(\w+)"', pressed.group(1)),
        ]
        action = re.search(r'formaction="([^"]+)"', pressed.group(1))
        if action is not None:
            return await self.person.post(action.group(1), {**dict(fields), "file": name})
        data = aiohttp.FormData()
        for key, value in fields:
            data.add_field(key, value)
        data.add_field(
            "file", BytesIO(content), filename=name, content_type="application/octet-stream"
        )
        action = re.search(r' action="([^"]+)"', form.group())
        assert action is not None
        return await self.person.ask("POST", action.group(1), data=data)

    async def send(self, content: bytes, name: str, file_id: str = "") -> Answer:
        form = aiohttp.FormData()
        form.add_field("id", file_id or an_id("form"))
        form.add_field(
            "file", BytesIO(content), filename=name, content_type="application/octet-stream"
        )
        address = path("seat_plain_files", invite_id=self.invite_id)
        return await self.person.ask("POST", address, data=form)


async def waiting_id(nurse: Person) -> str:
    text = (await nurse.get(path("waiting_room"))).text
    found = re.search(r"/sessions/([\w-]{16})", text)
    assert found is not None
    return found.group(1)
