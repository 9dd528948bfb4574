"""The native loop's thread forwards beside the event loop, and leaves it all that is unusual.

These need the loop to be built, as `scripts/setup --test` does.
"""

import asyncio
import contextlib
import resource
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from media.forwarding.packet_loop import BATCHES_PER_DRAIN, Forwarder
from media.forwarding.read_schedule import ReadSchedule
from media.messages import Leave
from media.native.event_loop import YieldingEventLoop, YieldingSelector
from media.rtp.transport_cc import read_feedback, split_feedback
from media.sfu.sfu import Sfu
from media.transport.port import BATCH, Port
from scripts.traffic.relay_target import Target
from tests.media.native.beside_thread import begin, beside_the_thread, speak_while_python_waits
from tests.media.support import check_for, until

SET_ASIDE = 512
"Datagrams that may wait for Python: `structures.h`."
RESERVED, FEWEST = 64, 16
"Places for checks, and of each participant while there are any: `thread.c`."
ROOT = Path(__file__).parents[3]
PROGRAM = """
import asyncio, sys
from media.native.event_loop import YieldingEventLoop
class Policy(asyncio.DefaultEventLoopPolicy):
    def new_event_loop(self):
        return YieldingEventLoop()
asyncio.set_event_loop_policy(Policy())
import pytest
from media.forwarding.read_schedule import ReadSchedule
start, threaded = ReadSchedule.start, []
def noted(schedule):
    start(schedule)
    threaded.append(schedule.threaded)
ReadSchedule.start = noted
failed = pytest.main(sys.argv[1:])
sys.exit(failed or not threaded or not all(threaded))
"""


def test_ordinary_packets_pass_while_python_does_nothing() -> None:
    async def main(target: Target) -> None:
        await begin(target)
        loop = target.sfu.forwarder.loop
        handled, aside = loop.handled, loop.set_aside
        window = speak_while_python_waits(target, 1.0)
        assert window.sent > 300
        assert window.received == window.sent
        # Reports and checks are for Python, and wait for it.
        assert 0 < loop.set_aside - aside <= 8
        assert loop.handled - handled >= window.sent

    beside_the_thread(main)


@pytest.mark.parametrize("reduced_size", [True, False])
def test_publishers_hear_of_arrivals_and_losses_while_python_does_nothing(
    reduced_size: bool,
) -> None:
    async def main(target: Target) -> None:
        peer = target.sfu.rooms["room"].peers["a"]
        peer.negotiation.reduced_size = reduced_size
        peer.delegate_feedback()
        await begin(target)
        client = target.clients["a"]
        reports: list[bytes] = []
        client.on_rtcp = reports.append
        client.transport_sequence += 2
        first = client.transport_sequence
        began = time.monotonic()
        speak_while_python_waits(target, 1.0)
        sent = [(first + index) & 0xFFFF for index in range(client.transport_sequence - first)]
        arrivals: dict[int, float | None] = {}
        messages = []
        while not arrivals.keys() >= set(sent):
            speak_while_python_waits(target, 0.1)
            assert client.ciphers is not None
            for data in reports:
                rest, found = split_feedback(client.ciphers.incoming.unprotect_rtcp(data))
                if found:
                    assert bool(rest) is not reduced_size
                    messages += found
            reports.clear()
            arrivals = {}
            for message in messages:
                arrivals |= read_feedback(message)
        assert 1 < len(messages) < 2 + (time.monotonic() - began) / 0.09, "ten a second"
        counts = [message[19] for message in messages]
        assert counts == [(counts[0] + index) & 0xFF for index in range(len(counts))]
        missing = [(first - back) & 0xFFFF for back in (2, 1)]
        assert [number for number, at in arrivals.items() if at is None] == missing

    beside_the_thread(main)


def test_feedback_is_pythons_while_rtcp_is_traced_and_ends_with_the_peer() -> None:
    async def main(target: Target) -> None:
        room = target.sfu.rooms["room"]
        peer = room.peers["a"]
        assert peer.feedback_session
        room.trace(True)
        assert not peer.feedback_session
        room.trace(False)
        assert peer.feedback_session
        target.sfu.execute(Leave("room", "a"))
        assert not peer.feedback_session

    beside_the_thread(main)


@pytest.mark.parametrize("octets", [1200, 1199, 1198, 97])
def test_packets_that_the_kernel_hands_over_together_are_each_forwarded(octets: int) -> None:
    async def main(target: Target) -> None:
        await begin(target)
        loop, sender = target.sfu.forwarder.loop, target.clients["a"]
        assert sender.video is not None
        sender.video.template = sender.video.template[:octets]
        coupled, handled = loop.coupled, loop.handled
        before = target.clients["b"].received
        sender.send_packets(sender.video, 40, 0.0)
        with socket.socket(type=socket.SOCK_DGRAM) as stranger:
            stranger.sendto(b"", ("127.0.0.1", target.port.number))
        while loop.handled < handled + 41:
            loop.offer()
        assert loop.coupled - coupled == 40
        for _ in range(3):
            target.clients["b"].read(0.0)
        assert target.clients["b"].received - before == 40

    beside_the_thread(main)


