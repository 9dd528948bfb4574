"""Somebody invited without a name: nobody's language is stored, and everybody reads the role in their own."""

import html
import re
from pathlib import Path

from signaling.wire.messages import PROTOCOL_VERSION
from tests.clock import MovableClock
from tests.people import Person, an_id, consultation_of, outbox
from tests.serving import Server, moment, serving
from web.keys import STORE
from web.routes import path

COMPANION = {"companion": "on", "companion_address": "sami@example.org", "companion_language": "fr"}
EXPERT = {"kind": "in_person", "colleague_1_address": "lee@example.org"}


async def read_by(person: Person, address: str, language: str = "en") -> str:
    """What somebody reads there who has chosen this language."""
    await person.post("/language", {"language": language})
    answer = await person.get(address)
    assert answer.status == 200, answer.text
    main = answer.text.partition("<main")[2].partition("<dialog")[0]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", main)).split())


async def link_to(server: Server, address: str) -> str:
    """The link in the mail to this address."""
    (mail,) = [each for each in await outbox(server) if each.to == address]
    found = re.search(r"/i/[\w-]+", mail.text)
    assert found is not None
    return found.group()


async def test_a_relative_without_a_name_is_called_so_in_the_language_of_whoever_reads(
    tmp_path: Path,
) -> None:
    clock = MovableClock(moment("2026-12-07 14:30"))
    async with (
        serving(tmp_path, clock) as server,
        Person(server) as nurse,
        Person(server) as phone,
        Person(server) as relative,
    ):
        account = await server.account()
        await nurse.sign_in()
        seat = await phone.join(await nurse.invite(language="ar", **COMPANION))
        amina = await phone.enter(invite_id=seat)
        consultation_id = await consultation_of(amina)
        own = await relative.join(await link_to(server, "sami@example.org"))
        sami = await relative.enter(invite_id=own)
        await sami.say("I am here")

        read = server.app[STORE].read
        assert [each.person.name for each in await read.invites.of_consultation(consultation_id)] == [
            "Amina", "",
        ]  # fmt: skip
        (mail,) = [each for each in await outbox(server) if each.to == "sami@example.org"]
        assert "Bonjour Proche," in mail.text
        (snapshot,) = [each for each in amina.frames if each["type"] == "snapshot"]
        shown = {each["role"]: each["name"] for each in snapshot["participants"]}
        assert (shown["service_user"], shown["companion"]) == ("Amina", "")
        lines = await read_by(phone, path("seat_plain_lines", invite_id=seat), "ar")
        assert "مرافق" in lines and "I am here" in lines

        for language, role in (("en", "Companion"), ("de", "Begleitperson")):
            case = await read_by(nurse, path("case", consultation_id=consultation_id), language)
            assert f" {role} · Français" in case  # once: it stands for the name
            assert f" · {role} · " in case  # to whom the invitation was sent
            assert role in await read_by(nurse, path("invites"), language)
            edit = await read_by(nurse, path("edit_invite", invite_id=own), language)
            assert role not in edit and 'value="Companion"' not in edit

        desk = await nurse.enter(consultation_id=consultation_id)
        unread = await server.app[STORE].read.chat.unread(account.id, [consultation_id])
        assert [each.count for each in unread] == [1]
        assert "Begleitperson" in await read_by(nurse, path("dashboard"), "de")
        await desk.command("start_consultation")
        await desk.command("terminate_consultation", choice="close")
        assert "Proche" in await read_by(nurse, path("history"), "fr")


async def test_a_colleague_without_a_name_waits_as_one(tmp_path: Path) -> None:
    async with (
        serving(tmp_path, MovableClock(moment("2026-12-07 14:30"))) as server,
        Person(server) as nurse,
        Person(server) as lee,
    ):
        await server.account()
        await nurse.sign_in()
        answer = await nurse.post("/invites/new", {**EXPERT, "language": "en"})
        assert "Invitation of Colleague" in await read_by(nurse, answer.location)
        seat = await lee.join(await link_to(server, "lee@example.org"))
        await lee.enter(invite_id=seat)
        lobby = await nurse.connect()
        await lobby.send("hello", version=PROTOCOL_VERSION, stream="lobby", peer_id=an_id("lobby"))
        (entry,) = (await lobby.until("lobby"))["waiting"]
        assert (entry["name"], entry["role"]) == ("", "colleague")
        assert "Fachperson" in await read_by(nurse, path("waiting_room"), "de")
