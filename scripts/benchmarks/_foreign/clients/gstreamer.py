"""GStreamer's webrtcbin, run by the system's own Python, which has its bindings.

It encodes what it sends; what it receives is counted and thrown away.
"""

import contextlib
import threading
import time
from typing import Any

import gi  # type: ignore[import-not-found]

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import Gst, GstSdp, GstWebRTC  # type: ignore[import-not-found]  # noqa: E402

from scripts.benchmarks._foreign.clients.door import Door  # noqa: E402

SOURCES = {
    "audio": (
        "audiotestsrc is-live=true wave=ticks ! audioconvert ! audioresample"
        " ! audio/x-raw,rate=48000,channels=2 ! opusenc ! rtpopuspay pt=111 mtu=1200"
        " ! capsfilter caps=application/x-rtp,media=audio,encoding-name=OPUS,payload=111"
    ),
    "video": (
        "videotestsrc is-live=true pattern=ball ! video/x-raw,width=160,height=120,framerate=10/1"
        " ! vp8enc deadline=1 target-bitrate=120000 keyframe-max-dist=100 error-resilient=default"
        " ! rtpvp8pay pt=96 mtu=1200 picture-id-mode=15-bit"
        " ! capsfilter caps=application/x-rtp,media=video,encoding-name=VP8,payload=96"
    ),
}


class Client:
    """One pipeline at a time, which is one connection."""

    def __init__(self) -> None:
        self.received: dict[int, int] = {}
        self._pipeline: Any = None
        self._bin: Any = None
        self._sources: dict[str, Any] = {}

    def answer(self, offer: dict[str, Any]) -> str:
        if offer["fresh"]:
            self._open()
        for one in offer["publish"]:
            self._publish(one["kind"])
        _, message = GstSdp.SDPMessage.new_from_text(offer["sdp"])
        description = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.OFFER, message)
        self._ask("set-remote-description", description)
        reply = self._ask("create-answer", None)
        self._ask("set-local-description", reply.get_value("answer"))
        while self._bin.get_property("ice-gathering-state").value_nick != "complete":
            time.sleep(0.01)
        return str(self._bin.get_property("local-description").sdp.as_text())

    def _open(self) -> None:
        if self._pipeline is not None:
            self._pipeline.set_state(Gst.State.NULL)
        self.received = {}
        self._sources = {}
        self._pipeline = Gst.Pipeline.new()
        self._bin = Gst.ElementFactory.make("webrtcbin")
        self._bin.set_property("bundle-policy", GstWebRTC.WebRTCBundlePolicy.MAX_BUNDLE)
        self._bin.connect("on-new-transceiver", self._on_transceiver)
        self._bin.connect("pad-added", self._on_pad)
        self._pipeline.add(self._bin)
        self._pipeline.set_state(Gst.State.PLAYING)

    def _publish(self, kind: str) -> None:
        if kind in self._sources:
            return
        source = Gst.parse_bin_from_description(SOURCES[kind], True)
        self._sources[kind] = source
        self._pipeline.add(source)
        sink = self._bin.request_pad_simple("sink_%u")
        sink.get_property("transceiver").set_property(
            "direction", GstWebRTC.WebRTCRTPTransceiverDirection.SENDONLY
        )
        source.get_static_pad("src").link(sink)
        source.sync_state_with_parent()

    def _ask(self, what: str, argument: Any) -> Any:
        promise = Gst.Promise.new()
        self._bin.emit(what, argument, promise)
        promise.wait()
        return promise.get_reply()

    @staticmethod
    def _on_transceiver(_bin: Any, transceiver: Any) -> None:
        transceiver.set_property("do-nack", True)

    def _on_pad(self, _bin: Any, pad: Any) -> None:
        if pad.get_direction() != Gst.PadDirection.SRC:
            return
        mine = self.received

        def count(_pad: Any, info: Any) -> Any:
            buffer = info.get_buffer()
            header = buffer.extract_dup(8, 4)
            ssrc = int.from_bytes(header, "big")
            mine[ssrc] = mine.get(ssrc, 0) + 1
            return Gst.PadProbeReturn.OK

        pad.add_probe(Gst.PadProbeType.BUFFER, count)
        sink = Gst.ElementFactory.make("fakesink")
        sink.set_property("sync", False)
        sink.set_property("async", False)
        self._pipeline.add(sink)
        pad.link(sink.get_static_pad("sink"))
        sink.sync_state_with_parent()


def _tell(door: Door, client: Client) -> None:
    while True:
        time.sleep(1)
        with contextlib.suppress(OSError):
            door.count(dict(client.received))


def main() -> None:
    Gst.init(None)
    door, client = Door(), Client()
    threading.Thread(target=_tell, args=(door, client), daemon=True).start()
    for offer in door.offers():
        door.answer(offer["revision"], client.answer(offer))


if __name__ == "__main__":
    main()