def test_what_comes_while_the_thread_waits_for_python_is_handled_in_the_same_turn() -> None:
    async def main(target: Target) -> None:
        await begin(target)
        loop, sender = target.sfu.forwarder.loop, target.clients["a"]
        assert sender.video is not None
        handled = loop.handled
        for count in (1, 2):
            sender.send_packets(sender.video, 1, 0.0)
            sender.port.flush()
            while count == 1 and not loop.wanted():
                pass
        while loop.handled == handled:
            loop.offer()
        assert loop.handled == handled + 2

    beside_the_thread(main)


def test_python_keeps_the_lock_for_as_long_as_it_waited_for_it() -> None:
    async def main(target: Target) -> None:
        await begin(target)
        loop, sender = target.sfu.forwarder.loop, target.clients["a"]
        assert sender.video is not None
        seen = 0
        while seen < 10:
            sender.send_packets(sender.video, 64, 0.0)
            sender.port.flush()
            while not loop.wanted():
                pass
            loop.release()
            loop.acquire()
            handled = loop.handled
            sender.send_packets(sender.video, 1, 0.0)
            sender.port.flush()
            while not loop.wanted():
                pass
            until = loop.held_since + loop.waited
            loop.offer()
            if time.monotonic_ns() < until:
                assert loop.handled == handled, "it was offered too early"
                seen += 1
        while loop.handled == handled:
            loop.offer()

    beside_the_thread(main)


def test_a_gap_is_passed_over_and_python_told() -> None:
    async def main(target: Target) -> None:
        await begin(target)
        video = target.clients["a"].video
        assert video is not None
        video.sequence = (video.sequence + 3) & 0xFFFF
        window = speak_while_python_waits(target, 0.3)
        assert window.received == window.sent, "nothing waits behind the gap"
        target.sfu.forwarder.take_aside(target.port)
        peer = target.sfu.rooms["room"].peers["a"]
        inbound = peer.inbound_streams[video.ssrc]
        assert len(inbound.missing) == 3
        assert (peer, inbound) in target.sfu.forwarder.gaps

    beside_the_thread(main)


def test_a_stream_that_begins_with_a_burst_keeps_its_order() -> None:
    async def main(target: Target) -> None:
        client, forwarder = target.clients["a"], target.sfu.forwarder
        video = client.video
        assert video is not None

        def send(count: int) -> None:
            handled = forwarder.loop.handled + count
            client.send_packets(video, count, 0.0)
            client.port.flush()
            while forwarder.loop.handled < handled:
                forwarder.loop.offer()

        # As a screen's first keyframe does, while Python has not even seen the first packet.
        send(300)
        for _ in range(BATCHES_PER_DRAIN):
            assert forwarder.take_aside(target.port) == BATCH
        send(1)
        while forwarder.take_aside(target.port):
            pass
        peer = target.sfu.rooms["room"].peers["a"]
        assert peer.inbound_streams[video.ssrc].received == 301
        assert not peer.inbound_streams[video.ssrc].missing
        assert not peer.refused
        aside = forwarder.loop.set_aside
        send(1)
        assert forwarder.loop.set_aside == aside, "from then on it needs Python no more"

    beside_the_thread(main)


def test_what_has_no_place_to_wait_is_dropped_and_counted() -> None:
    async def main(target: Target) -> None:
        client, loop = target.clients["a"], target.sfu.forwarder.loop
        while target.sfu.forwarder.take_aside(target.port):
            pass
        assert client.video is not None
        handled, dropped = loop.handled, target.sfu.figures().dropped
        # Of a stream that Python has not seen.
        client.send_packets(client.video, SET_ASIDE + 8, 0.0)
        client.port.flush()
        while loop.handled < handled + SET_ASIDE + 8:
            loop.offer()
        waiting = 3 * (SET_ASIDE - RESERVED) // 4
        assert target.sfu.figures().dropped - dropped == SET_ASIDE + 8 - waiting
        while target.sfu.forwarder.take_aside(target.port):
            pass
        peer = target.sfu.rooms["room"].peers["a"]
        assert peer.inbound_streams[client.video.ssrc].received + peer.over_limit == waiting

    beside_the_thread(main)


