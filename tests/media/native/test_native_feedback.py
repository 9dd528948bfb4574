"""The native loop writes the transport-wide feedback that Python would."""

from hypothesis import given
from hypothesis import strategies as st

from media.native import native
from media.participant_limits import Limits
from media.rooms.peer import Peer
from media.rtp.transport_cc import ArrivalLog

STEPS = st.one_of(
    st.sampled_from([0.0, 0.00025, 0.000125, 0.0333, 0.0637, 0.064, 9.0, -0.01, -9.0]),
    st.floats(-0.002, 0.2),
)
ARRIVALS = st.lists(st.tuples(STEPS, st.sampled_from([1] * 30 + [2, 9, 300, 0, -3])), max_size=450)


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
        assert peer.take_feedback(1, 2) == (b"" if native is not None else None), "C writes all"
        assert peer.take_arrivals() == []
