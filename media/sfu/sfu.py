"""The SFU of one worker: its rooms, its peers, and the packet loop that serves them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

from media.forwarding.packet_loop import Forwarder
from media.forwarding.read_schedule import ReadSchedule
from media.messages import (
    AcceptAnswer,
    AnyCommand,
    CloseRoom,
    Connected,
    Disconnected,
    Event,
    Figures,
    Join,
    Leave,
    OpenRoom,
    PeerCommand,
    Ping,
    Prefer,
    Publish,
    Readdress,
    Subscribe,
    Trace,
    Unpublish,
    Unsubscribe,
)
from media.participant_limits import Limits
from media.rooms.negotiation import TooManySections
from media.rooms.peer import Peer
from media.rooms.room import Refused, Room
from media.rooms.sdp_answer import Answer, AnswerRejected
from media.rtp.codecs import Kind
from media.sfu import rtcp_received, rtcp_sent
from media.sfu.timers import Timers
from media.streams.inbound import Follower, InboundStream
from media.transport.dtls import Certificate, Handshake, HandshakeFailed
from media.transport.port import Port

logger = logging.getLogger(__name__)

CERTIFICATE_AGE = timedelta(days=7)
"A certificate is used for new connections for this long; aiortc's are valid for 30 days."


class Sfu:
    """All that a worker does, without the process and the control socket around it."""

    def __init__(
        self,
        addresses: list[tuple[str, int]],
        emit: Callable[[Event], None],
        limits: Limits | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.rooms: dict[str, Room] = {}
        self.forwarder = Forwarder(self, clock)
        self.now = clock
        self.emit = emit
        self._limits = limits or Limits()
        self._addresses = addresses
        self._tcp_addresses: list[tuple[str, int]] = []
        self._certificate = Certificate.generateCertificate()
        self._loop = asyncio.get_running_loop()
        self._read_schedule: ReadSchedule | None = None
        self.timers = Timers(self, self._loop)
        self._closing: set[asyncio.Task[None]] = set()
        self._traces: dict[str, asyncio.TimerHandle] = {}
        "By room id: the end of its trace."

    def open(self, ports: list[Port]) -> None:
        """Serve these ports from now on."""
        self.forwarder.ports = ports
        self._read_schedule = ReadSchedule(self._loop, self.forwarder)
        self._read_schedule.start()
        self.timers.start(self._read_schedule)

    @property
    def native(self) -> bool:
        """Whether the native loop forwards packets, in a thread of its own."""
        return self._read_schedule is not None and self._read_schedule.threaded

    async def close(self) -> None:
        """End every connection and close the ports."""
        for room in list(self.rooms.values()):
            self._close_room(room)
        while self._closing:
            await asyncio.gather(*self._closing, return_exceptions=True)
        self.forwarder.flush()
        self.timers.stop()
        if self._read_schedule is not None:
            self._read_schedule.stop()
            self._read_schedule = None
        for port in self.forwarder.ports:
            port.close()

    def certificate(self) -> Certificate:
        """The certificate for new connections."""
        return self._certificate

    def addresses(self) -> list[tuple[str, int]]:
        """Where clients reach us, best first."""
        return self._addresses

    def tcp_addresses(self) -> list[tuple[str, int]]:
        """Where they do by TCP; empty unless somebody listens there."""
        return self._tcp_addresses

    def offer_tcp(self, addresses: list[tuple[str, int]]) -> None:
        """Offer these by TCP from now on; what comes there is taken to our ports on loopback."""
        self._tcp_addresses = addresses

    def soon(self, callback: Callable[[], None]) -> None:
        """Call back once the present command is done."""
        self._loop.call_soon(callback)

    def figures(self) -> Figures:
        """The state in numbers, without those of the process."""
        return Figures(
            rooms=len(self.rooms),
            peers=sum(len(room.peers) for room in self.rooms.values()),
            received=sum(port.counters.received for port in self.forwarder.ports),
            sent=sum(port.counters.sent for port in self.forwarder.ports),
            refused=sum(port.counters.refused for port in self.forwarder.ports),
            strangers=self.forwarder.strangers,
            dropped=self.forwarder.dropped,
            errors=self.forwarder.errors,
            native=self.native,
            tcp=tuple(host for host, _ in self._tcp_addresses),
        )

    def execute(self, command: AnyCommand) -> None:
        """Carry out a command, or raise Refused; ``messages.Failed`` says what may then stay."""
        try:
            self._execute(command)
        except TooManySections as error:
            raise Refused("too_many_sections", str(error)) from error
        except AnswerRejected as error:
            raise Refused("answer_rejected", str(error)) from error
        self.forwarder.flush()

    def _execute(self, command: AnyCommand) -> None:
        match command:
            case Ping():
                pass
            case Readdress():
                port = self._addresses[0][1]
                self._addresses = [(host, port) for host in command.addresses]
            case OpenRoom():
                self._open_room(command)
            case CloseRoom():
                self._close_room(self._room(command.room_id))
            case Trace():
                self._trace(self._room(command.room_id), command.seconds)
            case Join():
                room = self._room(command.room_id)
                self._renew_certificate()
                self._add(room.join(command.peer_id, command.publish, command.automatic))
            case _:
                room = self._room(command.room_id)
                peer = room.peers.get(command.peer_id)
                if peer is None:
                    raise Refused("unknown_peer", f"{command.peer_id} is not in {command.room_id}")
                self._execute_for(room, peer, command)

    def _add(self, peer: Peer) -> None:
        peer.threaded = self.native
        self.forwarder.add(peer)
        self.timers.add(peer)

    def _execute_for(self, room: Room, peer: Peer, command: PeerCommand) -> None:
        match command:
            case AcceptAnswer():
                answer = room.answer(peer, command.sdp, command.revision)
                if peer.handshake is None:
                    self._start_dtls(room, peer, answer)
                self.timers.select(room)
            case Publish():
                room.publish(peer, command.publish)
            case Unpublish():
                room.unpublish(peer, command.kinds)
            case Subscribe():
                room.subscribe(peer, command.publisher_id, command.kinds)
            case Unsubscribe():
                room.unsubscribe(peer, command.publisher_id, command.kinds)
            case Prefer():
                room.prefer(peer, (command.publisher_id, command.kind), command.height)
                self.timers.select(room)
            case Leave():
                self.disconnect(room, peer)

    def _room(self, room_id: str) -> Room:
        room = self.rooms.get(room_id)
        if room is None:
            raise Refused("unknown_room", f"{room_id} is not open")
        return room

    def _open_room(self, command: OpenRoom) -> None:
        if command.room_id in self.rooms:
            raise Refused("room_exists", f"{command.room_id} is open")
        room = Room(command.room_id, self, self._limits, command.video_codecs)
        self.rooms[command.room_id] = room
        self.timers.add_room(room)

    def _trace(self, room: Room, seconds: float) -> None:
        if (timer := self._traces.pop(room.id, None)) is not None:
            timer.cancel()
        room.trace(seconds > 0)
        if seconds > 0:
            self._traces[room.id] = self._loop.call_later(seconds, self._trace, room, 0.0)

    def _renew_certificate(self) -> None:
        remaining = self._certificate.expires - datetime.now(UTC)
        if remaining < timedelta(days=30) - CERTIFICATE_AGE:
            self._certificate = Certificate.generateCertificate()

    def _close_room(self, room: Room) -> None:
        for peer in list(room.peers.values()):
            self.disconnect(room, peer)
        self._trace(room, 0.0)
        self.timers.remove_room(room)
        self.rooms.pop(room.id, None)

    def disconnect(self, room: Room, peer: Peer, reason: str = "") -> None:
        """End a peer's connection; a ``reason`` is reported unless a command asked for it."""
        if peer.closed:
            return
        if not reason:
            peer.say_goodbye()
        peer.closed = True
        peer.delegate_feedback()
        self.timers.remove(peer)
        room.leave(peer)
        task = self._loop.create_task(self._close_connection(peer))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
        if reason:
            self.emit(Disconnected(room.id, peer.id, reason))

    async def _close_connection(self, peer: Peer) -> None:
        if peer.handshake_task is not None and not peer.handshake_task.done():
            peer.handshake_task.cancel()
            await asyncio.gather(peer.handshake_task, return_exceptions=True)
        if peer.handshake is not None:
            await peer.handshake.stop()
        self.forwarder.remove(peer)
        self.forwarder.flush()
        # They refer to each other, and a worker collects such garbage seldom.
        peer.handshake = peer.handshake_task = None

    def _start_dtls(self, room: Room, peer: Peer, answer: Answer) -> None:
        def send(record: bytes) -> None:
            peer.send(record)
            # Records are few, and waiting for the end of a batch would slow the handshake.
            self.forwarder.flush()

        handshake = Handshake(peer.certificate, send)
        peer.handshake = handshake
        for record in peer.early_records.take():
            handshake.carrier.feed(record)
        peer.handshake_task = self._loop.create_task(self._connect(room, peer, handshake, answer))

    async def _connect(self, room: Room, peer: Peer, handshake: Handshake, answer: Answer) -> None:
        try:
            ciphers = await handshake.run(list(answer.fingerprints), answer.client_is_active)
        except HandshakeFailed as error:
            logger.info("no connection with a client: %s", error)
            self.disconnect(room, peer, "handshake_failed")
            return
        peer.use(ciphers)
        peer.delegate_feedback()
        now = self.now()
        peer.liveness.begin(now)
        if handshake.round_trip:
            peer.downlink.note_first_round_trip(handshake.round_trip, now)
        handshake.on_closed(lambda: self.disconnect(room, peer, "closed"))
        handshake.on_data(partial(setattr, peer.liveness, "spoke", True))
        self.emit(Connected(room.id, peer.id))
        self.timers.select(room)

    def on_rtcp(self, peer: Peer, data: bytes, now: float, arrived_at: float) -> None:
        """Handle an SRTCP datagram (:class:`Observer`)."""
        room = self.rooms.get(peer.room_id)
        if room is not None:
            rtcp_received.handle(peer, data, now, arrived_at, room.peers.get)

    def on_stream(self, peer: Peer, inbound: InboundStream) -> None:
        """Select layers: there is one more stream to choose from (:class:`Observer`)."""
        room = self.rooms.get(peer.room_id)
        if room is not None:
            self.timers.select(room)

    def on_switch(self, peer: Peer, inbound: InboundStream, outbound: Follower) -> None:
        """Send a sender report for the stream a subscriber now gets (:class:`Observer`)."""
        room = self.rooms.get(peer.room_id)
        if room is None:
            return
        subscriber = room.peers.get(outbound.owner_id)
        if subscriber is not None:
            subscriber.downlink.note_switch(Kind(outbound.kind), self.now())
            rtcp_sent.send_sender_report(subscriber, outbound, self.now())
            source = (outbound.publisher_id, Kind(outbound.kind))
            room.announce_encoding(subscriber.id, source, inbound)
