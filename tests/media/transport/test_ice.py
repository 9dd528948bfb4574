"""Only who knows the password is answered; nothing anybody sends raises."""

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
