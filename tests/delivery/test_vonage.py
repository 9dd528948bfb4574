"""SMS and WhatsApp, against a server that checks every request and breaks on request."""

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from signaling.delivery.vonage_account import VonageAccount, host_of
from signaling.delivery.vonage_sms import VonageSms
from signaling.delivery.vonage_whatsapp import VonageWhatsapp
from signaling.errors import InvalidInput
from signaling.notices.notice import (
    Outcome,
    Outgoing,
    PermanentFailure,
    Sent,
    TemporaryFailure,
    UnknownOutcome,
)
from tests.delivery.certificates import certificates
from tests.delivery.notices import SMS, WHATSAPP
from tests.delivery.smtp_server import broken_server
from tests.delivery.vonage_server import Answer, VonageServer, vonage_server


@pytest.fixture(autouse=True)
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package trusts REQUESTS_CA_BUNDLE, as with any private authority."""
    bundle = tmp_path / "authority.pem"
    bundle.write_bytes(certificates().authority_pem)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing of a message is ever logged."""
    with caplog.at_level(logging.DEBUG):
        yield
    for secret in ("41791234567", "tele.example", "Bearer", "Amina"):
        assert secret not in caplog.text


@pytest.fixture
async def server() -> AsyncIterator[VonageServer]:
    async with vonage_server() as running:
        yield running
    assert running.complaints == []


LONG_S = 60
"A timeout that is never reached."
SHORT_S = 3
"Timeout for an answer that does not come; long enough for a busy machine to send the request."


def account_of(
    server: VonageServer, host: str | None = None, status_url: str = "", timeout_s: int = LONG_S
) -> VonageAccount:
    return VonageAccount(
        server.application_id,
        server.private_key,
        api_host=host or server.host,
        status_url=status_url,
        timeout_s=timeout_s,
    )


async def send(
    server: VonageServer,
    outgoing: Outgoing = SMS,
    host: str | None = None,
    timeout_s: int = LONG_S,
) -> Outcome:
    account = account_of(server, host, timeout_s=timeout_s)
    provider = (
        VonageSms(account, "Clinic")
        if outgoing.channel == "sms"
        else VonageWhatsapp(account, "+41790000000")
    )
    try:
        return await provider.send(outgoing)
    finally:
        await provider.close()


async def test_an_sms_is_sent_once_with_its_attempt_as_reference(server: VonageServer) -> None:
    outcome = await send(server)
    assert isinstance(outcome, Sent)
    assert len(outcome.provider_id) == 36
    assert server.messages == [
        {
            "to": "41791234567",
            "client_ref": "attempt-0001",
            "from": "Clinic",
            "text": SMS.content.text,
            "channel": "sms",
            "message_type": "text",
        }
    ]


async def test_receipts_are_requested_if_an_address_is_configured(server: VonageServer) -> None:
    provider = VonageSms(account_of(server, status_url="https://tele.invalid/hook"), "Clinic")
    await provider.send(SMS)
    await provider.close()
    assert server.messages[0]["webhook_url"] == "https://tele.invalid/hook"
    assert server.messages[0]["webhook_version"] == "v1"


async def test_the_sender_of_a_route_precedes_that_of_the_account(server: VonageServer) -> None:
    await send(server, replace(SMS, sender_id="+41790000001"))
    assert server.messages[0]["from"] == "41790000001"


@pytest.mark.parametrize("text", ["موعدك غدًا 🗓", "x" * 3200, "€uro ’"])
async def test_any_script_is_sent_as_it_is(server: VonageServer, text: str) -> None:
    outcome = await send(server, replace(SMS, content=replace(SMS.content, text=text)))
    assert isinstance(outcome, Sent)
    assert server.messages[0]["text"] == text


async def test_whatsapp_is_sent_by_template_and_parameters_only(server: VonageServer) -> None:
    assert isinstance(await send(server, WHATSAPP), Sent)
    assert server.messages == [
        {
            "to": "41791234567",
            "client_ref": "attempt-0001",
            "from": "41790000000",
            "channel": "whatsapp",
            "template": {
                "name": "clinic:invitation",
                "parameters": ["Amina", "tomorrow at 10:00"],
            },
            "whatsapp": {"locale": "fr", "policy": "deterministic"},
            "message_type": "template",
        }
    ]


