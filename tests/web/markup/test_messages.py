"""The wire protocol is written in Python, in the browser's types, and in prose. All agree."""

import re
import typing
from inspect import isclass
from pathlib import Path

import msgspec
import pytest

from signaling import errors
from signaling.wire import client_messages, messages, values
from signaling.wire.values import CLOSE_CODES, Value

ROOT = Path(__file__).parents[3]
SOURCE = "".join(
    (ROOT / "web/static/js/signaling" / name).read_text(encoding="utf-8")
    for name in ("messages.js", "values.js")
)
NUMBERS = (ROOT / "web/static/js/signaling/protocol.js").read_text(encoding="utf-8")
PROSE = (ROOT / "signaling/wire/PROTOCOL.md").read_text(encoding="utf-8")

STRUCTS = {
    name: value
    for name, value in (vars(client_messages) | vars(messages) | vars(values)).items()
    if isclass(value)
    and issubclass(value, messages.Message | Value)
    and value not in (messages.Message, Value)
}


def typedefs() -> dict[str, dict[str, bool]]:
    """Type -> member -> whether it may be absent, from the JSDoc of the browser."""
    found = {}
    for block in re.findall(r"/\*\*(.*?)\*/", SOURCE, re.DOTALL):
        if name := re.search(r"@typedef \{object\} (\w+)", block):
            members = re.findall(r"@property \{.*\} (\[?\w+\]?)", block)
            found[name[1]] = {member.strip("[]"): member[0] == "[" for member in members}
    return found


def test_the_browser_knows_every_message_and_no_other() -> None:
    assert set(typedefs()) == set(STRUCTS)


@pytest.mark.parametrize("name", STRUCTS)
def test_members_have_the_same_names_and_the_same_are_optional(name: str) -> None:
    struct = STRUCTS[name]
    expected = {field.name: not field.required for field in msgspec.structs.fields(struct)}
    tag = struct.__struct_config__.tag
    if tag is not None:
        expected["type"] = False
        block = re.search(rf"@typedef \{{object\}} {name}\n.*?\*/", SOURCE, re.DOTALL)
        assert block is not None
        assert f'@property {{"{tag}"}} type' in block[0]
    assert typedefs()[name] == expected


@pytest.mark.parametrize("union", ["ClientMessage", "ServerMessage", "RoomEvent"])
def test_unions_have_the_same_members(union: str) -> None:
    found = re.search(rf"@typedef \{{([\w\s|*]+)\}} {union} ", SOURCE)
    assert found is not None
    names = re.findall(r"\w+", found[1])
    module = client_messages if union == "ClientMessage" else messages
    assert names == [member.__name__ for member in typing.get_args(getattr(module, union))]


def test_close_codes_agree() -> None:
    found = re.search(r"CLOSE_CODES = Object.freeze\(\{(.*?)\}\)", NUMBERS, re.DOTALL)
    assert found is not None
    codes = {name: int(code) for name, code in re.findall(r"(\w+): (\d+),", found[1])}
    assert codes == CLOSE_CODES
    assert f"PROTOCOL_VERSION = {messages.PROTOCOL_VERSION};" in NUMBERS


@pytest.mark.parametrize("name", STRUCTS)
def test_prose_names_every_message_and_member(name: str) -> None:
    words = set(re.findall(r"\w+", PROSE))
    tag = STRUCTS[name].__struct_config__.tag
    assert (tag or name) in words
    assert {field.name for field in msgspec.structs.fields(STRUCTS[name])} <= words


def test_prose_names_every_close_code_and_error() -> None:
    for reason, code in CLOSE_CODES.items():
        assert f"| {code} | `{reason}` |" in PROSE
    codes = {
        value.code
        for value in vars(errors).values()
        if isclass(value) and issubclass(value, errors.TeleConnectError)
    }
    assert codes == set(re.findall(r"^\| `(\w+)` \|", PROSE, re.MULTILINE))
