"""Peers for tests of the relay: aiortc clients that answer offers, and waiting for a condition."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from fractions import Fraction
from types import TracebackType

from aioice import stun
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack, MediaStreamTrack, VideoStreamTrack
from av import VideoFrame

from media.messages import AcceptAnswer, Event, Join, OfferNeeded, OpenRoom, Publishing
from media.participant_limits import Limits
from media.relay.client import Relay
from media.rooms.peer import Peer
from media.rtp.codecs import Kind
from media.sfu.sfu import Sfu
from media.transport.port import Port

DEADLINE = 60.0
"Seconds after which a condition counts as never met; conditions are met within one or two."


class Clock:
    """The monotonic clock, which can be moved ahead as if the machine had slept."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead


async def until(condition: Callable[[], object], what: str, deadline: float = DEADLINE) -> None:
    """Wait until the condition holds; fail with `what` if it never does."""
    end = time.monotonic() + deadline
    while not condition():
        assert time.monotonic() < end, f"never happened: {what}"
        await asyncio.sleep(0.01)


def check_for(peer: Peer, password: str = "", *, nominates: bool = True) -> bytes:
    """A connectivity check for a peer, as somebody who knows its password sends it."""
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    message.attributes["USERNAME"] = f"{peer.credentials.ufrag}:visitor"
    message.attributes["ICE-CONTROLLING"] = secrets.randbits(64)
    if nominates:
        message.attributes["USE-CANDIDATE"] = None
    message.add_message_integrity((password or peer.credentials.password).encode())
    return bytes(message)


class MovingPicture(VideoStreamTrack):
    """Frames of 160x120 whose brightness changes, 15 a second."""

    _count = 0

    async def recv(self) -> VideoFrame:
        self._count += 1
        await asyncio.sleep(1 / 15)
        level = self._count * 8 % 200
        frame = VideoFrame(160, 120, "yuv420p")
        for plane in frame.planes:
            plane.update(bytes((level,)) * plane.buffer_size)
        frame.pts = self._count * 6000
        frame.time_base = Fraction(1, 90000)
        return frame


class Participant:
    """An aiortc participant that answers every offer and counts the frames that arrive."""

    def __init__(self, peer_id: str, tracks: dict[Kind, object]) -> None:
        self.peer_id = peer_id
        self.tracks = tracks
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.frames: dict[str, int] = {}
        self.times: dict[str, list[int]] = {}
        self.readers: list[asyncio.Task[None]] = []
        self.offers: list[OfferNeeded] = []
        self.closed = False
        self.turn = asyncio.Lock()
        "A connection that is closed while it gathers addresses leaves their sockets open."
        self.connection.on("track", self._on_track)

    def _on_track(self, track: MediaStreamTrack) -> None:
        self.readers.append(asyncio.ensure_future(self._read(track)))

    async def _read(self, track: MediaStreamTrack) -> None:
        while True:
            try:
                frame = await track.recv()
            except Exception:
                return
            self.frames[track.kind] = self.frames.get(track.kind, 0) + 1
            self.times.setdefault(track.kind, []).append(frame.pts)

    async def describe(self, offer: OfferNeeded) -> str:
        """An answer that publishes in each m= section that asks for a track we have."""
        async with self.turn:
            if self.closed:
                raise ConnectionError
            return await self._describe(offer)

    async def _describe(self, offer: OfferNeeded) -> str:
        if offer.fresh and self.offers:
            await self.connection.close()
            self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
            self.connection.on("track", self._on_track)
            self.tracks = {kind: track_of(kind) for kind in self.tracks}
        self.offers.append(offer)
        await self.connection.setRemoteDescription(RTCSessionDescription(offer.sdp, "offer"))
        for track in offer.tracks:
            if track.direction == "publish" and track.kind in self.tracks:
                for transceiver in self.connection.getTransceivers():
                    if transceiver.mid == track.mid and transceiver.sender.track is None:
                        transceiver.sender.replaceTrack(self.tracks[track.kind])
                        transceiver.direction = "sendonly"
        await self.connection.setLocalDescription(await self.connection.createAnswer())
        return self.connection.localDescription.sdp

    async def close(self) -> None:
        async with self.turn:
            self.closed = True
            await self.connection.close()
        for reader in self.readers:
            reader.cancel()
        await asyncio.gather(*self.readers, return_exceptions=True)


class Client(Participant):
    """A participant of an SFU in this process."""

    def __init__(self, sfu: "TestSfu", peer_id: str, tracks: dict[Kind, object]) -> None:
        super().__init__(peer_id, tracks)
        self.sfu = sfu

    async def answer(self, offer: OfferNeeded) -> None:
        self.give(offer, await self.describe(offer))

    def give(self, offer: OfferNeeded, text: str) -> None:
        """Have the SFU accept an answer."""
        self.sfu.execute(AcceptAnswer(offer.room_id, self.peer_id, text, offer.revision))


class RelayClient(Participant):
    """A participant, with audio, of a relay with worker processes."""

    def __init__(self, relay: Relay, peer_id: str) -> None:
        super().__init__(peer_id, {Kind.AUDIO: AudioStreamTrack()})
        self.relay = relay

    async def answer(self, offer: OfferNeeded) -> None:
        text = await self.describe(offer)
        await self.relay.answer(offer.room_id, self.peer_id, text, offer.revision)


def track_of(kind: Kind) -> MediaStreamTrack:
    return AudioStreamTrack() if kind is Kind.AUDIO else MovingPicture()


class TestSfu(Sfu):
    """An SFU on a loopback port that keeps its events and passes offers to its clients."""

    __test__ = False

    def __init__(self, host: str = "127.0.0.1", limits: Limits | None = None) -> None:
        self.events: list[Event] = []
        self.clients: dict[str, Client] = {}
        self.tasks: set[asyncio.Task[None]] = set()
        self.failures: list[BaseException] = []
        self.ending = False
        self.port = Port(host, 0)
        super().__init__([(host, self.port.number)], self._on_event, limits)
        self.open([self.port])

    def _on_event(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, OfferNeeded) and event.peer_id in self.clients:
            task = asyncio.ensure_future(self.clients[event.peer_id].answer(event))
            self.tasks.add(task)
            task.add_done_callback(self._answered)

    def _answered(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        # Failures while a test ends do not matter; earlier ones must not go unnoticed.
        if not self.ending and not task.cancelled() and (error := task.exception()):
            self.failures.append(error)

    def of(self, kind: type) -> list:
        return [event for event in self.events if isinstance(event, kind)]

    def join(
        self, peer_id: str, *kinds: Kind, room_id: str = "room", client: type[Client] = Client
    ) -> Client:
        """Let an aiortc client join that publishes these kinds."""
        if room_id not in self.rooms:
            self.execute(OpenRoom(room_id))
        joined = client(self, peer_id, {kind: track_of(kind) for kind in kinds})
        self.clients[peer_id] = joined
        self.execute(Join(room_id, peer_id, tuple(Publishing(kind) for kind in kinds)))
        return joined

    async def __aenter__(self) -> "TestSfu":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.ending = True
        for client in self.clients.values():
            await client.close()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.close()
        assert not self.failures, self.failures


@asynccontextmanager
async def sfu_with(limits: Limits | None = None) -> AsyncIterator[TestSfu]:
    async with TestSfu(limits=limits) as sfu:
        yield sfu
