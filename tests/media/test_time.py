"""Only the monotonic clock counts, and who does not take part costs the others nothing."""

import ast
import time
from pathlib import Path

from scripts.traffic.relay_target import Target
from tests.media.support import Clock

FOLDER = Path(__file__).parents[2] / "media"
WALL_CLOCKS = {"time", "time_ns", "now", "utcnow", "today", "localtime", "gmtime"}
MAY_ASK_THE_DATE = {"sfu.py": 1, "batching.py": 1}
"""A certificate ends on a date; and the kernel tells by the machine's clock when a packet arrived,
of which only its age is used, and only if it can be true."""


def wall_clock_reads(source: str) -> int:
    """Calls of `time.time()`, `datetime.now()` and their like."""
    return sum(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in ("time", "datetime", "date")
        and node.func.attr in WALL_CLOCKS
        for node in ast.walk(ast.parse(source))
    )


def test_a_step_of_the_wall_clock_cannot_reach_a_call() -> None:
    counts = {file.name: wall_clock_reads(file.read_text("utf-8")) for file in FOLDER.rglob("*.py")}
    assert {name: count for name, count in counts.items() if count} == MAY_ASK_THE_DATE
    assert wall_clock_reads("time.time()\ndatetime.now(UTC)\ntime.monotonic()") == 2


async def test_who_never_reads_nor_reports_costs_the_others_nothing() -> None:
    clock = Clock()
    target = Target(clock)
    await target.fill("abc")
    try:
        speaker, listener, silent = (target.clients[name] for name in "abc")
        room = target.sfu.rooms["room"]
        for _ in range(40):
            clock.ahead += 0.1
            for client in (speaker, listener):
                client.check()
            now = time.monotonic()
            assert speaker.video is not None and speaker.audio is not None
            speaker.video.timestamp += 3000
            speaker.audio.timestamp += 960
            speaker.send_packets(speaker.video, 17, now)
            speaker.send_packets(speaker.audio, 1, now)
            target.sfu.forwarder.drain(target.port)
            target.sfu.timers.tick()
            listener.read(now)
        assert speaker.video.packets + speaker.audio.packets == listener.received
        assert silent.received == 0
        peer = room.peers["c"]
        assert not target.port.take_queued()
        assert not peer.downlink.reports_sent or len(peer.downlink.reports_sent) <= 16
        assert target.sfu.forwarder.errors == 0
        assert not target.parted
    finally:
        await target.close()
