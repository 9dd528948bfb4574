"""What waits for Python is not reported to its publisher as lost."""

import time
from dataclasses import replace

import pytest

from media.rtp.codecs import RTX_PAYLOAD_TYPES
from media.rtp.transport_cc import read_feedback, split_feedback
from scripts.traffic.relay_clients import Stream
from scripts.traffic.relay_target import Target
from tests.media.native.beside_thread import begin, beside_the_thread

PATIENCE = 0.2
"Seconds for which an arrival is kept back: `feedback.c`."


def heard(target: Target, reports: list[bytes]) -> list[dict[int, float | None]]:
    """What the client was told of the arrival of its packets, message by message."""
    ciphers = target.clients["a"].ciphers
    assert ciphers is not None
    opened = [ciphers.incoming.unprotect_rtcp(data) for data in reports]
    reports.clear()
    return [read_feedback(message) for data in opened for message in split_feedback(data)[1]]


def repairs_beside(stream: Stream) -> Stream:
    """A stream of repairs, with the header extensions of that one."""
    ssrc = 77
    template = stream.template[:8] + ssrc.to_bytes(4) + stream.template[12:]
    return replace(stream, ssrc=ssrc, payload_type=min(RTX_PAYLOAD_TYPES), template=template)


def offer(target: Target, seconds: float) -> None:
    """Let the thread have its turns for so long, while Python does nothing else."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        target.sfu.forwarder.loop.offer()


def take_all(target: Target) -> None:
    """Have Python take what waits for it."""
    while target.sfu.forwarder.take_aside(target.port):
        pass


def test_feedback_waits_for_a_repair_that_python_has_not_taken_yet() -> None:
    async def main(target: Target) -> None:
        await begin(target)
        client = target.clients["a"]
        reports: list[bytes] = []
        client.on_rtcp = reports.append
        assert client.audio is not None
        repairs = repairs_beside(client.audio)
        for _ in range(100):
            offer(target, PATIENCE)
            take_all(target)
            client.read(0.0)
            reports.clear()
            began = time.monotonic()
            number = client.transport_sequence
            client.send_packets(repairs, 1, 0.0)
            client.send_packets(client.audio, 2, 0.0)
            offer(target, 0.12)
            take_all(target)
            if time.monotonic() - began < 0.9 * PATIENCE:
                break
        else:
            pytest.fail("the machine is too busy to tell")
        offer(target, 2 * PATIENCE)
        client.read(0.0)
        messages = heard(target, reports)
        told = [message[number] for message in messages if number in message]
        assert told
        assert None not in told
        numbers = [one for message in messages for one in message]
        assert len(numbers) == len(set(numbers)), "and nothing is reported twice"

    beside_the_thread(main)
