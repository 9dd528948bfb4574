"""Each participant has its turns, in even numbers a tick, and none once it is gone."""

from media.messages import Leave
from media.participant_limits import Limits
from media.rooms.peer import Peer
from media.rtp.codecs import VP8
from media.sfu.timers import GATHERED, SECOND_TICKS, SERVICE_TICKS, Wheel
from media.streams.inbound import InboundStream
from scripts.traffic.relay_target import Target


def test_everybody_has_one_turn_in_a_round_and_turns_are_gathered_and_spread() -> None:
    ticks = 5 * GATHERED
    wheel: Wheel[str] = Wheel(ticks)
    names = [f"peer {number}" for number in range(12)]
    for name in names:
        wheel.add(name)
    turns = [turn for tick in range(1, 1 + ticks) if (turn := wheel.due(tick))]
    assert sorted(name for turn in turns for name in turn) == sorted(names)
    assert [len(turn) for turn in turns].count(2) == 3
    assert len(turns) == 5, "nobody has a turn in between"
    gone = turns[0][0]
    wheel.discard(gone)
    assert gone not in [name for tick in range(ticks) for name in wheel.due(tick)]
    wheel.add("new")
    sizes = {len(turn) for tick in range(ticks) if (turn := wheel.due(tick))}
    assert sizes == {2, 3}, "the free place is taken first"


async def test_a_keyframe_is_asked_for_within_a_round_and_of_nobody_that_left() -> None:
    target = Target()

    def turn(ticks: int) -> None:
        for _ in range(ticks):
            target.sfu.timers.tick()
            target.sfu.timers.stop()

    try:
        await target.fill("ab")
        target.sfu.timers.stop()
        room = target.sfu.rooms["room"]
        stream = InboundStream(5, VP8, "a")
        room.peers["a"].inbound_streams[5] = stream
        stream.waiting = tuple(room.peers["b"].downlink.outbound_streams.values())
        stream.want_keyframe()
        turn(SERVICE_TICKS)
        assert stream.keyframe_asked_at > 0
        target.sfu.execute(Leave("room", "a"))
        stream.keyframe_asked_at = -1.0
        stream.want_keyframe()
        turn(SECOND_TICKS)
        assert stream.keyframe_asked_at == -1.0
        assert target.sfu.forwarder.errors == 0
    finally:
        await target.close()


async def test_who_makes_a_timer_fail_keeps_no_turn_of_the_others(logged_faults: list[str]) -> None:
    target = Target()
    try:
        for number in range(SERVICE_TICKS):
            # in each turn before the others: of a room that does not exist
            lost = Peer("nowhere", f"peer {number}", Limits())
            lost.downlink.estimate.urgent = True
            target.sfu.timers.add(lost)
        await target.fill("ab")
        target.sfu.timers.stop()
        room = target.sfu.rooms["room"]
        stream = InboundStream(5, VP8, "a")
        room.peers["a"].inbound_streams[5] = stream
        stream.waiting = tuple(room.peers["b"].downlink.outbound_streams.values())
        stream.want_keyframe()
        for _ in range(SERVICE_TICKS):
            target.sfu.timers.tick()
            target.sfu.timers.stop()
        assert stream.keyframe_asked_at > 0
        assert target.sfu.forwarder.errors == len(logged_faults) >= SERVICE_TICKS
        logged_faults.clear()
    finally:
        await target.close()
