"""What strangers and ill-willed participants send a relay: generators of hostile datagrams.

A participant here is the light client of the load benchmark, with real keys: what it seals opens,
however malformed it is inside. Nothing here knows what the relay ought to do with it.
"""

from __future__ import annotations

import random
import secrets
import struct
from collections.abc import Callable, Iterator
from itertools import count

import pylibsrtp
from aioice import stun
from aiortc.rtp import RtcpReceiverInfo, RtcpSenderInfo

from media.rtp import rtcp
from scripts.traffic.relay_clients import LoadClient

LONGEST = 1300
"Bytes of the longest datagram made here before it is sealed; the library seals no more than 1,356."
Datagrams = Iterator[bytes]


def stun_request(ufrag: str, password: str) -> bytes:
    """A connectivity check that nominates, correct if the password is."""
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    message.attributes["USERNAME"] = f"{ufrag}:hostile"
    message.attributes["PRIORITY"] = 1
    message.attributes["ICE-CONTROLLING"] = 1
    message.attributes["USE-CANDIDATE"] = None
    message.add_message_integrity(password.encode())
    return bytes(message)


def mutated(chance: random.Random, data: bytes) -> bytes:
    """The data with a few bytes changed, cut off or put in."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        kind = chance.randrange(4)
        place = chance.randrange(len(changed) + 1)
        if kind == 0 and place < len(changed):
            changed[place] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
        elif kind == 1:
            del changed[place:]
        elif kind == 2:
            changed[place:place] = chance.randbytes(chance.randint(1, 40))
        elif changed and place < len(changed):
            changed[place] ^= 1 << chance.randrange(8)
    return bytes(changed[:LONGEST])


def random_datagrams(chance: random.Random) -> Datagrams:
    """Anything."""
    while True:
        yield chance.randbytes(chance.randint(0, LONGEST))


def looking_like(first: range, second: range | None = None) -> Callable[[random.Random], Datagrams]:
    """Garbage whose first bytes are those of a protocol."""

    def generate(chance: random.Random) -> Datagrams:
        while True:
            data = bytearray(chance.randbytes(chance.randint(12, LONGEST)))
            data[0] = chance.choice(first)
            if second is not None:
                data[1] = chance.choice(second)
            yield bytes(data)

    return generate


def unknown_checks(chance: random.Random) -> Datagrams:
    """Well-formed checks of participants who do not exist."""
    while True:
        message = stun_request(f"{chance.randbytes(6).hex()}", "guess")
        for _ in range(50):
            yield message


STRANGERS: dict[str, Callable[[random.Random], Datagrams]] = {
    "random bytes": random_datagrams,
    "like RTP": looking_like(range(128, 192), range(96, 128)),
    "like RTCP": looking_like(range(128, 192), range(192, 224)),
    "like DTLS": looking_like(range(20, 64)),
    "like STUN": looking_like(range(2)),
    "checks for nobody": unknown_checks,
}
"What somebody sends who knows the port alone; from a participant's address it is spoofed."


class Hostile:
    """A connected participant that sends what it likes."""

    def __init__(self, client: LoadClient, seed: int | None = None) -> None:
        self.client = client
        self.chance = random.Random(seed)
        self._sequences = count(self.chance.randrange(1000))
        self._transport = count(0)

    def seal(self, packet: bytes) -> bytes:
        """SRTP of a packet; empty if the library will not protect what it holds."""
        assert self.client.ciphers is not None
        try:
            return self.client.ciphers.outgoing.protect_packet(packet)
        except (pylibsrtp.Error, ValueError):
            return b""

    def seal_rtcp(self, packet: bytes) -> bytes:
        """SRTCP of anything with eight bytes."""
        assert self.client.ciphers is not None
        try:
            return self.client.ciphers.outgoing.protect_rtcp(packet)
        except (pylibsrtp.Error, ValueError):
            return b""

    def send(self, datagram: bytes) -> None:
        """Queue a datagram from the participant's verified address."""
        self.client.port.send(datagram, self.client.destination)

    def rtp(
        self,
        ssrc: int,
        sequence: int,
        payload_type: int = 96,
        extensions: bytes = b"",
        payload: bytes = b"\x10\x00hostile",
    ) -> bytes:
        """An RTP packet; ``extensions`` are one-byte elements."""
        header = struct.pack(
            "!BBHII",
            0x90 if extensions else 0x80,
            payload_type,
            sequence & 0xFFFF,
            (sequence * 3000) & 0xFFFFFFFF,
            ssrc,
        )
        if extensions:
            extensions += bytes(-len(extensions) % 4)
            header += struct.pack("!HH", 0xBEDE, len(extensions) // 4) + extensions
        return header + payload

    @property
    def own_ssrc(self) -> int:
        """The stream of its picture."""
        assert self.client.video is not None
        return self.client.video.ssrc

    # Each of these goes on for ever.

    def honest(self) -> Datagrams:
        """Packets as they should be, for comparison."""
        for sequence in self._sequences:
            yield self.seal(self.rtp(self.own_ssrc, sequence))

    def replays(self) -> Datagrams:
        """One packet again and again."""
        packet = self.seal(self.rtp(self.own_ssrc, next(self._sequences)))
        while True:
            yield packet

    def other_streams(self) -> Datagrams:
        """Every packet of a stream nobody announced."""
        while True:
            yield self.seal(self.rtp(self.chance.randrange(1 << 32), 1))

    def new_streams(self) -> Datagrams:
        """Every packet the beginning of its picture anew, under another SSRC."""
        while True:
            mid = b"\x10" + self.video_mid
            yield self.seal(self.rtp(self.chance.randrange(1 << 32), 1, extensions=mid))

    video_mid = b"1"

    def gaps(self) -> Datagrams:
        """A gap as long as is asked for before every packet."""
        sequence = next(self._sequences)
        while True:
            sequence += 256
            yield self.seal(self.rtp(self.own_ssrc, sequence))

    def extensions(self) -> Datagrams:
        """Header extensions in a new order in every packet, broken ones among them."""
        for sequence in self._sequences:
            block = b""
            while self.chance.random() < 0.8 and len(block) < 60:
                size = self.chance.randrange(16)
                block += bytes((self.chance.randrange(256) & 0xF0 | size,))
                block += self.chance.randbytes(self.chance.choice((size + 1, size, 0)))
            yield self.seal(self.rtp(self.own_ssrc, sequence, extensions=block))

    def transport_numbers(self) -> Datagrams:
        """Transport-wide numbers that jump, over streams that are its own."""
        for sequence in self._sequences:
            number = self.chance.randrange(1 << 16)
            block = b"\x31" + number.to_bytes(2)
            yield self.seal(self.rtp(self.own_ssrc, sequence, extensions=block))

    def repairs(self) -> Datagrams:
        """Retransmissions of nothing, of streams that may not exist."""
        for sequence in self._sequences:
            block = b"\x10" + self.video_mid + b"\xb0" + bytes((97 + sequence % 26,))
            ssrc = self.own_ssrc ^ self.chance.randrange(64)
            payload = self.chance.randbytes(self.chance.randrange(1200))
            yield self.seal(self.rtp(ssrc, sequence, 97, block, payload))

    def codecs(self) -> Datagrams:
        """Other codecs in a known stream, with garbage for payload."""
        for sequence in self._sequences:
            kind = self.chance.choice((63, 96, 97, 102, 103, 111, self.chance.randrange(128)))
            client = self.client
            stream = self.chance.choice([one for one in (client.audio, client.video) if one])
            payload = self.chance.randbytes(self.chance.randrange(1200))
            yield self.seal(self.rtp(stream.ssrc, sequence, kind, payload=payload))

    def reports(self) -> Datagrams:
        """RTCP of a random type with a random body."""
        while True:
            words = self.chance.randrange(1, 300)
            head = 0x80 | self.chance.randrange(64)
            kind = self.chance.choice((200, 201, 202, 203, 204, 205, 206, 207))
            body = bytearray(self.chance.randbytes(words * 4))
            for place in range(0, len(body) - 4, 4):
                if self.chance.random() < 0.3:
                    body[place : place + 4] = self.chance.choice(self._known).to_bytes(4)
            yield self.seal_rtcp(struct.pack("!BBH", head, kind, words) + bytes(body))

    def mutated_reports(self) -> Datagrams:
        """Compound RTCP as browsers send it, damaged."""
        while True:
            yield self.seal_rtcp(mutated(self.chance, self._compound()))

    def sender_reports(self) -> Datagrams:
        """As many sender reports as a datagram holds, each to be passed on to everybody."""
        report = rtcp.sender_report(self.own_ssrc, RtcpSenderInfo(1 << 40, 1, 1, 1), "x")
        while True:
            yield self.seal_rtcp(report * (LONGEST // len(report)))

    def requests(self) -> Datagrams:
        """As many requests to repeat everything as a datagram holds."""
        while True:
            body = b"".join(
                struct.pack("!HH", self.chance.randrange(1 << 16), 0xFFFF) for _ in range(300)
            )
            ssrc = self.chance.choice(self._known)
            head = struct.pack("!BBHII", 0x81, 205, 2 + len(body) // 4, 1, ssrc)
            yield self.seal_rtcp(head + body)

    def keyframe_requests(self) -> Datagrams:
        """As many keyframe requests as a datagram holds."""
        while True:
            ssrc = self.chance.choice(self._known)
            yield self.seal_rtcp(rtcp.keyframe_request(1, ssrc) * (LONGEST // 12))

    def report_senders(self) -> Datagrams:
        """Reports under ever new SSRCs."""
        while True:
            head = struct.pack("!BBHI", 0x80, 201, 1, secrets.randbits(32))
            yield self.seal_rtcp(head)

    def records(self) -> Datagrams:
        """DTLS that looks like what a finished connection carries, and is not."""
        for number in count(1):
            head = struct.pack("!BHHHIH", 23, 0xFEFD, 1, 0, number, 64)
            yield head + self.chance.randbytes(64)

    def kinds(self) -> dict[str, Callable[[], Datagrams]]:
        """Everything a participant can do wrong, by name."""
        return {
            "replays": self.replays,
            "packets of unknown streams": self.other_streams,
            "ever new streams": self.new_streams,
            "long gaps": self.gaps,
            "broken extensions": self.extensions,
            "jumping transport numbers": self.transport_numbers,
            "repairs of nothing": self.repairs,
            "changing codecs": self.codecs,
            "random RTCP": self.reports,
            "damaged RTCP": self.mutated_reports,
            "fifty sender reports": self.sender_reports,
            "requests to repeat all": self.requests,
            "keyframe requests": self.keyframe_requests,
            "ever new RTCP senders": self.report_senders,
            "forged DTLS": self.records,
        }

    @property
    def _known(self) -> list[int]:
        """SSRCs that mean something to the relay."""
        own = [one.ssrc for one in (self.client.audio, self.client.video) if one is not None]
        return own + list(self.client.heard) or [1]

    def _compound(self) -> bytes:
        one, two = self.chance.choice(self._known), self.chance.choice(self._known)
        block = RtcpReceiverInfo(two, 1, 2, 3, 4, 5, 6)
        return b"".join(
            (
                rtcp.sender_report(one, RtcpSenderInfo(1 << 40, 1, 1, 1), "name"),
                rtcp.receiver_reports(one, [block]),
                rtcp.nack(one, two, [1, 2, 9, 300]),
                rtcp.keyframe_request(one, two),
                rtcp.bitrate_limit(one, 300_000, [two]),
            )
        )
