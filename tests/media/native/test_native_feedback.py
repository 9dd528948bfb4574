"""The native loop writes the transport-wide feedback that Python would."""

from hypothesis import given
from hypothesis import strategies as st

from media.limits import Limits
from media.rooms.peer import Peer
from media.rtp.transport_cc import ArrivalLog

STEPS = st.one_of(
    st.sampled_from([0.0, 0.00025, 0.000125, 0.0333, 0.0637, 0.064, 9.0, -0.01, -9.0]),
    st.floats(-0.002, 0.2),
)
ARRIVALS = st.lists(st.tuples(STEPS, st.sampled_from([1] * 30 + [2, 0, -3])), max_size=450)


@given(st.lists(ARRIVALS, max_size=4), st.integers(0, 0xFFFF))
def test_every_message_is_the_same(messages: list[list[tuple[float, int]]], first: int) -> None:
    peer = Peer("room", "publisher", Limits())
    here, there = ArrivalLog(), ArrivalLog()
    at, number = 1000.0, first
    for steps in messages:
        arrivals = []
        for step, ahead in steps:
            at += step
            number = (number + ahead) & 0xFFFF
            arrivals.append((number, at))
            peer.note_arrival(number, at)
        expected = there.feedback(arrivals, 0x87654321, 0xFEDCBA98) if arrivals else None
        assert here.feedback_of(peer, 0x87654321, 0xFEDCBA98) == expected
        assert peer.take_arrivals() == []


def test_an_ordinary_message_is_not_pythons_work() -> None:
    peer = Peer("room", "publisher", Limits())
    log = ArrivalLog()
    for turn in range(3):
        for index in range(20):
            peer.note_arrival(20 * turn + index, 50.0 + turn + index / 1000)
        made = peer.take_feedback(20 * turn, turn, 1, 2)
        assert made is not None
        assert made[1] == 20
        assert made[0][:2] in (b"\x8f\xcd", b"\xaf\xcd")
    assert log.feedback_of(peer, 1, 2) is None
