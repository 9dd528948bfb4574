"""The wire: strict decoding, and that nothing but InvalidMessage ever escapes."""

import json
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signaling.errors import InvalidMessage
from signaling.wire import client_messages as client

EXAMPLES: dict[str, dict[str, Any]] = {
    "hello": {"version": 3, "stream": "room", "peer_id": "peer-0001", "invite_id": "invite-01",
              "resume": {"epoch": "epoch-001", "seq": 0}, "calls": False, "ticket": "ticket-01"},
    "ping": {},
    "active": {},
    "chat_send": {"id": "command-1", "text": "Good morning"},
    "seen": {"position": 1},
    "read_chat": {"id": "command-1", "before": 7, "after": 3},
    "turn_photo": {"id": "command-1", "line_id": "photo-01", "turned": 3},
    "ask_photo": {"id": "command-1", "participant_id": "amina-01"},
    "answer_photo": {"id": "command-1", "request_id": "request-1", "answer": "failed"},
    "start_consultation": {"id": "command-1"},
    "terminate_consultation": {"id": "command-1", "choice": "close"},
    "resume_consultation": {"id": "command-1"},
    "call_start": {"id": "command-1", "media": "video"},
    "call_accept": {"id": "command-1", "call_id": "call-0001"},
    "call_decline": {"id": "command-1", "call_id": "call-0001"},
    "call_leave": {"id": "command-1", "call_id": "call-0001"},
    "send_description": {"to": "peer-0001", "description": {"kind": "offer", "sdp": "v=0"}},
    "send_candidate": {"to": "peer-0001", "candidate": {"candidate": ""}},
    "relay_answer": {"revision": 7, "sdp": "v=0"},
    "path_ready": {"topology": "forwarded", "peers": ["peer-0001"]},
    "path_failed": {"to": "peer-0001"},
    "tile_shown": {"peer_id": "peer-0001", "kind": "video", "height": 240},
    "set_media": {"media": {"microphone": True, "camera": False}},
    "set_quality": {"quality": "good"},
}  # fmt: skip


def frame(kind: str, /, **changes: Any) -> str:
    return json.dumps({"type": kind, **EXAMPLES[kind], **changes})


def test_there_is_an_example_of_every_message_from_the_browser() -> None:
    tags = {struct.__struct_config__.tag for struct in get_args(client.ClientMessage)}
    assert tags == set(EXAMPLES)


@pytest.mark.parametrize("kind", EXAMPLES)
def test_every_example_is_decoded(kind: str) -> None:
    assert client.decode(frame(kind)).__struct_config__.tag == kind


@pytest.mark.parametrize("kind", EXAMPLES)
def test_an_unknown_member_is_refused(kind: str) -> None:
    with pytest.raises(InvalidMessage):
        client.decode(frame(kind, extra=1))


@pytest.mark.parametrize(
    ("kind", "member"), [(kind, member) for kind, body in EXAMPLES.items() for member in body]
)
@pytest.mark.parametrize("wrong", [[], -1, {"a": 1}, "\0"])
def test_a_member_of_another_type_is_refused(kind: str, member: str, wrong: object) -> None:
    if (member, wrong) in [
        ("text", "\0"),
        ("version", -1),
        ("sdp", "\0"),
        ("peers", []),
    ]:  # validated later, not by the decoder
        client.decode(frame(kind, **{member: wrong}))
        return
    with pytest.raises(InvalidMessage):
        client.decode(frame(kind, **{member: wrong}))


@pytest.mark.parametrize(
    "identifier",
    [
        "",
        "short",
        "x" * 65,
        "with space",
        "komm\u00e5ndo",
        "../../etc",
        "line-feed\n",
        "a" * 8 + "\0",
    ],
)
def test_an_identifier_of_any_other_shape_is_refused(identifier: str) -> None:
    with pytest.raises(InvalidMessage):
        client.decode(frame("chat_send", id=identifier))


@pytest.mark.parametrize(
    "text",
    ["", "null", "[]", "1", '"hello"', "{}", '{"type":"welcome"}', '{"type":1}', "{" * 5000,
     '{"type":"chat_send","id":"command-1","text":' + "[" * 20_000, "\ufeff{}", "NaN",
     '{"type":"chat_send","id":"command-1","text":"\\ud800"}',
     '{"type":"seen","position":1e400}', '{"type":"seen","position":' + "9" * 5000 + "}",
     '{"type":"ping","type":"seen"}'],
)  # fmt: skip
def test_anything_but_a_message_is_refused(text: str) -> None:
    with pytest.raises(InvalidMessage):
        client.decode(text)


def test_an_overlong_text_is_refused() -> None:
    with pytest.raises(InvalidMessage):
        client.decode(frame("chat_send", text="x" * 8001))


LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20)
)
JSON = (
    LEAVES
    | st.lists(LEAVES, max_size=3)
    | st.dictionaries(st.text(st.characters(), max_size=8), LEAVES, max_size=3)
)
MEMBERS = sorted({"type", "extra", *(member for body in EXAMPLES.values() for member in body)})


@given(st.binary(max_size=200) | st.text(st.characters(exclude_categories=()), max_size=200))
def test_noise_is_refused_and_nothing_else_happens(noise: bytes | str) -> None:
    with pytest.raises(InvalidMessage):
        client.decode(noise)


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.sampled_from(sorted(EXAMPLES)), st.dictionaries(st.sampled_from(MEMBERS), JSON, max_size=3)
)
def test_a_mutated_message_is_decoded_or_refused(kind: str, changes: dict[str, Any]) -> None:
    try:
        message = client.decode(json.dumps({"type": kind, **EXAMPLES[kind], **changes}))
    except InvalidMessage:
        return
    assert isinstance(message, get_args(client.ClientMessage))
    msgspec.json.encode(message)  # whatever was decoded can be encoded again
