"""An SMS has as few segments as possible, and forms count what is sent."""

import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from signaling.delivery.sms_segments import count
from signaling.flows.invites.inviting import Plan
from signaling.flows.notices.composing import InviteContext
from signaling.invite import Person as Invited
from tests.clock import MovableClock
from tests.people import Person, outbox
from tests.serving import Server, moment, serving
from web.keys import COMPOSING, INVITING, STORE
from web.notices.sms import moments, sms
from web.routes import path
from web.texts.dates import offset

SATURDAY = datetime(2027, 3, 6, 11, 30, tzinfo=UTC)
LINK = "https://teleconnect.example.org/i/" + "x" * 22
REMINDER = "Lembrete: sessão com $scheduler, $moment. Participar: $link"


def words(scheduler: str) -> dict[str, str]:
    return {"scheduler": scheduler, "link": LINK}


def test_accents_are_left_out_where_that_saves_a_segment() -> None:
    told = sms(REMINDER, words("Nurse Joy"), moments(SATURDAY, "Africa/Maputo", "pt"))
    assert told.startswith("Lembrete: sessao com Nurse Joy, sabado, 6 de marco de 2027, 13:30 (")
    assert (count(told).encoding, count(told).count) == ("gsm7", 1)


def test_accents_stay_where_leaving_them_out_saves_nothing() -> None:
    short = "Sessão cancelada: $scheduler."
    assert sms(short, words("Nurse Joy")) == "Sessão cancelada: Nurse Joy."


def test_a_name_is_never_changed_and_accents_beside_it_stay_too() -> None:
    told = sms(REMINDER, words("Dr. João Conceição"), moments(SATURDAY, "Africa/Maputo", "pt"))
    assert "sessão com Dr. João Conceição, sábado, 6 de março" in told
    assert count(told).count == 3


def test_a_zone_is_given_in_words_unless_its_offset_saves_a_segment() -> None:
    named, short = moments(SATURDAY, "Europe/Zurich", "en")
    assert named == "Saturday, 6 March 2027, 12:30 (Central European Time)"
    assert short == "Saturday, 6 March 2027, 12:30 (UTC+1)"
    text = "Reminder: session with $scheduler, $moment. Join: $link"
    assert named in sms(text, words("Joy"), (named, short))
    assert short in sms(text, words("Dr. Élise Martin-Dubois"), (named, short))


@pytest.mark.parametrize(
    ("zone", "told"),
    [
        ("Africa/Nairobi", "UTC+3"),
        ("Asia/Kathmandu", "UTC+5:45"),
        ("America/St_Johns", "UTC-3:30"),
        ("Europe/London", "UTC"),
        ("Etc/GMT-3", "UTC+3"),
    ],
)
def test_an_offset_is_as_short_as_it_can_be(zone: str, told: str) -> None:
    assert offset(SATURDAY, zone) == told
    assert moments(SATURDAY, zone, "ar")[1].endswith(f"({told})")


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    clock = MovableClock(moment("2027-03-01 08:00"))
    async with serving(tmp_path, clock) as running:
        await running.account(name="Dr. Élise Martin", role="administrator")
        yield running


async def test_a_form_counts_what_is_sent(server: Server) -> None:
    form = {
        "kind": "remote", "first_name": "Inês", "address": "+351 912 345 678", "language": "pt",
        "plan_later": "on", "date": "2027-03-06", "time": "14:30", "time_zone": "Europe/Lisbon",
    }  # fmt: skip
    async with Person(server) as nurse:
        await nurse.sign_in()
        shown = json.loads((await nurse.post(path("invite_preview"), form)).text)
        assert (await nurse.post("/invites/new", form)).status == 303
        sent = (await outbox(server))[0].text
        unlinked = [re.sub(r"/i/[\w-]+", "", text) for text in (shown["text"], sent)]
        assert unlinked[0].strip() == unlinked[1].strip()
        assert "sabado, 6 de marco" in sent and "/test" not in sent
        assert (shown["encoding"], shown["segments"]) == ("gsm7", count(sent.strip()).count)

        own = path("admin_text", occasion="reminder", language="pt", part="short")
        text = "Não se esqueça: $scheduler, amanhã à noite, $moment, na habitação. Ligação: $link"
        page = (await nurse.post(own, {"text": text, "step": "preview"})).text
        assert "Nao se esqueca: Dr. Élise Martin" in page
        assert "2 SMS" in page


async def test_whatsapp_keeps_its_accents(server: Server) -> None:
    composing = server.app[COMPOSING]
    async with Person(server) as nurse:
        await nurse.sign_in()
        template = {"name": "planned", "locale": "pt_PT", "parameters": "scheduler moment"}
        address = path("admin_template", occasion="planned_invitation", language="pt")
        assert (await nurse.post(address, template)).status == 303
    account = await server.app[STORE].read.accounts.by_email("nurse@example.org")
    assert account is not None
    ines = Invited("Inês", "", "whatsapp", "+351912345678", "pt", "Europe/Lisbon")
    plan = Plan("remote", (("service_user", ines),), SATURDAY, "Europe/Lisbon")
    consultation, (invite,) = await server.app[INVITING].invite(account, plan)
    about = InviteContext(consultation, account, invite)
    content = composing.content("planned_invitation", about, "x" * 22)
    assert content.template is not None
    scheduler, told = content.template.parameters
    assert scheduler == "Dr. Élise Martin"
    assert told.startswith("sábado, 6 de março de 2027, 11:30")
