"""What a participant with a camera in two encodings, audio and a screen takes in a worker.

Run as a program of its own, so that nothing else is in the figure; prints bytes.
"""

from __future__ import annotations

import gc
import os
import secrets
from dataclasses import dataclass

from pylibsrtp import Policy

from media.participant_limits import Limits
from media.rooms.peer import Peer
from media.rtp.codecs import OPUS, VP8
from media.streams.inbound import InboundStream
from media.streams.outbound import OutboundStream
from media.transport.dtls import Ciphers
from media.transport.srtp import Cipher
from scripts.traffic.processes import resident_bytes

PROFILE = Policy.SRTP_PROFILE_AEAD_AES_256_GCM
PARTICIPANTS = 100
SECONDS = 12
"Seconds of video received, longer than any packet is kept."


@dataclass(frozen=True)
class Source:
    """A video: packets a second, and bytes of each."""

    packets: int
    size: int


CAMERA = (Source(170, 1100), Source(30, 625))
"1.5 Mbit/s and 150 kbit/s."
SCREEN = Source(40, 1100)
"350 kbit/s: pages with some motion."


def _cipher(outgoing: bool) -> Cipher:
    return Cipher(PROFILE, secrets.token_bytes(44), outgoing)


def _received(ssrc: int, source: Source) -> InboundStream:
    stream = InboundStream(ssrc, VP8, "publisher")
    assert stream.history is not None
    number = 0
    for _ in range(SECONDS):
        for _ in range(source.packets):
            head = b"\x90\x60" + (number & 0xFFFF).to_bytes(2)
            stream.history.store(number & 0xFFFF, head + bytes(source.size - 4))
            number += 1
            stream.next_sequence = number & 0xFFFF
        stream.measure(1.0)
    return stream


def participant(name: str) -> list[object]:
    """One who publishes all that and receives the same of another."""
    peer = Peer("room", name, Limits())
    ciphers = Ciphers(outgoing=_cipher(True), incoming=_cipher(False))
    peer.use(ciphers)
    videos = [_received(2 + index, one) for index, one in enumerate((*CAMERA, SCREEN))]
    for stream in (InboundStream(1, OPUS, name), *videos):
        peer.inbound_streams[stream.ssrc] = stream
    received: list[object] = []
    for kind in ("audio", "video", "screen"):
        ssrcs = peer.new_ssrc(), peer.new_ssrc()
        outbound = OutboundStream(name, "other", kind, *ssrcs, peer.destination)
        outbound.use(ciphers.outgoing)
        received.append(outbound)
    return [peer, *received]


def main() -> None:
    """Print the bytes of one participant, the mean of many."""
    gc.collect()
    before = resident_bytes(os.getpid())
    kept = [participant(f"participant {index}") for index in range(PARTICIPANTS)]
    gc.collect()
    print(round((resident_bytes(os.getpid()) - before) / len(kept)))


if __name__ == "__main__":
    main()
