"""Lightweight WebRTC clients that load a relay: they send and receive encrypted packets.

A client does what a server expects of a browser: it writes an offer or an answer, sends
connectivity checks, completes the DTLS handshake, then sends RTP with a browser's header
extensions. It decodes nothing. The same clients load our relay and the servers it is compared with.
"""

from __future__ import annotations

import asyncio
import heapq
import re
import secrets
import select
import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import cffi  # type: ignore[import-untyped]
from aioice import stun
from aiortc import RTCCertificate
from aiortc.rtp import RtcpReceiverInfo, RtcpSenderInfo

from media.rtp import rtcp
from media.rtp.header_extensions import absolute_send_time
from media.transport import ice
from media.transport.dtls import Ciphers, Handshake
from media.transport.ice import Credentials
from media.transport.port import SLOT, Destination, Port, pack_address, unpack_address

VIDEO_PAYLOAD = 1200 - 24
AUDIO_PAYLOAD = 100 - 28
FRAME_PACKETS = (6, 6, 5)
"Packets of successive video frames: 170 a second at 30 frames."
FRAMES_PER_SECOND = 30
AUDIO_PER_SECOND = 50
SAMPLED = 16
"One received packet in this many is decrypted to read its age."


_NUMBERS = struct.Struct("!BHI")
_STAMP = struct.Struct("!BBd")
_CHANNEL = struct.Struct("!BBH")
_VIDEO, _AUDIO, _REPORT = range(3)


@dataclass
class Stream:
    """What one m= section sends."""

    ssrc: int
    payload_type: int
    clock_rate: int
    template: bytes
    payload_start: int
    transport_position: int
    send_time_position: int
    sequence: int = field(default_factory=lambda: secrets.randbelow(30000))
    timestamp: int = 0
    packets: int = 0


def video_stream(payload_type: int = 96) -> Stream:
    """VP8 packets of 1,200 bytes with send time and transport-wide sequence number."""
    extensions = bytes((0x22, 0, 0, 0, 0x31, 0, 0, 0))
    ssrc = secrets.randbits(31) | 1
    header = struct.pack("!BBHIIHH", 0x90, payload_type, 0, 0, ssrc, 0xBEDE, 2) + extensions
    return Stream(ssrc, payload_type, 90000, header + bytes(VIDEO_PAYLOAD), 24, 21, 17)


def audio_stream(payload_type: int = 111) -> Stream:
    """Opus packets of 100 bytes with audio level, send time and transport-wide sequence number."""
    extensions = bytes((0x40, 30, 0x22, 0, 0, 0, 0x31, 0, 0, 0, 0, 0))
    ssrc = secrets.randbits(31) | 1
    header = struct.pack("!BBHIIHH", 0x90, payload_type, 0, 0, ssrc, 0xBEDE, 3) + extensions
    return Stream(ssrc, payload_type, 48000, header + bytes(AUDIO_PAYLOAD), 28, 23, 19)


