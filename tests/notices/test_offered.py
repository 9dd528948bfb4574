"""Which channels the form offers, and what it says of those that are not set up."""

import html
import json
from pathlib import Path

from tests.notices.desk import NUMBER, Outside, desk


async def test_with_a_mail_server_alone_numbers_are_refused_and_mails_are_sent(
    tmp_path: Path, around: Outside
) -> None:
    nothing = {name: "" for name in around.settings() if "_VONAGE_" in name}
    async with desk(tmp_path / "data", around, **nothing) as nurse:
        page = (await nurse.person.get("/invites/new")).text
        assert 'value="sms"' not in page and 'value="whatsapp"' not in page
        form = {"kind": "remote", "language": "en", "address": NUMBER}
        told = json.loads((await nurse.person.post("/invites/preview", form)).text)
        assert told["trouble"] == "SMS and WhatsApp are not set up on this server."
        answer = await nurse.invite(address=NUMBER)
        assert answer.status == 400
        assert "SMS and WhatsApp are not set up on this server." in answer.text

        answer = await nurse.invite(address="fatima@example.org")
        sent = html.unescape((await nurse.person.get(answer.location)).text)
        assert 'Invitation sent to <bdi dir="ltr">fatima@example.org</bdi> by email.' in sent
        assert "Kept here" not in await nurse.list()
        assert "No mail server is set up" not in (await nurse.person.get("/admin")).text


async def test_a_number_is_offered_the_channels_of_its_route(
    tmp_path: Path, around: Outside
) -> None:
    async with desk(tmp_path / "data", around) as nurse:
        page = (await nurse.person.get("/invites/new")).text
        assert 'value="sms"' in page and 'value="whatsapp"' not in page  # no template is approved
        form = {"kind": "remote", "language": "en", "address": NUMBER}
        told = json.loads((await nurse.person.post("/invites/preview", form)).text)
        assert (told["ways"], told["trouble"], told["channel"]) == (["sms"], "", "sms")
        answer = await nurse.invite(address=NUMBER)
        assert "by SMS." in (await nurse.person.get(answer.location)).text
