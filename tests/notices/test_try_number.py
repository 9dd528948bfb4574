""" "Try this number": what would happen to a message, and a real one."""

from tests.notices.desk import NUMBER, Desk
from tests.people import Person, outbox
from tests.serving import audit_lines, serving
from web.keys import STORE

TRY = "/admin/routes/try"


async def test_a_number_is_shown_with_its_routes_and_price_and_nothing_is_sent(nurse: Desk) -> None:
    routes = "allow + sms Clinic\ndeny +380 any\n"
    await nurse.person.post("/admin/routes", {"routes": routes})
    page = (await nurse.person.post(TRY, {"number": "0041 79 123 45 67", "step": "show"})).text
    assert "+41 79 123 45 67" in page and "Switzerland" in page
    assert "Messages may be sent to this number." in page
    assert "Sender: Clinic" in page
    assert "costs 0.07 CHF" in page
    assert "No route allows it" in page  # WhatsApp
    assert routes.splitlines()[1] in page  # what is stored stays in its form
    closed = (await nurse.person.post(TRY, {"number": "+380 50 123 4567"})).text
    assert "No message is sent to this number." in closed
    assert "Send a test message" not in closed
    assert nurse.outside.phones.messages == []


async def test_a_test_message_is_sent_once_with_its_line_and_within_a_limit(nurse: Desk) -> None:
    for _ in range(10):
        answer = await nurse.person.post(TRY, {"number": NUMBER, "step": "send"})
        assert "The test message is on its way." in answer.text
    refused = await nurse.person.post(TRY, {"number": NUMBER, "step": "send"})
    assert refused.status == 429
    assert NUMBER in refused.text
    assert len(nurse.outside.texts) == 10
    assert "This is a test message from TeleConnect." in nurse.outside.texts[0]
    lines = await audit_lines(nurse.server.app[STORE])
    tests = [line.thing for line in lines if line.action == "send_test_message"]
    assert tests == ["sms"] * 10


async def test_a_number_that_no_route_allows_gets_no_test_message(nurse: Desk) -> None:
    await nurse.person.post("/admin/routes", {"routes": "deny +41 any\nallow + sms\n"})
    answer = await nurse.person.post(TRY, {"number": NUMBER, "step": "send"})
    assert answer.status == 400
    assert "The administrator has not allowed messages to this number." in answer.text
    assert nurse.outside.phones.messages == []


async def test_what_is_no_number_is_refused_and_kept(nurse: Desk) -> None:
    for typed in ("", "amina@example.org", "12", "x" * 400):
        answer = await nurse.person.post(TRY, {"number": typed, "step": "show"})
        assert answer.status == 400
        assert f'value="{typed}"' in answer.text or not typed


async def test_a_refusal_by_the_provider_is_said(nurse: Desk) -> None:
    nurse.outside.phones.answers.append(401)
    answer = await nurse.person.post(TRY, {"number": NUMBER, "step": "send"})
    assert "The test message was not sent." in answer.text
    assert "refuses our credentials" in answer.text


async def test_without_a_provider_the_message_is_in_the_outbox(tmp_path) -> None:
    async with serving(tmp_path) as server, Person(server) as boss:
        await server.account(role="administrator")
        await boss.sign_in()
        page = (await boss.post(TRY, {"number": NUMBER, "step": "send"})).text
        assert "The test message is in the outbox." in page
        [message] = await outbox(server)
        assert message.to == NUMBER
