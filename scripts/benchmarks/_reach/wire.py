"""What went over the wire in a visit, from the events of the DevTools protocol."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit


@dataclass
class Request:
    name: str
    start: float
    "Seconds since the beginning of the visit, as all times here."
    end: float | None = None
    received: int = 0
    "Bytes, with headers."
    protocol: str = ""
    cached: bool = False
    "Answered without the network."
    first_frame: float | None = None
    "Of a socket."


class Wire:
    """Follows the requests of one page, across its navigations."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.snapshot_at: float | None = None
        "When a socket brought the room."
        self.heard = 0
        "Events so far."
        self._open: dict[str, Request] = {}
        self._began: float | None = None

    def hear(self, method: str, event: dict[str, Any]) -> None:
        """Take an event of the domain Network."""
        self.heard += 1
        match method:
            case "Network.requestWillBeSent":
                self._request(event)
            case "Network.requestServedFromCache":
                self._mark_cached(event["requestId"])
            case "Network.responseReceived":
                self._answered(event)
            case "Network.loadingFinished" | "Network.loadingFailed":
                self._ended(event)
            case "Network.webSocketWillSendHandshakeRequest":
                self._add(event["requestId"], "socket", event["timestamp"]).protocol = "websocket"
            case "Network.webSocketHandshakeResponseReceived":
                if request := self._open.get(event["requestId"]):
                    request.end = self._since(event["timestamp"])
            case "Network.webSocketFrameReceived":
                self._frame(event)

    def _since(self, timestamp: float) -> float:
        if self._began is None:
            self._began = timestamp
        return timestamp - self._began

    def _add(self, request_id: str, name: str, timestamp: float) -> Request:
        request = self._open[request_id] = Request(name, self._since(timestamp))
        self.requests.append(request)
        return request

    def _request(self, event: dict[str, Any]) -> None:
        url = urlsplit(event["request"]["url"])
        if url.scheme not in ("http", "https"):
            return
        if "redirectResponse" in event and (before := self._open.get(event["requestId"])):
            # a redirect keeps its id, and its answer comes with the request that follows it
            before.end = self._since(event["timestamp"])
            before.received = round(event["redirectResponse"]["encodedDataLength"])
            before.protocol = event["redirectResponse"].get("protocol", "")
        method = event["request"]["method"]
        name = "/".join(url.path.split("/")[-3:]).removeprefix("/")
        self._add(event["requestId"], f"{method} {name}"[:60], event["timestamp"])

    def _mark_cached(self, request_id: str) -> None:
        if request := self._open.get(request_id):
            request.cached = True

    def _answered(self, event: dict[str, Any]) -> None:
        request = self._open.get(event["requestId"])
        if request is None:
            return
        answer = event["response"]
        request.protocol = answer.get("protocol", "")
        if answer.get("fromDiskCache") or answer.get("fromPrefetchCache"):
            request.cached = True

    def _ended(self, event: dict[str, Any]) -> None:
        if request := self._open.get(event["requestId"]):
            request.end = self._since(event["timestamp"])
            request.received = round(event.get("encodedDataLength", 0))

    def _frame(self, event: dict[str, Any]) -> None:
        payload = event["response"]["payloadData"]
        request = self._open.get(event["requestId"])
        if request is not None:
            request.received += len(payload)
            if request.first_frame is None:
                request.first_frame = self._since(event["timestamp"])
        if self.snapshot_at is None and '"participants"' in payload:
            self.snapshot_at = self._since(event["timestamp"])

    def figures(self) -> dict[str, Any]:
        """Bytes and requests, each request by itself too."""
        plain = [one for one in self.requests if one.protocol != "websocket"]
        wired = [one for one in self.requests if not one.cached]
        return {
            "bytes": sum(one.received for one in plain),
            "requests": len(self.requests),
            "on_the_wire": len(wired),
            "waterfall": [asdict(one) for one in self.requests],
        }


def waterfall(requests: list[dict[str, Any]]) -> str:
    """Requests as text: start, end, bytes, protocol, name."""
    rows = ["  start    end   bytes protocol   name"]
    for one in requests:
        end = "     -" if one["end"] is None else f"{one['end']:6.2f}"
        protocol = "cache" if one["cached"] else one["protocol"]
        after = f", first frame at {one['first_frame']:.2f}" if one["first_frame"] else ""
        rows.append(
            f" {one['start']:6.2f} {end} {one['received']:7,} {protocol:10} {one['name']}{after}"
        )
    return "\n".join(rows)
