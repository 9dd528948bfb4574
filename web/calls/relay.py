"""The media relay as rooms use it: `signaling.ports.relay.Relay` over `media.relay.client.Relay`."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

from aiohttp import web

from media import messages as media
from media.messages import Publishing
from media.relay.client import Relay, RelaySettings
from media.relay.host_links import RelayElsewhere
from media.relay.link import CommandFailed, RelayUnavailable
from media.rtp.codecs import Kind
from signaling.calls import relay_events
from signaling.ports.clock import Timers
from signaling.ports.relay import VideoKind
from signaling.wire.values import RelayTrack
from web.calls.relay_trace import RelayTrace
from web.calls.relay_watch import RelayWatch
from web.config import Config, harmless_environment

ENCODINGS = ("h", "l")
"Rids of a camera's two simulcast encodings, the better one first."
TRY_AGAIN_AFTER = timedelta(seconds=30)
"A port that is taken may soon be free, as a previous server stops."
PATIENCE = 10.0
"Seconds without all workers after which calls stop using the relay."

Listener = Callable[[relay_events.Event], None]
_log = logging.getLogger("web.calls.relay")


class MediaRelay:
    """The relay of this server, or why there is none."""

    def __init__(self, config: Config, timers: Timers) -> None:
        self._reason = ""
        "Why there is no relay; empty while there is one."
        self._listeners: dict[str, Listener] = {}
        "By room id: who opened it."
        self._timers = timers
        self._started = self._stopping = False
        self._failing_since: float | None = None
        self.starting: asyncio.Task[None] | None = None
        self.relay: Relay | None = None
        "The workers of this host."
        self.elsewhere: RelayElsewhere | None = None
        "Those of relay-only hosts, where this one has none."
        self.shared: Callable[[media.Event], bool] = lambda _: False
        "Whether an event is about a room of another host, and was passed on to it."
        self.watch: RelayWatch | None = None
        if config.relay_workers:
            settings = RelaySettings(
                port=config.relay_port,
                tcp=config.relay_tcp,
                addresses=config.relay_addresses,
                name=config.public_url.host or "",
                workers=config.relay_workers,
                environment=harmless_environment(),
            )
            self.relay = Relay(settings, self._receive)
            self.watch = RelayWatch(self.relay, timers)
        else:
            self._reason = "TELECONNECT_RELAY_WORKERS is 0."
            if config.database_url:
                self.elsewhere = RelayElsewhere(self._receive)
        self.trace = RelayTrace(self.commanded, config.data_dir)

    async def running(self, _: web.Application) -> AsyncIterator[None]:
        """From the start of the server to its end (`cleanup_ctx`).

        Pages are served while the workers start.
        """
        self.starting = asyncio.create_task(self._start(), name="relay")
        yield
        await self.starting
        self._stopping, self._started = True, False
        if self.watch is not None:
            await self.watch.stop()
        if self.commanded is not None:
            await self.commanded.stop()

    @property
    def commanded(self) -> Relay | RelayElsewhere | None:
        """Where the rooms of this host are."""
        return self.relay or self.elsewhere

    @property
    def _expected(self) -> bool:
        """Whether there are workers, reached or not."""
        return self.elsewhere is None or self.elsewhere.expected()

    async def _start(self) -> None:
        if self.elsewhere is not None:
            self._started = True
        if self.relay is None or self.watch is None or self._stopping:
            return
        try:
            await self.relay.start()
        except RelayUnavailable as error:
            self._reason = str(error)
            _log.error(
                "The relay cannot start: %s. Calls go directly between browsers; it is tried"
                " again in %d seconds.",
                error,
                TRY_AGAIN_AFTER.total_seconds(),
            )
            self._timers.set("relay", self._timers.now() + TRY_AGAIN_AFTER, self._start)
            return
        self._started = True
        self._reason = ""
        addresses = ", ".join(self.relay.addresses)
        _log.info("The relay listens at UDP port %s and offers %s", self.relay.ports, addresses)
        if not self.relay.native:
            _log.warning(
                "The relay's native packet loop is not built (build/native.log may say why):"
                " forwarding takes two to three times the processor time."
            )
        if self.relay.settings.tcp and not self.relay.tcp:
            _log.warning(
                "The relay cannot be reached by TCP: something else listens at a port of the number"
                " %s. Give it one of its own as TELECONNECT_RELAY_PORT.",
                self.relay.ports,
            )
        await self.watch.start()

    @property
    def serves(self) -> bool:
        """Whether calls can go through it now, and need not wait for its start."""
        return self._started and self.usable

    @property
    def state(self) -> str:
        """`ok`, `unreached`, `restarting` or `unavailable`.

        `unreached`: it runs, but this machine gets no answer at any of the addresses that it offers.
        """
        if self.starting is not None and not self.starting.done() and self.relay is not None:
            return "restarting"
        if not self._started or self.commanded is None or not self._expected:
            return "unavailable"
        if not self.commanded.healthy:
            return "restarting"
        return "unreached" if self.problem else "ok"

    @property
    def packet_loop(self) -> str:
        """Who forwards packets: `native` for the loop in C, `python`, or `none` without a relay."""
        if self.state in ("unavailable", "restarting") or self.commanded is None:
            return "none"
        return "native" if self.commanded.native else "python"

    @property
    def tcp(self) -> str:
        """`ok`, `unreached`, or `off`: not wanted, or its port is taken."""
        if self.elsewhere is not None:
            return "ok" if self.elsewhere.tcp else "off"
        return "off" if self.watch is None or not self._started else self.watch.tcp

    @property
    def problem(self) -> str:
        """For the operator: why there is no relay, or where it does not answer; or nothing."""
        if self.elsewhere is not None and self._expected:
            return ""
        return self._reason or (self.watch.unreached if self.watch is not None else "")

    # --- signaling.ports.relay.Relay

    @property
    def usable(self) -> bool:
        if self.commanded is None or self._stopping or not self._expected:
            return False
        if not self._started:
            # At the start pages reconnect before the workers are ready.
            return self.starting is not None and not self.starting.done()
        if self.commanded.healthy:
            self._failing_since = None
            return True
        if self._failing_since is None:
            self._failing_since = time.monotonic()
        return time.monotonic() - self._failing_since < PATIENCE

    async def open(self, room_id: str, listener: Listener) -> None:
        self._listeners[room_id] = listener
        await self._ask(lambda relay: relay.open_room(room_id))
        await self.trace.opened(room_id)

    async def join(self, room_id: str, peer_id: str) -> None:
        publish = (Publishing(Kind.AUDIO), Publishing(Kind.VIDEO, ENCODINGS))
        await self._ask(lambda relay: relay.join(room_id, peer_id, publish))

    async def probe(self, room_id: str, peer_id: str) -> None:
        sound = (Publishing(Kind.AUDIO),)
        await self._ask(lambda relay: relay.join(room_id, peer_id, sound, automatic=False))

    async def share(self, room_id: str, peer_id: str, on: bool) -> None:
        if on:
            screen = (Publishing(Kind.SCREEN),)
            await self._ask(lambda relay: relay.publish(room_id, peer_id, screen))
        else:
            await self._ask(lambda relay: relay.unpublish(room_id, peer_id, (Kind.SCREEN,)))

    async def answer(self, room_id: str, peer_id: str, revision: int, sdp: str) -> None:
        refused = await self._ask(
            lambda relay: relay.answer(room_id, peer_id, sdp, revision), "stale_answer"
        )
        if refused and refused != "stale_answer":
            # The relay waits for an answer that will not come: a new connection is needed.
            await self.leave(room_id, peer_id)
            self._tell(relay_events.Disconnected(room_id, peer_id, returning=False))

    async def prefer(
        self, room_id: str, peer_id: str, publisher_id: str, kind: VideoKind, height: int | None
    ) -> None:
        await self._ask(
            lambda relay: relay.prefer(room_id, peer_id, publisher_id, Kind(kind), height)
        )

    async def leave(self, room_id: str, peer_id: str) -> None:
        # A page that closed its connection first has already left.
        await self._ask(lambda relay: relay.leave(room_id, peer_id), allowed="unknown_peer")

    async def close(self, room_id: str) -> None:
        self._listeners.pop(room_id, None)
        await self._ask(lambda relay: relay.close_room(room_id))

    async def _ask(
        self, ask: Callable[[Relay | RelayElsewhere], Awaitable[None]], allowed: str = ""
    ) -> str:
        """The code of a refusal, or nothing. A refusal with the code `allowed` is not logged."""
        if not self._started and self.starting is not None:
            await asyncio.wait([self.starting])
        if not self._started or self.commanded is None:
            return "unavailable"
        try:
            await ask(self.commanded)
        except CommandFailed as error:
            if error.code != allowed:
                _log.warning("the relay refused: %s (%s)", error, error.code)
            return error.code
        except RelayUnavailable as error:
            # The client repeats it when the worker is back.
            _log.info("the relay will do it later: %s", error)
        return ""

    def _receive(self, event: media.Event) -> None:
        if self.shared(event):
            return
        if self.watch is not None and self.watch.handle(event):
            return
        if self.trace.handle(event):
            return
        heard = _translated(event)
        if heard is not None:
            self._tell(heard)

    def _tell(self, event: relay_events.Event) -> None:
        listener = self._listeners.get(event.room_id)
        if listener is not None:
            listener(event)


def _translated(event: media.Event) -> relay_events.Event | None:
    """The event as rooms know it; None if they do not need it."""
    match event:
        case media.OfferNeeded():
            tracks = tuple(
                RelayTrack(track.mid, track.kind.value, track.direction, track.peer_id)
                for track in event.tracks
            )
            return relay_events.Offered(
                event.room_id, event.peer_id, event.revision, event.fresh, event.sdp, tracks
            )
        case media.Connected():
            return relay_events.Connected(event.room_id, event.peer_id)
        case media.Disconnected():
            returning = event.reason == "worker_lost"
            return relay_events.Disconnected(event.room_id, event.peer_id, returning)
        case media.ActiveSpeaker():
            return relay_events.ActiveSpeaker(event.room_id, event.peer_id)
        case media.VideoPaused():
            return relay_events.VideoPaused(
                event.room_id,
                event.peer_id,
                event.publisher_id,
                event.kind.value,
                event.paused,
            )
    return None
