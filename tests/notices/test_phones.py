"""SMS and WhatsApp invitations through the whole server, and the provider's webhooks."""

import asyncio
import json

import pytest

from tests.delivery.vonage_server import SIGNATURE_SECRET, Answer, signed
from tests.notices.desk import NUMBER, Desk, answer_of, receipt
from web.keys import STORE

SMS = {"address": NUMBER, "channel": "sms"}
WHATSAPP = {"address": NUMBER, "channel": "whatsapp"}


async def attempts(nurse: Desk) -> list[tuple[str, str, str]]:
    """(channel, state, reason) of every attempt so far, oldest first."""
    read = nurse.server.app[STORE].read
    found = []
    account = await read.accounts.by_email("nurse@example.org")
    assert account is not None
    for consultation in await read.consultations.visible_to(
        account.id, ("planned", "waiting", "active", "closed", "canceled")
    ):
        for notice in await read.notices.of_consultation(consultation.id):
            found += [
                (each.channel, each.state, each.reason)
                for each in await read.notices.attempts(notice.id)
            ]
    return found


async def allow_whatsapp(nurse: Desk, *occasions: str) -> None:
    for occasion in occasions or ("invitation", "planned_invitation"):
        answer = await nurse.person.post(
            f"/admin/templates/{occasion}/en",
            {"name": "clinic_invite", "locale": "en", "parameters": "name scheduler note link"},
        )
        assert answer.status == 303, answer.text


async def test_an_sms_brings_the_link(nurse: Desk) -> None:
    assert (await nurse.invite(**SMS)).status == 303
    [message] = nurse.outside.phones.messages
    assert message["to"] == NUMBER.lstrip("+")
    assert message["from"] == "Clinic"
    assert "Nurse Joy invites you to a session" in message["text"]
    link = message["text"].split()[-1]
    assert (await nurse.person.get(link[link.index("/i/") :])).status == 200
    assert await attempts(nurse) == [("sms", "sent", "")]


async def test_whatsapp_sends_the_approved_template_and_its_parameters(nurse: Desk) -> None:
    await allow_whatsapp(nurse)
    assert (await nurse.invite(**WHATSAPP)).status == 303
    [message] = nurse.outside.phones.messages
    assert message["template"]["name"] == "clinic_invite"
    name, scheduler, note, link = message["template"]["parameters"]
    assert (name, scheduler, note) == ("Amina", "Nurse Joy", "–")
    assert "/i/" in link
    assert "text" not in message


async def test_without_any_template_whatsapp_is_not_offered(nurse: Desk) -> None:
    answer = await nurse.invite(**WHATSAPP)
    assert answer.status == 400
    assert "This number cannot be reached this way." in answer.text
    assert nurse.outside.phones.messages == []


async def test_a_missing_template_goes_on_to_the_next_route(nurse: Desk) -> None:
    await allow_whatsapp(nurse, "planned_invitation")
    assert (await nurse.invite(**WHATSAPP)).status == 303
    assert await attempts(nurse) == [
        ("whatsapp", "undeliverable", "template_missing"),
        ("sms", "sent", ""),
    ]
    assert len(nurse.outside.texts) == 1


@pytest.mark.parametrize(
    ("answer", "state", "reason"),
    [
        (401, "failed", "credentials_refused"),
        (402, "failed", "no_credit"),
        (422, "undeliverable", "content_refused"),
        (429, "failed", "too_many"),
        (500, "failed", "provider_failed"),
        ("cut", "unknown", "reply_lost"),
        (502, "unknown", "reply_lost"),
    ],
)
async def test_each_answer_is_shown_and_nothing_is_sent_twice(
    nurse: Desk, answer: Answer, state: str, reason: str
) -> None:
    nurse.outside.phones.answers = [answer]
    await nurse.invite(**SMS)
    assert await attempts(nurse) == [("sms", state, reason)]
    assert len(nurse.outside.phones.messages) == 1
    nurse.move(hours=2)
    await nurse.deliver()
    again = 2 if state == "failed" else 1
    assert len(nurse.outside.phones.messages) == again
    assert (await attempts(nurse))[0][1] == ("sent" if state == "failed" else state)
    if state == "failed":  # the same reference, so that a receipt finds it
        first, second = nurse.outside.phones.messages
        assert first == second