class LoadClient:
    """One client: a socket, its keys, what it sends, and how much it received."""

    def __init__(self, certificate: RTCCertificate, host: str) -> None:
        self.port = Port(host, 0)
        self.host = host
        self.certificate = certificate
        self.credentials = Credentials.generate()
        self.remote = Credentials("", "")
        self.destination = Destination()
        self.ciphers: Ciphers | None = None
        self.handshake: Handshake | None = None
        self.video: Stream | None = None
        self.audio: Stream | None = None
        self.transport_sequence = 0
        self.prefix = b""
        "Bytes before each packet on the wire: a TURN ChannelData header (RFC 8656), or nothing."
        self.answered = asyncio.Event()
        self.received = 0
        self.seen: dict[int, int] = {}
        self.ages: list[float] = []
        self.on_rtcp: Callable[[bytes], object] | None = None
        "Is given each SRTCP datagram, if set."
        self._size: Any = cffi.FFI().new("int *")

    def fingerprint(self) -> str:
        """The certificate's, as SDP writes it."""
        for fingerprint in self.certificate.getFingerprints():
            if fingerprint.algorithm == "sha-256":
                return f"sha-256 {fingerprint.value}"
        raise AssertionError("no SHA-256 fingerprint")

    def transport_lines(self, setup: str) -> list[str]:
        """The transport attributes of each m= section."""
        return [
            "c=IN IP4 0.0.0.0",
            f"a=ice-ufrag:{self.credentials.ufrag}",
            f"a=ice-pwd:{self.credentials.password}",
            f"a=fingerprint:{self.fingerprint()}",
            f"a=setup:{setup}",
            "a=rtcp-mux",
            "a=rtcp-rsize",
            f"a=candidate:1 1 udp 2130706431 {self.host} {self.port.number} typ host",
        ]

    def answer(self, offer: str) -> str:
        """An answer that accepts everything offered and sends wherever the offer receives."""
        sections = re.split(r"(?m)^(?=m=)", offer.replace("\r\n", "\n"))
        mids = re.findall(r"(?m)^a=mid:(.*)$", offer.replace("\r\n", "\n"))
        text = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0"]
        text.append(f"a=group:BUNDLE {' '.join(mids)}")
        for section in sections[1:]:
            first, *lines = section.strip().split("\n")
            medium = first[2:].split()[0]
            direction = next((x for x in ("recvonly", "sendonly") if f"a={x}" in lines), "inactive")
            mirrored = {"recvonly": "sendonly", "sendonly": "recvonly"}.get(direction, "inactive")
            text.append(first)
            text += self.transport_lines("active")
            text += [x for x in lines if x.startswith(("a=mid:", "a=extmap:"))]
            text.append(f"a={mirrored}")
            text += [x for x in lines if x.startswith(("a=rtpmap:", "a=fmtp:", "a=rtcp-fb:"))]
            if mirrored == "sendonly":
                stream = video_stream() if medium == "video" else audio_stream()
                if medium == "video":
                    self.video = stream
                else:
                    self.audio = stream
                text.append(f"a=ssrc:{stream.ssrc} cname:load")
        return "\r\n".join(text) + "\r\n"

    def offer(self) -> str:
        """An offer to send audio and video."""
        self.audio, self.video = audio_stream(), video_stream()
        text = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0 1"]
        uris = (
            "a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
            "a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
        )
        text += ["m=audio 9 UDP/TLS/RTP/SAVPF 111", *self.transport_lines("actpass"), "a=mid:0"]
        text += [*uris, "a=extmap:4 urn:ietf:params:rtp-hdrext:ssrc-audio-level", "a=sendonly"]
        text += ["a=rtpmap:111 opus/48000/2", "a=rtcp-fb:111 transport-cc"]
        text += [f"a=ssrc:{self.audio.ssrc} cname:load"]
        text += ["m=video 9 UDP/TLS/RTP/SAVPF 96", *self.transport_lines("actpass"), "a=mid:1"]
        text += [*uris, "a=sendonly", "a=rtpmap:96 VP8/90000"]
        text += [f"a=rtcp-fb:96 {x}" for x in ("transport-cc", "goog-remb", "nack", "nack pli")]
        text += [f"a=ssrc:{self.video.ssrc} cname:load"]
        return "\r\n".join(text) + "\r\n"

    async def connect(self, description: str) -> None:
        """Connect to the server that wrote this description and complete the DTLS handshake."""
        description = description.replace("\r\n", "\n")

        def value(name: str) -> str:
            found = re.search(rf"(?m)^a={name}:(.*)$", description)
            assert found is not None, f"no {name} in {description}"
            return found[1].strip()

        self.remote = Credentials(value("ice-ufrag"), value("ice-pwd"))
        algorithm, fingerprint = value("fingerprint").split(" ")
        candidate = next(
            x.split()
            for x in re.findall(r"(?m)^a=candidate:(.*)$", description)
            if x.split()[2].lower() == "udp" and ":" not in x.split()[4]
        )
        self.destination.move(self.port, pack_address(candidate[4], int(candidate[5])))
        loop = asyncio.get_running_loop()
        loop.add_reader(self.port.fileno(), self._on_readable)
        checking = asyncio.create_task(self._keep_checking())
        try:
            await self.answered.wait()
            self.handshake = Handshake(self.certificate, self._send_now)
            self.ciphers = await self.handshake.run(
                [(algorithm, fingerprint)], server=value("setup") == "active"
            )
        finally:
            checking.cancel()
            loop.remove_reader(self.port.fileno())

    async def _keep_checking(self) -> None:
        """Repeat checks as browsers do; a server may not be ready for the first ones."""
        while True:
            self.check()
            await asyncio.sleep(0.1)

    def check(self) -> None:
        """Send a connectivity check that nominates."""
        message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        message.attributes["USERNAME"] = f"{self.remote.ufrag}:{self.credentials.ufrag}"
        message.attributes["PRIORITY"] = 2130706431
        message.attributes["ICE-CONTROLLING"] = 1
        message.attributes["USE-CANDIDATE"] = None
        message.add_message_integrity(self.remote.password.encode())
        self._send_now(bytes(message))

    def _send_now(self, data: bytes) -> None:
        self.port.send(data, self.destination)
        self.port.flush()

    def _on_readable(self) -> None:
        for index in range(self.port.receive()):
            start = index * SLOT
            data = bytes(self.port.incoming[start : start + self.port.length(index)])
            if data[0] == 1:
                self.answered.set()
            elif data[0] == 0:
                self._answer_check(data)
            elif 19 < data[0] < 64 and self.handshake is not None:
                self.handshake.carrier.feed(data)

    def _answer_check(self, data: bytes) -> None:
        """Answer the checks of a server that is not an ICE-lite agent."""
        check = ice.verify(data, self.credentials) if ice.is_binding_request(data) else None
        if check is not None:
            address = unpack_address(self.destination.address)
            self._send_now(ice.respond(replace(check, controlled=False), self.credentials, address))

    def send_frame(self, stream: Stream | None, count: int, now: float) -> None:
        """Send the next frame of video or audio, if there is such a stream."""
        if stream is not None:
            step = 3000 if stream.clock_rate == 90000 else 960
            stream.timestamp = (stream.timestamp + step) & 0xFFFFFFFF
            self.send_packets(stream, count, now)

    def send_packets(self, stream: Stream, count: int, now: float) -> None:
        """Send ``count`` packets of one frame, the first of which starts a keyframe."""
        assert self.ciphers is not None
        protect = self.ciphers.outgoing.protect
        port = self.port
        size = self._size
        template = stream.template
        length = len(template)
        send_time = absolute_send_time(now)
        out = port.outgoing
        prefix = self.prefix
        for index in range(count):
            slot = port.slot()
            base = slot * SLOT + len(prefix)
            out[base : base + length] = template
            _NUMBERS.pack_into(
                out,
                base + 1,
                stream.payload_type | (0x80 if index == count - 1 else 0),
                stream.sequence,
                stream.timestamp,
            )
            position = base + stream.send_time_position
            out[position : position + 3] = send_time
            position = base + stream.transport_position
            out[position : position + 2] = self.transport_sequence.to_bytes(2)
            _STAMP.pack_into(out, base + stream.payload_start, 0 if index else 0x10, 0, now)
            size[0] = length
            protect(port.outgoing_pointers[slot] + len(prefix), size)
            if prefix:
                _CHANNEL.pack_into(out, slot * SLOT, *prefix[:2], size[0])
            port.push(slot, size[0] + len(prefix), self.destination)
            stream.sequence = (stream.sequence + 1) & 0xFFFF
            self.transport_sequence = (self.transport_sequence + 1) & 0xFFFF
        stream.packets += count
        port.flush()

    def read(self, now: float) -> None:
        """Count the packets that arrived; decrypt one in ``SAMPLED`` for its age."""
        port = self.port
        count = port.receive()
        firsts = bytes(port.incoming[0 : count * SLOT : SLOT])
        seconds = bytes(port.incoming[1 : count * SLOT : SLOT])
        for index in range(count):
            if not 127 < firsts[index] < 192 or 191 < seconds[index] < 224:
                base = index * SLOT
                if firsts[index] < 2:
                    self._answer_check(bytes(port.incoming[base : base + port.length(index)]))
                elif self.on_rtcp is not None:
                    self.on_rtcp(bytes(port.incoming[base : base + port.length(index)]))
                continue
            self.received += 1
            if not self.received % SAMPLED:
                self._sample(index, now)

    def _sample(self, index: int, now: float) -> None:
        port = self.port
        base = index * SLOT
        self._size[0] = port.length(index)
        if self.ciphers is None or self.ciphers.incoming.unprotect(
            port.incoming_pointers[index], self._size
        ):
            return
        ssrc, profile, words = struct.unpack_from("!IHH", port.incoming, base + 8)
        start = 12 + (4 + 4 * words if profile == 0xBEDE else 0)
        (sent,) = struct.unpack_from("!d", port.incoming, base + start + 2)
        self.ages.append(now - sent)
        (sequence,) = struct.unpack_from("!H", port.incoming, base + 2)
        self.seen[ssrc] = sequence

    def report(self, now: float) -> None:
        """Send the RTCP reports that a browser sends every second."""
        if self.ciphers is None:
            return
        message = b""
        for stream in (self.audio, self.video):
            if stream is not None:
                clock = int((now + 2208988800) * (1 << 32))
                info = RtcpSenderInfo(clock, stream.timestamp, stream.packets, stream.packets * 900)
                message += rtcp.sender_report(stream.ssrc, info, "load")
        if self.seen:
            message += rtcp.receiver_reports(
                1, [RtcpReceiverInfo(x, 0, 0, y, 0, 0, 0) for x, y in self.seen.items()]
            )
        if message:
            self._send_now(self.ciphers.outgoing.protect_rtcp(message))

    async def close(self) -> None:
        """Close the connection."""
        if self.handshake is not None:
            await self.handshake.stop()
            self.port.flush()
        self.port.close()


