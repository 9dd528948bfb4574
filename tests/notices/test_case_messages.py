"""What the page of a session says of messages that fail, go another way, arrive or are read."""

import html
import re

from tests.notices.desk import NUMBER, Desk, receipt
from tests.notices.test_phones import WHATSAPP, allow_whatsapp
from web.keys import STORE


async def messages(nurse: Desk) -> list[str]:
    """The lines of "Messages sent", without their times."""
    [consultation_id] = await nurse.server.app[STORE].read.consultations.ids()
    page = (await nurse.person.get(f"/sessions/{consultation_id}/case")).text
    listed = page.partition('<ol class="lines messages">')[2].partition("</ol>")[0]
    lines = re.findall(r"<li>.*?</time></span>(.*?)</li>", listed, flags=re.DOTALL)
    return [html.unescape(re.sub(r"<[^>]+>", "", line)) for line in lines]


async def test_every_way_that_was_tried_is_listed_with_its_reason(nurse: Desk) -> None:
    await allow_whatsapp(nurse, "planned_invitation")
    assert (await nurse.invite(**WHATSAPP)).status == 303
    tried = (
        "Invitation for now · Amina · WhatsApp · Could not be delivered "
        "There is no approved WhatsApp template for this message."
    )
    assert await messages(nurse) == [tried, "Invitation for now · Amina · SMS · Sent"]
    [message] = nurse.outside.phones.messages
    assert (await nurse.hook("status", receipt(message, "delivered"))).status == 200
    assert await messages(nurse) == [tried, "Invitation for now · Amina · SMS · Delivered"]


async def test_what_is_tried_again_says_why_and_a_second_message_is_asked_about(
    nurse: Desk,
) -> None:
    question = 'data-confirm="again-dialog"'
    nurse.outside.phones.answers = [402]
    assert (await nurse.invite(address=NUMBER, channel="sms")).status == 303
    assert await messages(nurse) == [
        "Invitation for now · Amina · SMS · Not sent yet, will be tried again "
        "The provider account has no credit left."
    ]
    # nothing has arrived: another press of "Send again" harms nobody
    assert question not in await nurse.list()
    nurse.move(minutes=1)
    await nurse.deliver()
    assert await messages(nurse) == ["Invitation for now · Amina · SMS · Sent"]
    assert question in await nurse.list()
