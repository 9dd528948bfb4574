"""The packet path: from a datagram on a port to the datagrams that leave for the subscribers.

A received RTP packet is unprotected in place, looked up by its SSRC, stripped of the header
extensions that concern only the publisher's transport, stored for retransmission, then copied for
each subscriber, renumbered, protected and queued. Nothing is allocated per packet besides the
stored copy, and nothing a stranger or a participant sends raises out of :meth:`Forwarder.drain`.

Where it is built, ``media/native/loop.c`` does the same for ordinary packets and hands back all
others. Both work on the same objects; a test feeds both the same packets and compares them.
"""

from __future__ import annotations

import logging
import struct
import time
from collections.abc import Callable
from typing import Any

import cffi  # type: ignore[import-untyped]

from media.forwarding import ssrcs
from media.forwarding.demux import LONGEST_PACKET, Demultiplexer
from media.forwarding.observer import Observer
from media.forwarding.received_packet import ReceivedPacket, is_rtp, payload_octets_of
from media.native import native
from media.participant_limits import GAP_CHARGE, LEAST_CHARGE
from media.rooms.peer import Peer
from media.rtp.codecs import RTX_PAYLOAD_TYPES, medium_of
from media.rtp.extension_layout import Layout, read_layout, strip_declined
from media.rtp.header_extensions import FORWARDED_EXTENSIONS, absolute_send_time
from media.rtp.red import RED_PAYLOAD_TYPE, primary_of
from media.rtp.vp8 import rewrite_descriptor
from media.streams.inbound import Arrival, InboundStream
from media.streams.nacks import MOST_MISSING
from media.transport.batching import ADDRESS_SPACE
from media.transport.port import BATCH, SLOT, Port
from media.transport.srtp import srtp_functions

logger = logging.getLogger(__name__)

MOST_LOGGED = 20
"Faults of ours described in the log; all are counted, and a flood of them must not fill the disk."
BATCHES_PER_DRAIN = 4
"Batches handled before timers and commands get their turn: 256 packets, some 3 ms."

_PLAIN, _GAP = 1, 2
"Of what the native loop sets aside (``structures.h``): all else is still protected."
_NATIVE_GAP = struct.Struct("@dIHH")

_HEADER = struct.Struct("!BBHII")
_SEQUENCE_TIMESTAMP_SSRC = struct.Struct("!HII")


