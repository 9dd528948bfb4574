"""The packet loop alone: bursts in, and the processor's time until all of them are sent on.

Everything runs in one thread in turn, so that neither the event loop nor another process is in the
figure: it tells what the native loop is worth, and moves little on a busy machine.
"""

from __future__ import annotations

import secrets
import statistics
import time

from pylibsrtp import Policy

from media.forwarding.packet_loop import Forwarder
from media.participant_limits import Limits
from media.rooms.peer import Peer
from media.rtp.codecs import VP8
from media.rtp.extension_layout import read_layout
from media.rtp.header_extensions import FORWARDED_EXTENSIONS
from media.streams.inbound import Follower, InboundStream
from media.streams.outbound import OutboundStream
from media.transport.dtls import Ciphers
from media.transport.port import Destination, Port, pack_address
from media.transport.srtp import Cipher
from scripts.traffic.relay_clients import LoadClient, Stream, video_stream

PROFILE = Policy.SRTP_PROFILE_AEAD_AES_256_GCM
HOST = "127.0.0.1"
FRAME = 6
"Packets of a burst: one video frame."


class Sender(LoadClient):
    """A publisher that needs no handshake."""

    def __init__(self, server: Port) -> None:
        self.port = Port(HOST, 0)
        self.key = secrets.token_bytes(44)
        self.ciphers = Ciphers(
            outgoing=Cipher(PROFILE, self.key, True), incoming=Cipher(PROFILE, self.key, False)
        )
        self.destination = Destination()
        self.destination.move(self.port, pack_address(HOST, server.number))
        self.prefix = b""
        self.transport_sequence = 0
        self.stream: Stream = video_stream()
        self._size = self.port.foreign.new("int *")


class Unobserved:
    """Whatever the packets bring besides themselves is let go."""

    def on_rtcp(self, peer: Peer, data: bytes, now: float, arrived_at: float) -> None:
        """Nobody sends RTCP here."""

    def on_stream(self, peer: Peer, inbound: InboundStream) -> None:
        """Every stream is there before its first packet."""

    def on_switch(self, peer: Peer, inbound: InboundStream, outbound: Follower) -> None:
        """Nobody asks for reports."""


def _publisher(peer_id: str, sender: Sender) -> tuple[Peer, InboundStream]:
    peer = Peer("room", peer_id, Limits(bitrate=10**12))
    outgoing = Cipher(PROFILE, secrets.token_bytes(44), True)
    peer.use(Ciphers(outgoing=outgoing, incoming=Cipher(PROFILE, sender.key, False)))
    inbound = InboundStream(sender.stream.ssrc, VP8, peer.id)
    layout = read_layout(sender.stream.template, FORWARDED_EXTENSIONS["video"])
    assert layout is not None
    inbound.layout = layout
    peer.inbound_streams[inbound.ssrc] = inbound
    return peer, inbound


def _subscribe(peer: Peer, inbound: InboundStream, to: Destination) -> None:
    outbound = OutboundStream("", peer.id, "video", peer.new_ssrc(), peer.new_ssrc(), to)
    outbound.use(Cipher(PROFILE, secrets.token_bytes(44), True))
    outbound.payload_types = frozenset((VP8.payload_type,))
    outbound.follow(inbound, 0.0)


def loop_microseconds(native: bool, publishers: int, fan_out: int, seconds: float) -> float:
    """Processor time for one packet sent on, the median of rounds through all publishers."""
    forwarder = Forwarder(Unobserved())
    port = Port(HOST, 0)
    forwarder.ports = [port]
    if not native:
        forwarder.native = False
        port.use_batched_calls()
    senders = [Sender(port) for _ in range(publishers)]
    receivers = [Port(HOST, 0) for _ in range(publishers * fan_out)]
    peers = []
    for index, sender in enumerate(senders):
        peer, inbound = _publisher(f"publisher {index}", sender)
        forwarder.demux.by_address[pack_address(HOST, sender.port.number)] = peer
        peers.append(peer)
        for receiver in receivers[index * fan_out : (index + 1) * fan_out]:
            destination = Destination()
            destination.move(port, pack_address(HOST, receiver.number))
            _subscribe(peer, inbound, destination)
    rounds: list[float] = []
    try:
        end = time.monotonic() + seconds
        while time.monotonic() < end or len(rounds) < 3:
            spent = 0
            before = port.sent
            for sender in senders:
                sender.send_frame(sender.stream, FRAME, time.monotonic())
                began = time.thread_time_ns()
                forwarder.drain(port)
                spent += time.thread_time_ns() - began
            rounds.append(spent / max(1, port.sent - before) / 1000)
            for receiver in receivers:
                receiver.receive()
            for peer in peers:
                peer.take_arrivals()
    finally:
        for one_port in (port, *receivers, *(sender.port for sender in senders)):
            one_port.close()
    # The first round begins streams and fills caches.
    return statistics.median(rounds[1:])