def test_who_floods_leaves_room_for_the_others() -> None:
    async def main(target: Target) -> None:
        forwarder, room = target.sfu.forwarder, target.sfu.rooms["room"]
        loop, quiet = forwarder.loop, target.clients["d"]
        while forwarder.take_aside(target.port):
            pass
        handled, sent = loop.handled, 0

        def wait() -> None:
            while loop.handled < handled + sent:
                loop.offer()

        for name in "abc":
            client = target.clients[name]
            assert client.video is not None
            client.send_packets(client.video, SET_ASIDE, 0.0)
            sent += SET_ASIDE
            wait()
        assert quiet.audio is not None
        quiet.send_packets(quiet.audio, FEWEST, 0.0)
        sent += FEWEST
        wait()
        with socket.socket(type=socket.SOCK_DGRAM) as moved:
            moved.setblocking(False)
            moved.sendto(check_for(room.peers["d"]), ("127.0.0.1", target.port.number))
            sent += 1
            wait()
            answer = b""

            def answered() -> bool:
                nonlocal answer
                loop.offer()
                while forwarder.take_aside(target.port):
                    pass
                forwarder.flush()
                with contextlib.suppress(BlockingIOError):
                    answer = moved.recv(2000)
                return bool(answer)

            await until(answered, "somebody new gets an answer too")
            assert answer[:2] == b"\x01\x01"
        assert room.peers["d"].inbound_streams[quiet.audio.ssrc].received == FEWEST

    beside_the_thread(main, "abcd")


def test_where_the_thread_cannot_wait_any_more_python_takes_over(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def main(target: Target) -> None:
        await begin(target)
        first, second = target.clients["a"], target.clients["b"]
        assert target.sfu.figures().native
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        # poll(2) refuses more descriptors than may be open.
        resource.setrlimit(resource.RLIMIT_NOFILE, (1, hard))
        try:
            first.check()
            await until(lambda: not target.sfu.native, "the thread ends")
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert "has ended, and is done without: Invalid argument" in caplog.text
        assert not target.sfu.figures().native
        while second.port.receive():
            pass
        assert first.audio is not None
        before = second.received
        first.send_packets(first.audio, 5, 0.0)

        def arrived() -> bool:
            second.read(0.0)
            return second.received == before + 5

        await until(arrived, "packets are forwarded all the same")
        reports: list[bytes] = []
        first.on_rtcp = reports.append

        def told() -> bool:
            first.read(0.0)
            assert first.ciphers is not None
            plain = map(first.ciphers.incoming.unprotect_rtcp, reports)
            found = any(split_feedback(each)[1] for each in plain)
            reports.clear()
            return found

        await until(told, "its publisher hears of their arrival")

    beside_the_thread(main)


def test_where_no_thread_starts_python_has_packets_forwarded() -> None:
    async def run() -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        ports = [Port("127.0.0.1", 0) for _ in range(2)]
        forwarders = []
        for port in ports:
            forwarders.append(Forwarder(Sfu([], lambda event: None)))
            forwarders[-1].ports = [port]
        first, second = (ReadSchedule(asyncio.get_running_loop(), one) for one in forwarders)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
        try:
            first.start()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert not first.threaded
        second.start()
        assert second.threaded
        assert not ReadSchedule(asyncio.get_running_loop(), forwarders[0]).threaded
        with socket.socket(type=socket.SOCK_DGRAM) as stranger:
            for port in ports:
                stranger.sendto(b"stranger", ("127.0.0.1", port.number))
            await until(lambda: all(one.strangers for one in forwarders), "both are read")
        first.stop()
        second.stop()
        for port in ports:
            port.close()

    with asyncio.Runner(loop_factory=YieldingEventLoop) as runner:
        runner.run(run())


def test_an_interrupt_while_the_lock_is_let_go_leaves_it_held() -> None:
    class Interrupted:
        """The lock, with Ctrl-C pressed as soon as it is let go."""

        held = True

        def release(self) -> None:
            forwarder.loop.release()
            self.held = False
            raise KeyboardInterrupt

        def acquire(self) -> None:
            forwarder.loop.acquire()
            self.held = True

    port = Port("127.0.0.1", 0)
    forwarder = Forwarder(observer=None)  # type: ignore[arg-type]
    forwarder.loop.start((port,))
    selector = YieldingSelector()
    selector.lock = interrupted = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        selector.select(1.0)
    assert interrupted.held
    selector.lock = forwarder.loop
    selector.select(0.001)
    forwarder.loop.stop()
    assert not forwarder.loop.running
    port.close()


def test_the_relays_tests_pass_beside_the_thread() -> None:
    chosen = (
        "sfu/test_sfu.py",
        "networks/test_lossy.py::test_lost_packets_are_repeated_in_both_directions",
    )
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            PROGRAM,
            "-q",
            "-p",
            "no:cacheprovider",
            *(f"tests/media/{name}" for name in chosen),
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