async def test_a_receipt_moves_the_attempt_and_never_the_invite(nurse: Desk) -> None:
    await nurse.invite(**SMS)
    [message] = nurse.outside.phones.messages
    for status, expected in (
        ("delivered", "delivered"),
        ("submitted", "delivered"),  # out of order
        ("read", "read"),
        ("delivered", "read"),
        ("undeliverable", "read"),  # what a phone has confirmed stays confirmed
        ("nonsense", "read"),
    ):
        for _twice in range(2):
            answer = await nurse.hook("status", receipt(message, status))
            assert answer.status == 200
            assert await attempts(nurse) == [("sms", expected, "")]
    assert len(nurse.outside.phones.messages) == 1


async def test_a_receipt_settles_an_unknown_outcome(nurse: Desk) -> None:
    nurse.outside.phones.answers = ["cut"]
    await nurse.invite(**SMS)
    [message] = nurse.outside.phones.messages
    assert await attempts(nurse) == [("sms", "unknown", "reply_lost")]
    await nurse.hook("status", receipt(message, "delivered"))
    assert await attempts(nurse) == [("sms", "delivered", "")]


async def test_what_was_not_delivered_is_tried_by_the_next_route(nurse: Desk) -> None:
    answer = await nurse.person.post(
        "/admin/routes", {"routes": "allow + sms Clinic\nallow +41 sms +41790000009\n"
                          "allow +41 sms Clinic2\n"}
    )  # fmt: skip
    assert answer.status == 303
    await nurse.invite(**SMS)
    [first] = nurse.outside.phones.messages
    assert first["from"] == "41790000009"
    error = {"type": "https://developer.vonage.com/api-errors/messages#1340"}
    for _twice in range(2):
        await nurse.hook("status", receipt(first, "undeliverable", error=error))
    assert [each["from"] for each in nurse.outside.phones.messages] == ["41790000009", "Clinic2"]
    assert [state for _, state, _ in await attempts(nurse)] == ["undeliverable", "sent"]
    # it is delivered after all: shown, and nothing more is sent
    await nurse.hook("status", receipt(first, "delivered"))
    assert [state for _, state, _ in await attempts(nurse)] == ["delivered", "sent"]
    assert len(nurse.outside.phones.messages) == 2


async def test_a_canceled_session_is_not_announced_by_the_next_route(nurse: Desk) -> None:
    await nurse.person.post("/admin/routes", {"routes": "allow + sms A\nallow + sms B\n"})
    await nurse.invite(**SMS)
    [first] = nurse.outside.phones.messages
    page = await nurse.list()
    consultation_id = page.split('data-consultation-id="')[1].split('"')[0]
    answer = await nurse.person.post(f"/sessions/{consultation_id}/cancel")
    assert answer.status == 303
    await nurse.deliver()
    assert len(nurse.outside.phones.messages) == 2  # the cancellation
    await nurse.hook("status", receipt(first, "undeliverable"))
    await nurse.deliver()
    assert len(nurse.outside.phones.messages) == 2


async def test_an_unauthenticated_webhook_changes_nothing(nurse: Desk) -> None:
    await nurse.invite(**SMS)
    [message] = nurse.outside.phones.messages
    body = json.dumps(receipt(message, "read")).encode()
    now = int(nurse.now.timestamp())
    good = signed(body, iat=now, jti="good")
    for authorization in (
        None,
        "",
        "Bearer nonsense",
        signed(body, iat=now, secret="another secret that is as long as it has to be"),
        signed(body + b" ", iat=now),
        signed(body, iat=now - 301),
        signed(body, iat=now, exp=now - 1),
        signed(body, iat=now, algorithm="none", secret=""),
    ):
        answer = await nurse.post_hook("status", body, authorization)
        assert answer.status == 401, authorization
        assert await attempts(nurse) == [("sms", "sent", "")]
    assert (await nurse.post_hook("status", body, good)).status == 200
    assert await attempts(nurse) == [("sms", "read", "")]
    assert (await nurse.post_hook("status", body, good)).status == 401  # replayed
    at_once = signed(body, iat=now, jti="both")
    answers = await asyncio.gather(*(nurse.post_hook("status", body, at_once) for _ in range(5)))
    assert sorted(each.status for each in answers) == [200, 401, 401, 401, 401]


