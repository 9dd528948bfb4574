"""Reports wait for Python's next tick beside the native loop's thread; what is asked for does not."""

import select

import pytest
from aiortc.rtp import RtcpReceiverInfo

from media.rtp import rtcp
from scripts.traffic.relay_clients import LoadClient
from scripts.traffic.relay_target import Target
from tests.media.native.beside_thread import begin, beside_the_thread
from tests.media.support import until

PATIENT = 48
"Reports that wake Python all the same: `thread.c`."

REPORT = rtcp.receiver_reports(1, [RtcpReceiverInfo(1, 0, 0, 0, 0, 0, 0)])
ESTIMATE = rtcp.bitrate_limit(1, 300_000, [7])
ARRIVALS = bytes.fromhex("8fcd00050000000100000007000100010000010020010004")
"Transport-wide feedback on one packet."


def said(target: Target, client: LoadClient, compound: bytes) -> int:
    """How often Python was woken for this RTCP until the thread had handled it."""
    loop = target.sfu.forwarder.loop
    assert client.ciphers is not None
    handled, wakes = loop.handled, loop.wakes
    client._send_now(client.ciphers.outgoing.protect_rtcp(compound))
    while loop.handled == handled:
        loop.offer()
    return int(loop.wakes - wakes)


def asleep(target: Target, woken: bool = True) -> None:
    """Have Python take what is set aside, until the thread would have to wake it for more.

    The thread wakes it just after it has let go of the lock, which is after `said` has returned.
    """
    while target.sfu.forwarder.take_aside(target.port):
        pass
    if woken:
        assert select.select([target.sfu._read_schedule._wake], [], [], 60)[0]
    target.sfu.forwarder.loop.woken()


@pytest.mark.parametrize("report", [REPORT, ESTIMATE, ARRIVALS])
def test_a_report_wakes_nobody_and_is_read_all_the_same(report: bytes) -> None:
    async def main(target: Target) -> None:
        await begin(target)
        client, peer = target.clients["a"], target.sfu.rooms["room"].peers["a"]
        peer.liveness.spoke = False
        assert said(target, client, report) == 0
        assert not peer.liveness.spoke
        await until(lambda: peer.liveness.spoke, "the next tick reads it")
        assert not peer.refused

    beside_the_thread(main)


def test_a_request_wakes_python_and_so_do_many_reports() -> None:
    async def main(target: Target) -> None:
        await begin(target)
        client, peer = target.clients["a"], target.sfu.rooms["room"].peers["a"]
        outbound = next(iter(peer.downlink.outbound_streams.values()))
        asleep(target, woken=False)
        for request in (rtcp.nack(1, outbound.ssrc, [3]), rtcp.keyframe_request(1, outbound.ssrc)):
            assert said(target, client, request) == 1
            asleep(target)
        woken = [said(target, client, REPORT) for _ in range(PATIENT)]
        assert sum(woken) == woken[-1] == 1

    beside_the_thread(main)