async def test_whatsapp_without_template_sends_nothing_and_says_so(server: VonageServer) -> None:
    outgoing = replace(WHATSAPP, content=replace(WHATSAPP.content, template=None))
    assert await send(server, outgoing) == PermanentFailure("template_missing")
    assert server.messages == []


@pytest.mark.parametrize("text", ["", " \n", "x" * 3201])
async def test_an_empty_or_overlong_sms_is_not_sent(server: VonageServer, text: str) -> None:
    outgoing = replace(SMS, content=replace(SMS.content, text=text))
    assert await send(server, outgoing) == PermanentFailure("content_refused")
    assert server.messages == []


@pytest.mark.parametrize("address", ["", "+0123", "0791234567", "+41 79", "amina@example.org"])
async def test_an_invalid_number_is_not_sent_to(server: VonageServer, address: str) -> None:
    outcome = await send(server, replace(SMS, address=address))
    assert outcome == PermanentFailure("number_refused")
    assert server.messages == []


INVALID = '{"title": "Invalid params", "invalid_parameters": [{"name": "%s", "reason": "?"}]}'


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (401, TemporaryFailure("credentials_refused", "HTTP 401")),
        (402, TemporaryFailure("no_credit", "HTTP 402")),
        (403, PermanentFailure("not_permitted", "HTTP 403")),
        (404, TemporaryFailure("server_unreachable", "HTTP 404")),
        (422, PermanentFailure("content_refused", "HTTP 422")),
        ((422, {}, INVALID % "to"), PermanentFailure("number_refused", "HTTP 422")),
        ((422, {}, INVALID % "from"), PermanentFailure("sender_refused", "HTTP 422")),
        ((422, {}, INVALID % "text"), PermanentFailure("content_refused", "HTTP 422")),
        ((422, {}, '{"invalid_parameters": 3}'), PermanentFailure("content_refused", "HTTP 422")),
        ((422, {}, "nonsense"), PermanentFailure("content_refused", "HTTP 422")),
        (429, TemporaryFailure("too_many", "HTTP 429")),
        ((429, {"Retry-After": "7"}, ""), TemporaryFailure("too_many", "HTTP 429", 7.0)),
        ((429, {"Retry-After": "nan"}, ""), TemporaryFailure("too_many", "HTTP 429")),
        ((429, {"Retry-After": "1e9"}, ""), TemporaryFailure("too_many", "HTTP 429", 3600.0)),
        (500, TemporaryFailure("provider_failed", "HTTP 500")),
        (503, TemporaryFailure("provider_failed", "HTTP 503")),
        (502, UnknownOutcome("reply_lost", "HTTP 502")),
        (504, UnknownOutcome("reply_lost", "HTTP 504")),
        (409, PermanentFailure("content_refused", "HTTP 409")),
        ("no_json", UnknownOutcome("reply_lost", "HTTP 2xx")),
        ("no_uuid", UnknownOutcome("reply_lost", "HTTP 2xx")),
        ("cut", UnknownOutcome("reply_lost")),
        pytest.param("hang", UnknownOutcome("reply_lost"), marks=pytest.mark.slow),
    ],
)
async def test_each_answer_has_its_outcome_and_is_requested_once(
    server: VonageServer, answer: Answer, outcome: Outcome
) -> None:
    server.answers = [answer]
    timeout_s = SHORT_S if answer == "hang" else LONG_S
    assert await send(server, timeout_s=timeout_s) == outcome
    assert len(server.messages) == 1


async def test_after_a_refusal_the_next_message_goes_through(server: VonageServer) -> None:
    server.answers = [500, "cut"]
    provider = VonageSms(account_of(server), "Clinic")
    outcomes = [await provider.send(SMS) for _ in range(3)]
    await provider.close()
    assert [type(outcome) for outcome in outcomes] == [TemporaryFailure, UnknownOutcome, Sent]


