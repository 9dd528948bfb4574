#!/usr/bin/env bash
# REMB (draft-alvestrand-rmcat-remb-03) says how much a receiver can take, and of which SSRCs. A browser
# that receives two videos over one transport sends one estimate with both SSRCs. aiortc has an estimator
# in each receiver: it sends an estimate for each video, with that SSRC alone, although both share the link.
# Whoever takes the newest message for the whole link sees a link that is full with one video of several.
# Seen in 1.16.0. The way out: add up the newest estimates of disjoint SSRCs, and compare the sum with what
# is sent of just these.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet --disable-pip-version-check aiortc==1.16.0
"$folder/bin/python" - <<'END_OF_PROGRAM'
import asyncio

import aiortc
from aiortc import RTCPeerConnection, RTCRtpSender, VideoStreamTrack
from aiortc.contrib.media import MediaBlackhole
from aiortc.rtp import RtcpPsfbPacket, unpack_remb_fci

REMB = 15
seen: set[tuple[int, ...]] = set()
enough = asyncio.Event()
handle = RTCRtpSender._handle_rtcp_packet


async def note(sender: RTCRtpSender, packet: object) -> None:
    if isinstance(packet, RtcpPsfbPacket) and packet.fmt == REMB:
        seen.add(tuple(unpack_remb_fci(packet.fci)[1]))
        if len(seen) > 1:
            enough.set()
    await handle(sender, packet)


RTCRtpSender._handle_rtcp_packet = note


async def main() -> None:
    sender, receiver = RTCPeerConnection(), RTCPeerConnection()
    sink = MediaBlackhole()
    receiver.on("track", sink.addTrack)
    videos = [sender.addTrack(VideoStreamTrack()) for _ in range(2)]
    await sender.setLocalDescription(await sender.createOffer())
    await receiver.setRemoteDescription(sender.localDescription)
    await receiver.setLocalDescription(await receiver.createAnswer())
    await sender.setRemoteDescription(receiver.localDescription)
    await sink.start()
    await asyncio.wait_for(enough.wait(), 60)
    transports = {video.transport for video in videos}
    ssrcs = {video._ssrc for video in videos}
    await sink.stop()
    await sender.close()
    await receiver.close()
    print("aiortc", aiortc.__version__)
    print("transports:", len(transports), "- SSRCs in each estimate:", sorted(map(len, seen)))
    assert len(transports) == 1
    assert seen == {(ssrc,) for ssrc in ssrcs}, (seen, ssrcs)


asyncio.run(main())
END_OF_PROGRAM