class Forwarder:
    """The packet loop of one worker: all of its ports and the peers behind them."""

    def __init__(self, observer: Observer, clock: Callable[[], float] = time.monotonic) -> None:
        self.observer = observer
        self.clock = clock
        self.demux = Demultiplexer(observer)
        self.ports: list[Port] = []
        self.gaps: set[tuple[Peer, InboundStream]] = set()
        "Streams with packets missing, for the timer that sends NACKs."
        self.errors = 0
        self._packet = ReceivedPacket()
        self._size: Any = cffi.FFI().new("int *")
        functions = srtp_functions()
        self.native = native is not None and functions is not None
        "Whether the native loop may be used; clear it to have Python do all."
        self.loop: Any = None
        "The native loop, which may have a thread of its own (``media/native/event_loop.py``)."
        if native is not None and functions is not None:
            native.bind(*functions)
            by_address: Any = self.demux.by_address
            self.loop = native.Loop(by_address.routes)

    @property
    def strangers(self) -> int:
        """Datagrams that belong to no peer."""
        return self.demux.strangers + (self.loop.strangers if self.loop is not None else 0)

    @property
    def dropped(self) -> int:
        """Datagrams that the native loop's thread dropped, as too many waited for Python."""
        return self.loop.dropped if self.loop is not None else 0

    def add(self, peer: Peer) -> None:
        """Serve this peer from now on."""
        self.demux.add(peer)

    def remove(self, peer: Peer) -> None:
        """Forget a peer, its addresses and its gaps."""
        self.demux.remove(peer)
        self.gaps = {gap for gap in self.gaps if gap[0] is not peer}

    def drain(self, port: Port) -> int:
        """Handle the datagrams waiting on a port, in order of arrival, and send what follows.

        Returns the number of datagrams.
        """
        total = 0
        native = self.native and port.native
        for _ in range(BATCHES_PER_DRAIN):
            if native:
                # Where the loop has a thread, that reads the port, and only the rest is left.
                count = 0 if self.loop.running else self.loop.serve(port, self.clock())
                while self.take_aside(port) == BATCH:
                    pass
            elif count := port.receive():
                now = self.clock()
                self._handle(port, count, now, absolute_send_time(now))
            self.flush()
            total += count
            if count < BATCH:
                break
        return total

    def flush(self) -> None:
        """Send what is queued on all ports."""
        for port in self.ports:
            port.flush()

    def _handle(self, port: Port, count: int, now: float, send_time: bytes) -> None:
        by_address = self.demux.by_address
        incoming = port.incoming
        addresses = port.addresses
        lengths = port.lengths
        address_size = port.address_size
        packet = self._packet
        packet.port, packet.now, packet.send_time = port, now, send_time
        for index in range(count):
            start = index * ADDRESS_SPACE
            peer = by_address.get(bytes(addresses[start : start + address_size]))
            base = index * SLOT
            length = lengths[index * 16 + 14]
            try:
                if peer is not None and is_rtp(incoming, base, length):
                    packet.index, packet.base = index, base
                    packet.length, packet.peer = length, peer
                    packet.arrived_at = now - port.age(index)
                    if self._unprotect(packet):
                        self._accept(packet)
                else:
                    self.demux.dispatch(port, index, peer, now, now - port.age(index))
            except Exception:
                self._note_fault()

    def take_aside(self, port: Port, most: int = BATCH) -> int:
        """Handle what the native loop set aside on a port; what follows is only queued.

        Returns the number of datagrams; there may be more if it is ``most``.
        """
        kinds, arrivals = self.loop.take(port, most)
        if kinds:
            packet = self._packet
            packet.port, packet.now = port, self.clock()
            packet.send_time = absolute_send_time(packet.now)
            for index, arrived_at in enumerate(memoryview(arrivals).cast("d")):
                if kinds[index] == _GAP:
                    self._note_gap(port, index)
                else:
                    packet.arrived_at = arrived_at
                    self._handle_aside(port, index, kinds[index] == _PLAIN)
        return len(kinds)

    def _note_gap(self, port: Port, index: int) -> None:
        """Record a gap that the native loop has passed over."""
        at, ssrc, first, count = _NATIVE_GAP.unpack_from(port.incoming, index * SLOT)
        peer = self.demux.by_address.get(port.source(index))
        inbound = peer.inbound_streams.get(ssrc) if peer is not None else None
        if peer is not None and inbound is not None:
            inbound.note_gap(first, count, at)
            self.gaps.add((peer, inbound))

    def _handle_aside(self, port: Port, index: int, plain: bool) -> None:
        """Handle what the native loop did not; ``plain`` if it is unprotected and charged."""
        packet = self._packet
        peer = self.demux.by_address.get(port.source(index))
        length = port.length(index)
        try:
            if peer is not None and (plain or is_rtp(port.incoming, index * SLOT, length)):
                packet.index, packet.base = index, index * SLOT
                packet.length, packet.peer = length, peer
                if plain or self._unprotect(packet):
                    self._accept(packet)
            else:
                self.demux.dispatch(port, index, peer, packet.now, packet.arrived_at)
        except Exception:
            self._note_fault()

    def _note_fault(self) -> None:
        # One datagram must never end the service of all; a test keeps this at zero.
        self.errors += 1
        if self.errors <= MOST_LOGGED:
            logger.exception("a datagram could not be handled")

    def _unprotect(self, packet: ReceivedPacket) -> bool:
        """Unprotect a packet in place and charge its sender; False if it is to be dropped."""
        peer, length = packet.peer, packet.length
        unprotect = peer.unprotect
        if unprotect is None or not 12 <= length <= LONGEST_PACKET:
            return False
        port, base = packet.port, packet.base
        ssrc = int.from_bytes(port.incoming[base + 8 : base + 12])
        known = ssrc in peer.inbound_streams
        if not known and not peer.may_unprotect(ssrc):
            peer.over_limit += 1
            return False
        size = self._size
        size[0] = length
        if unprotect(port.incoming_pointers[packet.index], size):
            peer.refused += 1
            return False
        packet.length = length = size[0]
        peer.refill(packet.now)
        peer.octets_left -= length if length > LEAST_CHARGE else LEAST_CHARGE
        if peer.octets_left < 0:
            peer.over_limit += 1
            return False
        peer.received_octets += length
        if not known:
            peer.seen_ssrcs.add(ssrc)
        return True

    def _accept(self, packet: ReceivedPacket) -> None:
        """Find an unprotected packet's stream, and forward the packet unless it is a duplicate."""
        peer, base, now = packet.peer, packet.base, packet.now
        incoming = packet.port.incoming
        first, second, sequence, _, ssrc = _HEADER.unpack_from(incoming, base)
        inbound = peer.inbound_streams.get(ssrc)
        if inbound is None:
            self._accept_unknown(packet)
            return
        layout = inbound.layout
        if first & 0x1F != 0x10 or (
            int.from_bytes(incoming[base + 12 : base + layout.end]) & layout.mask != layout.match
        ):
            found = read_layout(packet.data(), FORWARDED_EXTENSIONS[inbound.codec.medium])
            if found is None:
                peer.refused += 1
                return
            inbound.layout = layout = found
        if packet.length < layout.end:
            peer.refused += 1
            return
        packet.layout = layout
        position = layout.transport_sequence
        if position:
            position += base
            peer.note_arrival(incoming[position] << 8 | incoming[position + 1], packet.arrived_at)
        payload_type = second & 0x7F
        if payload_type != inbound.payload_type and not ssrcs.change_payload(inbound, payload_type):
            return
        late = False
        if sequence == inbound.next_sequence:
            inbound.next_sequence = (sequence + 1) & 0xFFFF
        else:
            ahead = (sequence - inbound.next_sequence) & 0xFFFF
            if ahead < 0x8000:
                peer.octets_left -= GAP_CHARGE * min(ahead, MOST_MISSING)
            arrival = inbound.accept(sequence, now)
            if arrival is Arrival.DUPLICATE:
                peer.refused += 1
                return
            late = arrival is Arrival.LATE
            if inbound.missing:
                self.gaps.add((peer, inbound))
        inbound.received += 1
        inbound.note_activity(now)
        if layout.audio_level:
            # The level is in -dBov; the voice activity flag in its highest bit is not used.
            peer.loudness += 127 - (incoming[base + layout.audio_level] & 0x7F)
            peer.loudness_count += 1
        self._forward(packet, inbound, late)

    def _forward(self, packet: ReceivedPacket, inbound: InboundStream, late: bool) -> None:
        """Send an accepted packet to every outbound stream that follows ``inbound``.

        ``late`` means that it fills a gap, so that newer packets have already been sent.
        """
        base, length, layout = packet.base, packet.length, packet.layout
        incoming = packet.port.incoming
        _, second, sequence, timestamp, _ = _HEADER.unpack_from(incoming, base)
        inbound.octets += length
        if timestamp != inbound.timestamp and not late:
            inbound.note_timing(timestamp, packet.arrived_at)
        for position, zeros in layout.stripped:
            incoming[base + position : base + position + len(zeros)] = zeros
        position = layout.send_time
        if position:
            incoming[base + position : base + position + 3] = packet.send_time
        data: bytes | memoryview = incoming[base : base + length]
        history = inbound.history
        if history is not None:
            data = bytes(data)
            history.store(sequence, data)
        if (inbound.waiting or inbound.keyframe_wanted) and not late:
            self._switch(packet, inbound, data)
        if second & 0x7F == RED_PAYLOAD_TYPE:
            self._forward_redundant(inbound, bytes(data), late)
            return
        size = self._size
        payload_octets = payload_octets_of(data, layout.end)
        for outbound in inbound.outbound_streams:
            if late and not outbound.covers(sequence):
                continue
            destination = outbound.destination
            out: Any = destination.port
            slot = out.slot()
            start = slot * SLOT
            outgoing = out.outgoing
            outgoing[start : start + length] = data
            _SEQUENCE_TIMESTAMP_SSRC.pack_into(
                outgoing,
                start + 2,
                (sequence + outbound.sequence_offset) & 0xFFFF,
                (timestamp + outbound.timestamp_offset) & 0xFFFFFFFF,
                outbound.ssrc,
            )
            if outbound.declined:
                strip_declined(outgoing[start : start + layout.end], layout, outbound.declined)
            if outbound.rewrites_descriptor:
                rewrite_descriptor(
                    outgoing[start + layout.end : start + length],
                    outbound.picture_id_offset,
                    outbound.tl0picidx_offset,
                )
            size[0] = length
            if outbound.protect(out.outgoing_pointers[slot], size):
                packet.peer.refused += 1
                continue
            outbound.packets += 1
            outbound.octets += length
            outbound.payload_octets += payload_octets
            out.push(slot, size[0], destination)

    def _forward_redundant(self, inbound: InboundStream, data: bytes, late: bool) -> None:
        """Forward a RED packet (RFC 2198), as plain Opus to subscribers that do not take RED."""
        layout = read_layout(data, FORWARDED_EXTENSIONS[inbound.codec.medium])
        if layout is None:
            return
        plain = primary_of(data, layout.end)
        _, _, sequence, timestamp, _ = _HEADER.unpack_from(data)
        for outbound in inbound.outbound_streams:
            chosen = data if outbound.receives_red else plain
            if chosen is None or (late and not outbound.covers(sequence)):
                continue
            destination = outbound.destination
            out = destination.port
            if out is None:
                continue
            slot = out.slot()
            start = slot * SLOT
            out.outgoing[start : start + len(chosen)] = chosen
            _SEQUENCE_TIMESTAMP_SSRC.pack_into(
                out.outgoing,
                start + 2,
                (sequence + outbound.sequence_offset) & 0xFFFF,
                (timestamp + outbound.timestamp_offset) & 0xFFFFFFFF,
                outbound.ssrc,
            )
            strip_declined(out.outgoing[start : start + layout.end], layout, outbound.declined)
            self._size[0] = len(chosen)
            if not outbound.protect(out.outgoing_pointers[slot], self._size):
                outbound.packets += 1
                outbound.octets += len(chosen)
                outbound.payload_octets += payload_octets_of(chosen, layout.end)
                out.push(slot, self._size[0], destination)

    def _switch(
        self, packet: ReceivedPacket, inbound: InboundStream, data: bytes | memoryview
    ) -> None:
        """Switch the outbound streams that wait for ``inbound`` if a decoder can start here."""
        payload = memoryview(data)[packet.layout.end :]
        if not inbound.starts_keyframe(payload, packet.now):
            return
        _, _, sequence, timestamp, _ = _HEADER.unpack_from(data)
        for outbound in inbound.waiting:
            if outbound.destination.port is not None and outbound.payload_types:
                outbound.begin(inbound, sequence, timestamp, payload, packet.now)
                self.observer.on_switch(packet.peer, inbound, outbound)

    def _accept_unknown(self, packet: ReceivedPacket) -> None:
        """An authentic packet of an SSRC without a stream: a new stream or a retransmission."""
        peer, data = packet.peer, packet.data()
        _, second, sequence, _, ssrc = _HEADER.unpack_from(data)
        layout = read_layout(data, FORWARDED_EXTENSIONS[medium_of(second & 0x7F)])
        if layout is None or len(data) < layout.end:
            peer.refused += 1
            return
        if layout.transport_sequence:
            position = layout.transport_sequence
            number = int.from_bytes(data[position : position + 2])
            peer.note_arrival(number, packet.arrived_at)
        if second & 0x7F in RTX_PAYLOAD_TYPES:
            self._accept_retransmission(packet, data, layout)
            return
        found = ssrcs.new_stream(peer, ssrc, second & 0x7F, layout)
        if found is None:
            peer.refused += 1
            return
        publication, inbound = found
        ssrcs.enter(peer, publication, inbound, packet.now)
        if self.native and packet.port.native:
            # Its next packets may be waiting already, and newer ones must not overtake them.
            self.loop.hold(packet.port, inbound)
        self.observer.on_stream(peer, inbound)
        inbound.accept(sequence, packet.now)
        inbound.received += 1
        inbound.note_activity(packet.now)
        packet.layout = layout
        self._forward(packet, inbound, late=False)

    def _accept_retransmission(self, packet: ReceivedPacket, data: bytes, layout: Layout) -> None:
        """Forward the packet inside an RTX packet if it was still missing."""
        found = ssrcs.undo_retransmission(packet.peer, data, layout)
        if found is None:
            return
        inbound, restored = found
        original = read_layout(restored, FORWARDED_EXTENSIONS[inbound.codec.medium])
        if original is None:
            return
        base = packet.base
        packet.port.incoming[base : base + len(restored)] = restored
        packet.length, packet.layout = len(restored), original
        self._forward(packet, inbound, late=True)