@dataclass(frozen=True)
class Window:
    """What happened during one measurement."""

    seconds: float
    sent: int
    received: int
    ages: list[float]
    late: float
    "Most seconds that a frame left behind schedule: how well the generator kept up."


def pump(
    publishers: Sequence[LoadClient], clients: Sequence[LoadClient], rate: float, seconds: float
) -> Window:
    """Send and receive for a while. Blocks; ``rate`` multiplies the frame rates."""
    poll = select.epoll()
    by_descriptor = {client.port.fileno(): client for client in clients}
    for descriptor in by_descriptor:
        poll.register(descriptor, select.EPOLLIN)
    start = time.monotonic()
    frame_step = 1 / (FRAMES_PER_SECOND * rate)
    audio_step = 1 / (AUDIO_PER_SECOND * rate)
    # (time, what, index of the client, how many so far), soonest first; clients are staggered
    schedule = [
        (start + 0.02 + step * index / len(many), what, index, 0)
        for what, many, step in (
            (_VIDEO, publishers, frame_step),
            (_AUDIO, publishers, audio_step),
            (_REPORT, clients, 1.0),
        )
        for index in range(len(many))
    ]
    heapq.heapify(schedule)
    sent_before = sum(_sent(x) for x in publishers)
    received_before = sum(x.received for x in clients)
    for client in clients:
        client.ages.clear()
    late = 0.0
    end = start + seconds
    try:
        while True:
            now = time.monotonic()
            if now >= end:
                break
            while schedule[0][0] <= now:
                when, what, index, done = schedule[0]
                late = max(late, now - when)
                if what == _VIDEO:
                    heapq.heapreplace(schedule, (when + frame_step, what, index, done + 1))
                    client = publishers[index]
                    client.send_frame(client.video, FRAME_PACKETS[done % 3], now)
                elif what == _AUDIO:
                    heapq.heapreplace(schedule, (when + audio_step, what, index, 0))
                    client = publishers[index]
                    client.send_frame(client.audio, 1, now)
                else:
                    heapq.heapreplace(schedule, (when + 1.0, what, index, 0))
                    clients[index].report(now)
            due = min(end, schedule[0][0])
            for descriptor, _ in poll.poll(max(0.0, due - time.monotonic()), 64):
                by_descriptor[descriptor].read(time.monotonic())
        _drain(poll, by_descriptor, end + 0.3)
    finally:
        poll.close()
    return Window(
        seconds,
        sum(_sent(x) for x in publishers) - sent_before,
        sum(x.received for x in clients) - received_before,
        [age for client in clients for age in client.ages],
        late,
    )


def _sent(client: LoadClient) -> int:
    return sum(x.packets for x in (client.audio, client.video) if x is not None)


def _drain(poll: select.epoll, clients: dict[int, LoadClient], until: float) -> None:
    """Read what was still in flight."""
    while (left := until - time.monotonic()) > 0:
        for descriptor, _ in poll.poll(left, 64):
            clients[descriptor].read(time.monotonic())
