"""Two relays that differ only in who handles packets, fed with the same datagrams.

Packets are written into a port's memory as the kernel would, and what is queued is read from there,
so that nothing depends on a network or on time. No subscriber may ever get two packets of one SSRC
and sequence number: under AES-GCM that would reveal the key stream (RFC 7714 section 8.4).
"""

import array
import struct

import cffi
import pytest
from pylibsrtp import Policy, Session

from media.congestion.bandwidth_estimate import UNLIMITED
from media.forwarding.packet_loop import Forwarder
from media.participant_limits import Limits
from media.rooms.peer import Peer
from media.rtp import rtcp
from media.rtp.codecs import H264, OPUS, RED, VP8, Kind
from media.rtp.extension_layout import read_layout
from media.rtp.header_extensions import (
    ABSOLUTE_SEND_TIME,
    AUDIO_LEVEL,
    FORWARDED_EXTENSIONS,
    ORIENTATION,
    absolute_send_time,
)
from media.sfu import rtcp_received
from media.streams.history import HISTORY
from media.streams.inbound import InboundStream
from media.streams.outbound import OutboundStream
from media.streams.publication import Publication
from media.transport import srtp
from media.transport.batching import ADDRESS_SPACE, STAMP_SPACE, STAMPED
from media.transport.dtls import Ciphers
from media.transport.port import SLOT, Port, pack_address
from media.transport.srtp import Cipher

PROFILE = Policy.SRTP_PROFILE_AEAD_AES_256_GCM
AUDIO_SSRC, VIDEO_SSRC, RTX_SSRC, NEW_SSRC = 0x1000, 0x2000, 0x3000, 0x4000
PUBLISHER = pack_address("127.0.0.1", 9)
"Where the publisher's packets come from."
SUBSCRIBERS = 3
DECLINED = (0, 1 << ABSOLUTE_SEND_TIME | 1 << ORIENTATION, 1 << AUDIO_LEVEL)
"Header extensions that each subscriber left out of its answer."
READ_AT = 1_800_000_000_123_456_789
"When batches are read, by the machine's clock, in nanoseconds."
ACCEPTED = {
    Kind.AUDIO: frozenset((OPUS.payload_type, RED.payload_type)),
    Kind.VIDEO: frozenset((VP8.payload_type, 97, H264.payload_type, 103)),
}
"Payload types of the publisher's answer."
EXTENSIONS = {
    "none": b"",
    "usual": bytes.fromhex("22 000000 31 0000 00"),
    "with level": bytes.fromhex("40 1e 22 000000 31 0000 00 0000"),
    "with mid": bytes.fromhex("10 31 22 000000 31 0000 00 00 00"),
    "number first": bytes.fromhex("31 0000 22 000000 00"),
    "cut short": bytes.fromhex("22 000000 31 0000 3f"),
    "mid twice": bytes.fromhex("10 31 22 000000 10 37 00 00 00 00"),
    "time twice": bytes.fromhex("22 000000 22 616263 40 1e 50 01"),
    "unknown": bytes.fromhex("70 aa 22 000000 e0 bb 31 0000 00"),
    "ended": bytes.fromhex("22 000000 f0 10 37 00"),
}
TWO_BYTE_EXTENSIONS = {
    "two bytes": bytes.fromhex("02 03 000000 01 01 37 04 01 1e 05 01 02 00 00"),
    "two bytes, twice": bytes.fromhex("01 01 37 02 03 000000 01 01 37 00"),
}
ALL_EXTENSIONS = EXTENSIONS | TWO_BYTE_EXTENSIONS


def key(number: int) -> bytes:
    return bytes((number,)) * 44