@pytest.mark.slow
async def test_many_tasks_send_one_after_the_other(server: VonageServer) -> None:
    provider = VonageSms(account_of(server), "Clinic")
    outcomes = await asyncio.gather(
        *(provider.send(replace(SMS, attempt_id=f"attempt-{n}")) for n in range(20))
    )
    await provider.close()
    assert all(isinstance(outcome, Sent) for outcome in outcomes)
    assert {message["client_ref"] for message in server.messages} == {
        f"attempt-{n}" for n in range(20)
    }


@pytest.mark.slow
async def test_a_trickling_answer_is_given_up_and_the_next_message_leaves(
    server: VonageServer,
) -> None:
    server.answers = ["drip"]
    account = VonageAccount(
        server.application_id, server.private_key, api_host=server.host, whole_s=SHORT_S
    )
    await account.prepare()
    sms = VonageSms(account, "Clinic")
    assert await sms.send(SMS) == UnknownOutcome("reply_lost")
    assert isinstance(await sms.send(SMS), Sent)
    server.released.set()
    await sms.close()


async def test_the_event_loop_is_free_while_the_provider_hangs(server: VonageServer) -> None:
    server.answers = ["hang"]
    sending = asyncio.create_task(send(server))
    await server.arrived.wait()
    assert not sending.done()
    server.released.set()
    assert await sending == UnknownOutcome("reply_lost", "HTTP 2xx")


async def test_a_refused_connection_left_nothing_behind(server: VonageServer) -> None:
    async with broken_server("greeting", "close") as gone:
        host = f"localhost:{gone.port}"
    assert await send(server, host=host) == TemporaryFailure("server_unreachable")
    assert await send(server, host="nowhere.invalid") == TemporaryFailure("server_unreachable")


async def test_a_certificate_of_an_unknown_authority_is_not_trusted() -> None:
    async with vonage_server(authority="unknown") as server:
        assert await send(server) == TemporaryFailure("tls_untrusted")
    assert server.messages == []


async def test_a_connection_broken_during_the_handshake_is_not_taken_for_unsent(
    server: VonageServer,
) -> None:
    async with broken_server("greeting", "reset") as broken:
        outcome = await send(server, host=f"localhost:{broken.port}")
    assert outcome == UnknownOutcome("reply_lost")


async def test_a_private_key_may_have_its_line_breaks_written_out(server: VonageServer) -> None:
    account = VonageAccount(
        server.application_id,
        server.private_key.replace("\n", "\\n"),
        api_host=server.host,
        timeout_s=LONG_S,
    )
    provider = VonageSms(account, "Clinic")
    assert isinstance(await provider.send(SMS), Sent)
    await provider.close()


@pytest.mark.parametrize("key", ["", "/etc/key.pem", "-----BEGIN RSA PRIVATE KEY-----\nAAAA"])
def test_another_kind_of_key_is_refused_at_start(key: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        VonageAccount("application", key)
    assert refused.value.field == "vonage_private_key"


@pytest.mark.parametrize("url", ["https://api.nexmo.com", "https://localhost:8443/"])
def test_the_api_is_a_host_by_https(url: str) -> None:
    assert host_of(url) == url.removeprefix("https://").rstrip("/")


@pytest.mark.parametrize(
    "url",
    ["", "api.nexmo.com", "http://h", "https://h/v1", "https://h?x", "https://u@h", "https://h:x"],
)
def test_any_other_address_of_the_api_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput):
        host_of(url)


async def test_the_server_of_these_tests_leaves_no_connection_open() -> None:
    """Whatever its other end does not do: a run that ends with an open one fails."""

    def connect(host: str) -> ssl.SSLSocket:
        name, _, port = host.partition(":")
        connected = socket.create_connection((name, int(port)))
        client = certificates().client.wrap_socket(connected, server_hostname=name)
        client.sendall(b"POST /v1/messages HTTP/1.1\r\n")
        return client

    def sockets() -> int:
        found = 0
        for each in Path("/proc/self/fd").iterdir():
            with contextlib.suppress(OSError):  # that of this listing
                found += each.readlink().name.startswith("socket:")
        return found

    before = await asyncio.to_thread(sockets)
    async with vonage_server() as server:
        client = await asyncio.to_thread(connect, server.host)
    with client:
        assert await asyncio.to_thread(sockets) == before + 1, "the client's"
