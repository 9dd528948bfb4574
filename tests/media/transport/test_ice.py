"""Only checks that prove the password are answered; nothing anybody sends raises."""

import hmac
import struct

import pytest
from aioice import stun
from hypothesis import given
from hypothesis import strategies as st

from media.transport import ice
from media.transport.ice import Credentials

OURS = Credentials("ourfragment", "p" * 32)


def check(
    nominates: bool = True, password: str = OURS.password, role: str = "CONTROLLING"
) -> bytes:
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    message.attributes["USERNAME"] = f"{OURS.ufrag}:theirs"
    message.attributes["PRIORITY"] = 1
    message.attributes[f"ICE-{role}"] = 7
    if nominates:
        message.attributes["USE-CANDIDATE"] = None
    message.add_message_integrity(password.encode())
    return bytes(message)


def test_a_check_is_verified_and_answered() -> None:
    data = check()
    assert ice.is_binding_request(data)
    assert ice.local_ufrag(data) == OURS.ufrag
    found = ice.verify(data, OURS)
    assert found is not None
    assert found.nominates
    for source in (("192.0.2.9", 4000), ("2001:db8::9", 4000)):
        answer = stun.parse_message(ice.respond(found, OURS, source))
        assert answer.message_class is stun.Class.RESPONSE
        assert answer.check_message_integrity(OURS.password.encode())
        assert answer.attributes["XOR-MAPPED-ADDRESS"] == source
        assert answer.transaction_id == found.transaction_id


def test_a_confused_role_is_told_so() -> None:
    found = ice.verify(check(role="CONTROLLED"), OURS)
    assert found is not None
    answer = stun.parse_message(ice.respond(found, OURS, ("192.0.2.9", 1)))
    assert answer.error_code == 487


def with_attributes(attributes: dict[int, bytes], after: bytes = b"") -> bytes:
    """A check with further attributes, before its integrity code or ``after`` it."""
    data = check()[:-32]
    for number, value in attributes.items():
        data += struct.pack("!HH", number, len(value)) + value + bytes(-len(value) % 4)
    sized = data[:2] + struct.pack("!H", len(data) - 20 + 24) + data[4:]
    integrity = hmac.digest(OURS.password.encode(), sized, "sha1")
    whole = sized + struct.pack("!HH", 8, 20) + integrity + after
    return whole[:2] + struct.pack("!H", len(whole) - 20) + whole[4:]


@pytest.mark.parametrize(
    ("numbers", "named"),
    [
        ((0x7FFF,), (0x7FFF,)),
        ((0x0002, 0x0003, 0x0002), (2, 3)),
        (range(0x4000, 0x4014), range(0x4000, 0x4008)),
    ],
)
def test_what_must_be_understood_and_is_not_is_named(numbers, named) -> None:
    data = with_attributes(dict.fromkeys(numbers, b"what"))
    found = ice.verify(data, OURS)
    assert found is not None
    response = ice.respond(found, OURS, ("2001:db8::9", 4000))
    assert len(response) <= len(data)
    parsed = stun.parse_message(response)
    assert parsed.message_class is stun.Class.ERROR
    assert parsed.error_code == 420
    assert parsed.transaction_id == found.transaction_id
    assert parsed.check_message_integrity(OURS.password.encode())
    assert "FINGERPRINT" in parsed.attributes
    (place,) = (at for at in range(20, len(response), 4) if response[at : at + 2] == b"\0\x0a")
    size = int.from_bytes(response[place + 2 : place + 4])
    assert struct.unpack_from(f"!{size // 2}H", response, place + 4) == tuple(named)


def test_what_may_be_ignored_is() -> None:
    after = struct.pack("!HH4s", 0x7FFF, 4, b"what")
    for data in (
        with_attributes({0x8000: b"more", 0xC057: b"chrome's"}),
        with_attributes({}, after=after),
        with_attributes({0x0024: b"\0\0\0\1", 0x0025: b""}),
    ):
        found = ice.verify(data, OURS)
        assert found is not None
        assert not found.unknown
        answer = stun.parse_message(ice.respond(found, OURS, ("192.0.2.9", 1)))
        assert answer.message_class is stun.Class.RESPONSE


def test_a_wrong_password_is_not_answered() -> None:
    assert ice.verify(check(password="guess"), OURS) is None


def test_a_check_without_proof_is_not_answered() -> None:
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    message.attributes["USERNAME"] = f"{OURS.ufrag}:theirs"
    assert ice.verify(bytes(message), OURS) is None


def test_credentials_are_never_the_same() -> None:
    assert len({Credentials.generate() for _ in range(100)}) == 100


@given(st.data())
def test_mutated_checks_change_nothing(data: st.DataObject) -> None:
    original = check()
    mutated = bytearray(original)
    for _ in range(data.draw(st.integers(1, 6))):
        mutated[data.draw(st.integers(0, len(mutated) - 1))] ^= data.draw(st.integers(1, 255))
    sample = bytes(mutated[: data.draw(st.integers(0, len(mutated)))])
    if ice.is_binding_request(sample):
        ice.local_ufrag(sample)
        # Only the fingerprint and what follows the integrity code are not proven.
        if ice.verify(sample, OURS) is not None:
            assert sample[:2] + sample[4:-32] == original[:2] + original[4 : len(sample) - 32]


@given(st.binary(max_size=700))
def test_random_bytes_are_no_check(data: bytes) -> None:
    ice.local_ufrag(data)
    assert ice.verify(data, OURS) is None
