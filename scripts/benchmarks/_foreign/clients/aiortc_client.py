"""aiortc as it comes: it encodes what it sends and decodes what it receives."""

import asyncio
import contextlib
from fractions import Fraction
from typing import Any

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaBlackhole
from aiortc.mediastreams import AudioStreamTrack, MediaStreamTrack, VideoStreamTrack
from aiortc.rtcconfiguration import RTCBundlePolicy
from aiortc.stats import RTCInboundRtpStreamStats
from av import VideoFrame

from scripts.benchmarks._foreign.clients.door import Door

WIDTH, HEIGHT, FRAMES_PER_SECOND = 160, 120, 10


class MovingPicture(VideoStreamTrack):
    """Frames whose brightness changes."""

    _count = 0

    async def recv(self) -> VideoFrame:
        self._count += 1
        await asyncio.sleep(1 / FRAMES_PER_SECOND)
        frame = VideoFrame(WIDTH, HEIGHT, "yuv420p")
        for plane in frame.planes:
            plane.update(bytes((self._count * 8 % 200,)) * plane.buffer_size)
        frame.pts = self._count * 90000 // FRAMES_PER_SECOND
        frame.time_base = Fraction(1, 90000)
        return frame


class Client:
    """One connection at a time."""

    def __init__(self) -> None:
        self._connection: RTCPeerConnection | None = None
        self._published: set[str] = set()
        self._sinks: list[MediaBlackhole] = []

    async def answer(self, offer: dict[str, Any]) -> str:
        if offer["fresh"]:
            await self.close()
            self._connection = RTCPeerConnection(
                RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
            )
            self._connection.on("track", self._sink)
            self._published.clear()
        connection = self._connection
        assert connection is not None
        await connection.setRemoteDescription(RTCSessionDescription(offer["sdp"], "offer"))
        kinds = {one["mid"]: one["kind"] for one in offer["publish"]}
        for transceiver in connection.getTransceivers():
            if transceiver.mid in kinds.keys() - self._published:
                audio = kinds[transceiver.mid] == "audio"
                transceiver.sender.replaceTrack(AudioStreamTrack() if audio else MovingPicture())
                transceiver.direction = "sendonly"
        self._published.update(kinds)
        await connection.setLocalDescription(await connection.createAnswer())
        return connection.localDescription.sdp

    def _sink(self, track: MediaStreamTrack) -> None:
        sink = MediaBlackhole()
        sink.addTrack(track)
        self._sinks.append(sink)
        self._starting = asyncio.ensure_future(sink.start())

    async def received(self) -> dict[int, int]:
        if self._connection is None:
            return {}
        found = (await self._connection.getStats()).values()
        return {
            one.ssrc: one.packetsReceived
            for one in found
            if isinstance(one, RTCInboundRtpStreamStats)
        }

    async def close(self) -> None:
        for sink in self._sinks:
            await sink.stop()
        self._sinks.clear()
        if self._connection is not None:
            await self._connection.close()


async def _tell(door: Door, client: Client) -> None:
    while True:
        await asyncio.sleep(1)
        with contextlib.suppress(OSError):
            await asyncio.to_thread(door.count, await client.received())


async def main() -> None:
    door, client = Door(), Client()
    telling = asyncio.create_task(_tell(door, client))
    offers = door.offers()
    while (offer := await asyncio.to_thread(next, offers, None)) is not None:
        await asyncio.to_thread(door.answer, offer["revision"], await client.answer(offer))
    telling.cancel()
    await client.close()


if __name__ == "__main__":
    asyncio.run(main())