def packet(
    ssrc: int,
    payload_type: int,
    sequence: int,
    timestamp: int,
    payload: bytes,
    extensions: bytes = b"",
    number: int = 0,
) -> bytes:
    """An RTP packet; `number` is its transport-wide sequence number, if the extensions have one."""
    profile = 0x1005 if extensions in TWO_BYTE_EXTENSIONS.values() else 0xBEDE
    header = struct.pack(
        "!BBHII", 0x90 if extensions else 0x80, payload_type, sequence, timestamp, ssrc
    )
    if not extensions:
        return header + payload
    extensions = extensions.replace(b"\x31\0\0", b"\x31" + number.to_bytes(2))
    return header + struct.pack("!HH", profile, len(extensions) // 4) + extensions + payload


class LenientPolicy(Policy):
    """Allows a sequence number to be used twice, whatever the relay sets."""

    @property
    def allow_repeat_tx(self) -> bool:
        return True

    @allow_repeat_tx.setter
    def allow_repeat_tx(self, allow_repeat_tx: bool) -> None:
        Policy.allow_repeat_tx.fset(self, True)


def lenient_cipher(number: int) -> Cipher:
    """An outgoing cipher that reveals a second use of a number, which libsrtp would refuse."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(srtp, "Policy", LenientPolicy)
        return Cipher(PROFILE, key(number), outgoing=True)


def unprotected(cipher: Cipher, data: bytes) -> bytes:
    """A packet of any size, which pylibsrtp's own method would not take."""
    foreign = cffi.FFI()
    buffer = foreign.new("char[]", data)
    size = foreign.new("int *", len(data))
    assert not cipher.unprotect(buffer, size)
    return bytes(foreign.buffer(buffer, size[0]))


def recent(inbound: InboundStream) -> range:
    """The sequence numbers that may be in its history."""
    return range(max(0, inbound.next_sequence - HISTORY - 8), inbound.next_sequence)


class World:
    """One publisher of audio and video, and subscribers to both."""

    def __init__(self, native: bool, limits: Limits | None = None) -> None:
        self.time = 1000.0
        self.port = Port("127.0.0.1", 0)
        self.forwarder = Forwarder(self, lambda: self.time)
        self.forwarder.native = native and self.forwarder.native
        self.forwarder.ports = [self.port]
        self.reports: list[bytes] = []
        limits = limits or Limits(bitrate=10**9)
        self.publisher = Peer("room", "publisher", limits)
        self.publisher.use(
            Ciphers(outgoing=Cipher(PROFILE, key(2), True), incoming=Cipher(PROFILE, key(1), False))
        )
        self.forwarder.demux.by_address[PUBLISHER] = self.publisher
        self.inbound_streams: dict[str, InboundStream] = {}
        for kind, ssrc, codec, extensions in (
            (Kind.AUDIO, AUDIO_SSRC, OPUS, EXTENSIONS["with level"]),
            (Kind.VIDEO, VIDEO_SSRC, VP8, EXTENSIONS["usual"]),
        ):
            publication = Publication(
                "publisher", kind, active=True, mid=str(len(self.inbound_streams))
            )
            inbound = InboundStream(ssrc, codec, "publisher")
            layout = read_layout(
                packet(ssrc, 0, 0, 0, b"", extensions), FORWARDED_EXTENSIONS[kind.medium]
            )
            assert layout is not None
            inbound.layout = layout
            publication.inbound_streams[""] = inbound
            publication.payload_types = ACCEPTED[kind]
            self.publisher.publications.by_kind[kind] = publication
            self.publisher.inbound_streams[ssrc] = inbound
            self.inbound_streams[kind.medium] = inbound
        self.publisher.publications.repairs[RTX_SSRC] = VIDEO_SSRC
        self.publisher.publications.announced[NEW_SSRC] = ("publisher", Kind.AUDIO)
        self.outbound_streams: list[OutboundStream] = []
        self.received: list[list[bytes]] = [[] for _ in range(SUBSCRIBERS)]
        self.numbers: list[dict[tuple[int, int], None]] = [{} for _ in range(SUBSCRIBERS)]
        "SSRC and sequence number of everything received, in that order."
        self.listeners = [
            Session(Policy(key(20 + seat), Policy.SSRC_ANY_OUTBOUND, srtp_profile=PROFILE))
            for seat in range(SUBSCRIBERS)
        ]
        self.peers = [self._subscriber(seat) for seat in range(SUBSCRIBERS)]

    def _subscriber(self, seat: int) -> Peer:
        peer = Peer("room", f"subscriber {seat}", Limits())
        peer.use(
            Ciphers(
                outgoing=lenient_cipher(10 + seat),
                incoming=Cipher(PROFILE, key(20 + seat), False),
            )
        )
        peer.move(self.port, pack_address("127.0.0.1", 10 + seat))
        for medium, inbound in self.inbound_streams.items():
            number = len(self.outbound_streams)
            one = OutboundStream(
                peer.id, "publisher", medium, 0x90 + number, 0xA0 + number, peer.destination
            )
            one._last_sequence = 0xFF00 + number
            one._last_timestamp = 0xFFFFF000 + number
            one.rtx.sequence = 0xFFF8 + number
            one.use(peer.ciphers.outgoing)
            one.declined = DECLINED[seat]
            # A subscriber without RED is sent the plain Opus inside.
            one.payload_types = frozenset((VP8.payload_type, 97, OPUS.payload_type)) | (
                {RED.payload_type} if seat else set()
            )
            one.follow(inbound, self.time)
            peer.downlink.outbound_streams["publisher", Kind(medium)] = one
            peer.downlink.by_ssrc[one.ssrc] = peer.downlink.by_ssrc[one.rtx_ssrc] = one
            self.outbound_streams.append(one)
        return peer

    def on_rtcp(self, peer: Peer, data: bytes, now: float, arrived_at: float) -> None:
        self.reports.append(data)

    def on_stream(self, peer: Peer, inbound: InboundStream) -> None:
        pass

    def on_switch(self, peer: Peer, inbound: InboundStream, outbound: OutboundStream) -> None:
        pass

    def close(self) -> None:
        self.port.close()

    def give(
        self,
        datagrams: list[bytes],
        name: bytes = PUBLISHER,
        waited: float | None = None,
        together: bool = False,
    ) -> None:
        """Receive these, and collect what was queued for each subscriber.

        They waited so many seconds to be read, as far as the kernel tells. The native loop handles
        them one by one, so that Python sees what is out of the ordinary before what follows; or
        `together`, as its thread may, which changes the order between streams.
        """
        forwarder, port = self.forwarder, self.port
        if not forwarder.native:
            self._write(datagrams, name, waited)
            forwarder._handle(port, len(datagrams), self.time, absolute_send_time(self.time))
        else:
            for part in [datagrams] if together else [[data] for data in datagrams]:
                self._write(part, name, waited)
                forwarder.loop.step(port, self.time, len(part))
                while forwarder.take_aside(port):
                    pass
        self._collect()

    def _write(self, datagrams: list[bytes], name: bytes, waited: float | None) -> None:
        port = self.port
        port.read_at = READ_AT
        for index, data in enumerate(datagrams):
            port.incoming[index * SLOT : index * SLOT + len(data)] = data
            port.lengths[index * 16 + 14] = len(data)
            port.addresses[index * ADDRESS_SPACE : index * ADDRESS_SPACE + len(name)] = name
            port.stamps[index * 4] = STAMP_SPACE
            port.stamps[index * 4 + 1] = 0 if waited is None else STAMPED
            port.stamps[index * 4 + 2 : index * 4 + 4] = array.array(
                "q", divmod(READ_AT - round((waited or 0.0) * 1e9), 10**9)
            )

    def opened(self, seat: int) -> list[bytes]:
        """What a subscriber received, unprotected."""
        cipher = Cipher(PROFILE, key(10 + seat), outgoing=False)
        return [unprotected(cipher, data) for data in self.received[seat]]

    def miss(self, seat: int, back: int) -> None:
        """Have a subscriber send a NACK for some of its video, and collect the retransmissions."""
        peer, video = self.peers[seat], self.outbound_streams[2 * seat + 1]
        sent = [number for ssrc, number in self.numbers[seat] if ssrc == video.ssrc]
        if lost := sent[-1 - back :][:4]:
            video.allow(UNLIMITED)
            request = self.listeners[seat].protect_rtcp(rtcp.nack(7, video.ssrc, lost))
            rtcp_received.handle(peer, request, self.time, self.time, lambda peer_id: None)
            self._collect()

    def _collect(self) -> None:
        port = self.port
        queued = dict(port.take_queued())
        for peer, received, numbers in zip(self.peers, self.received, self.numbers, strict=True):
            for entry in queued.get(peer.destination.address, ()):
                start = (entry >> 16) * SLOT
                data = bytes(port.outgoing[start : start + (entry & 0xFFFF)])
                received.append(data)
                sequence, _, ssrc = struct.unpack_from("!HII", data, 2)
                assert (ssrc, sequence) not in numbers, "a number is used twice"
                numbers[ssrc, sequence] = None

    def state(self) -> dict[str, object]:
        """Everything a packet may have changed."""
        peer = self.publisher
        return {
            "received": self.received,
            "reports": self.reports,
            "errors": (self.forwarder.errors, self.forwarder.strangers),
            "gaps": len(self.forwarder.gaps),
            "peer": (
                peer.octets_left,
                peer.received_octets,
                peer.refused,
                peer.over_limit,
                peer.loudness,
                peer.loudness_count,
                peer.allowance,
                sorted(peer.seen_ssrcs),
            ),
            "inbound_streams": {
                ssrc: (
                    one.layout,
                    [one.remembered(number) for number in recent(one)],
                    one.next_sequence,
                    one.payload_type,
                    one.timestamp,
                    one.keyframe_wanted,
                    one.received,
                    one.octets,
                    one.transit,
                    one.jitter,
                    one.recovered,
                    one.keyframes,
                    list(one.missing),
                    [x.ssrc for x in one.outbound_streams],
                    [x.ssrc for x in one.waiting],
                )
                for ssrc, one in peer.inbound_streams.items()
            },
            "subscriptions": [
                (
                    one.ssrc,
                    one.sequence_offset,
                    one.timestamp_offset,
                    one.rewrites_descriptor,
                    one.picture_id_offset,
                    one.tl0picidx_offset,
                    one.packets,
                    one.octets,
                    one.payload_octets,
                    one.rtx.count,
                    one.rtx.sequence,
                )
                for one in self.outbound_streams
            ],
            "subscribers": [(one.refused, one.over_limit) for one in self.peers],
        }