async def test_a_huge_or_malformed_webhook_is_refused(nurse: Desk) -> None:
    huge = b'{"x": "' + b"x" * 70_000 + b'"}'
    assert (await nurse.post_hook("inbound", huge, signed(huge))).status == 413
    answer = await nurse.hook("status", {"status": "delivered"})
    assert answer.status == 400
    assert SIGNATURE_SECRET not in answer.text


async def test_a_receipt_for_something_purged_is_no_error(nurse: Desk) -> None:
    message = {"to": "1", "from": "2", "client_ref": "nobody", "channel": "sms"}
    assert (await nurse.hook("status", receipt(message, "delivered"))).status == 200


async def test_a_reply_is_shown_at_the_invite_once_and_sealed(nurse: Desk) -> None:
    await nurse.invite(**SMS)
    reply = answer_of(NUMBER, "سأتأخر قليلاً <b>")
    for _twice in range(2):
        assert (await nurse.hook("inbound", reply)).status == 200
    page = await nurse.list()
    assert page.count("سأتأخر قليلاً &lt;b&gt;") == 1
    await nurse.hook("inbound", answer_of(NUMBER, "", message_type="image"))
    assert "(image)" in await nurse.list()
    folder = nurse.server.config.data_dir
    stored = b"".join(file.read_bytes() for file in folder.glob("teleconnect.sqlite3*"))
    for plain in ("سأتأخر".encode(), NUMBER.encode(), NUMBER.lstrip("+").encode()):
        assert plain not in stored


async def test_a_reply_goes_to_the_latest_open_invite_of_that_number(nurse: Desk) -> None:
    await nurse.invite(first_name="First", **SMS)
    nurse.move(minutes=1)
    await nurse.invite(first_name="Second", **SMS)
    await nurse.hook("inbound", answer_of(NUMBER, "I come later"))
    await nurse.hook("inbound", answer_of("+41790001122", "Who are you?"))
    page = await nurse.list()
    assert "Who are you?" not in page
    second = page[page.index("Second") :]
    row = second[: second.index("</li>")]
    assert "I come later" in row


async def test_the_preview_counts_what_will_be_sent(nurse: Desk) -> None:
    form = {"kind": "remote", "first_name": "Amina", "language": "en", **SMS}
    answer = await nurse.person.post("/invites/preview", form)
    told = json.loads(answer.text)
    assert (told["channel"], told["encoding"], told["segments"]) == ("sms", "gsm7", 1)
    assert told["price"] == "0.07 CHF"
    assert nurse.outside.phones.messages == []
    await nurse.invite(**SMS)
    [text] = nurse.outside.texts
    assert len(text) == len(told["text"])
    arabic = await nurse.person.post("/invites/preview", {**form, "language": "ar"})
    told = json.loads(arabic.text)
    assert told["encoding"] == "ucs2" and told["segments"] > 1
    assert told["price"] == f"0.{7 * told['segments']:02} CHF"


@pytest.mark.parametrize(
    ("changes", "channel"),
    [
        ({"address": ""}, ""),
        ({"address": "079"}, ""),
        ({"address": "amina@example.org"}, "email"),
        ({"channel": "none"}, "none"),
        ({"first_name": "x" * 500, "plan_later": "on", "date": "never"}, "sms"),
        ({"language": "tlh", "note": "y" * 5000, "time_zone": "Mars/Olympus"}, "sms"),
    ],
)
async def test_the_preview_accepts_any_input(
    nurse: Desk, changes: dict[str, str], channel: str
) -> None:
    form = {"kind": "remote", "first_name": "Amina", "language": "en", **SMS} | changes
    answer = await nurse.person.post("/invites/preview", form)
    assert answer.status == 200
    assert json.loads(answer.text)["channel"] == channel
