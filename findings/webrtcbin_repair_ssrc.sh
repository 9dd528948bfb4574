#!/usr/bin/env bash
# GStreamer's webrtcbin writes another SSRC for retransmissions (a=ssrc-group:FID, RFC 5576 section
# 4.2) into each answer, though the stream stays the same and nothing about it was changed. Whoever
# keeps the SSRC of the first answer takes later repairs for a stream that nobody announced. Seen in
# 1.22.0. The way out: read the groups of each answer anew.
set -euo pipefail
/usr/bin/python3 - <<'END_OF_PROGRAM'
import re
import time

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import Gst, GstSdp, GstWebRTC

OFFER = """v=0
o=- 1 %d IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0
m=video 9 UDP/TLS/RTP/SAVPF 96 97
c=IN IP4 0.0.0.0
a=mid:0
a=recvonly
a=rtcp-mux
a=ice-ufrag:abcd
a=ice-pwd:abcdefghijklmnopqrstuvwx
a=setup:actpass
a=fingerprint:sha-256 """ + ":".join(["AB"] * 32) + """
a=rtpmap:96 VP8/90000
a=rtcp-fb:96 nack
a=rtpmap:97 rtx/90000
a=fmtp:97 apt=96
"""
Gst.init(None)
print(Gst.version_string())
pipeline = Gst.Pipeline.new()
peer = Gst.ElementFactory.make("webrtcbin")
peer.set_property("bundle-policy", GstWebRTC.WebRTCBundlePolicy.MAX_BUNDLE)
pipeline.add(peer)
source = Gst.parse_bin_from_description(
    "videotestsrc is-live=true ! vp8enc deadline=1 ! rtpvp8pay pt=96 ssrc=12345"
    " ! capsfilter caps=application/x-rtp,media=video,encoding-name=VP8,payload=96",
    True,
)
pipeline.add(source)
sink = peer.request_pad_simple("sink_%u")
sink.get_property("transceiver").set_property("do-nack", True)
source.get_static_pad("src").link(sink)


def ask(what, argument):
    promise = Gst.Promise.new()
    peer.emit(what, argument, promise)
    promise.wait()
    return promise.get_reply()


def answer(version):
    text = (OFFER % version).replace("\n", "\r\n")
    _, message = GstSdp.SDPMessage.new_from_text(text)
    kind = GstWebRTC.WebRTCSDPType.OFFER
    ask("set-remote-description", GstWebRTC.WebRTCSessionDescription.new(kind, message))
    reply = ask("create-answer", None)
    ask("set-local-description", reply.get_value("answer"))
    written = peer.get_property("local-description").sdp.as_text()
    return re.findall(r"a=ssrc-group:FID (\d+) (\d+)", written)


pipeline.set_state(Gst.State.PLAYING)
groups = answer(1)
while sink.get_current_caps() is None:
    time.sleep(0.05)
groups += answer(2) + answer(3)
pipeline.set_state(Gst.State.NULL)
print("media and repairs in three answers:", groups)
assert [media for media, _ in groups[1:]] == ["12345"] * 2, groups
assert len({repairs for _, repairs in groups}) == 3, groups
END_OF_PROGRAM
