"""The packet path: what comes in on the shared port, to whom it goes out again.

One received RTP packet is opened in place, looked up by its SSRC, stripped of what is between the
publisher and us, remembered for retransmission, then copied once per subscriber, renumbered,
protected and queued. Nothing here allocates more than the packet itself, and nothing a stranger
or a participant sends raises out of :meth:`Forwarder.drain`.

Where it is built, ``media/native/loop.c`` does the same for packets that bring no surprise, and hands
back all others. Both work on the same objects; a test has them compete on the same packets.
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
from media.limits import GAP_CHARGE, LEAST_CHARGE
from media.native import native
from media.rooms.peer import Peer
from media.rtp.codecs import RTX_PAYLOAD_TYPES
from media.rtp.header_extensions import absolute_send_time, read_layout
from media.rtp.red import RED_PAYLOAD_TYPE, primary_of
from media.rtp.vp8 import rewrite_descriptor
from media.streams.inbound import HISTORY_MASK, MOST_MISSING, Arrival, InboundStream
from media.transport.batching import ADDRESS_SPACE
from media.transport.port import BATCH, OUTGOING, SLOT, Port
from media.transport.srtp import srtp_functions

logger = logging.getLogger(__name__)

MOST_LOGGED = 20
"Faults of ours described in the log; all are counted, and a flood of them must fill no disk."
BATCHES_PER_DRAIN = 4
"Batches handled before timers and commands get their turn: 256 packets, some 3 ms."

_HEADER = struct.Struct("!BBHII")
_NUMBERS = struct.Struct("!HII")


class Forwarder(Demultiplexer):
    """All ports of one worker and the peers behind them."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.clock = clock
        self.ports: list[Port] = []
        self.gaps: set[tuple[Peer, InboundStream]] = set()
        "Streams with packets missing, for the timer that asks for them."
        self.errors = 0
        self.on_stream: Callable[[Peer, InboundStream], None] = lambda peer, inbound: None
        self.on_begin: Callable[[Peer, InboundStream, Any], None] = lambda peer, inbound, begun: (
            None
        )
        self._size: Any = cffi.FFI().new("int *")
        functions = srtp_functions()
        self.native = native is not None and functions is not None
        "Whether the native loop may be used; clear it to have Python do all."
        if native is not None and functions is not None:
            native.bind(*functions)

    def remove(self, peer: Peer) -> None:
        """Forget a peer and its addresses."""
        super().remove(peer)
        self.gaps = {one for one in self.gaps if one[0] is not peer}

    def drain(self, port: Port) -> int:
        """Handle what waits on a port, in order of arrival, and send what follows from it.

        Returns the number of datagrams.
        """
        total = 0
        for _ in range(BATCHES_PER_DRAIN):
            count = port.receive()
            if not count:
                break
            total += count
            now = self.clock()
            send_time = absolute_send_time(now)
            if self.native and port.native:
                self._handle_natively(port, count, now, send_time)
            else:
                self._handle(port, count, now, send_time)
            self.flush()
            if count < BATCH:
                break
        return total

    def flush(self) -> None:
        """Send what is queued on all ports."""
        for port in self.ports:
            port.flush()

    def _handle(self, port: Port, count: int, now: float, send_time: bytes) -> None:
        by_address = self.by_address
        incoming = port.incoming
        addresses = port.addresses
        lengths = port.lengths
        address_size = port.address_size
        for index in range(count):
            start = index * ADDRESS_SPACE
            peer = by_address.get(bytes(addresses[start : start + address_size]))
            base = index * SLOT
            length = lengths[index * 16 + 14]
            try:
                if peer is not None and _is_rtp(incoming, base, length):
                    length = self._unprotect(port, index, length, peer)
                    if length:
                        self._accept(port, index, length, peer, now, send_time)
                else:
                    self.take(port, index, peer, now)
            except Exception:
                self._note_fault()

    def _handle_natively(self, port: Port, count: int, now: float, send_time: bytes) -> None:
        """What :meth:`_handle` does; Python sees only what the native loop hands back."""
        by_address = self.by_address
        number = int.from_bytes(send_time)
        forward = native.forward
        word = forward(port, by_address, 0, count, now, number)
        while word >= 0:
            index, length = word >> 16, word & 0xFFFF
            peer = by_address.get(port.source(index))
            try:
                if peer is None:
                    self.take(port, index, peer, now)
                elif length:
                    self._accept(port, index, length, peer, now, send_time)
                elif _is_rtp(port.incoming, index * SLOT, port.length(index)):
                    length = self._unprotect(port, index, port.length(index), peer)
                    if length:
                        self._accept(port, index, length, peer, now, send_time)
                else:
                    self.take(port, index, peer, now)
            except Exception:
                self._note_fault()
            word = forward(port, by_address, index + 1, count, now, number)

    def _note_fault(self) -> None:
        # One datagram must never end the service of all; a test keeps this at zero.
        self.errors += 1
        if self.errors <= MOST_LOGGED:
            logger.exception("a datagram could not be handled")

    def _unprotect(self, port: Port, index: int, length: int, peer: Peer) -> int:
        """Open a packet in place; its length, or 0 when it is to be dropped."""
        unprotect = peer.unprotect
        if unprotect is None or not 12 <= length <= LONGEST_PACKET:
            return 0
        base = index * SLOT
        ssrc = int.from_bytes(port.incoming[base + 8 : base + 12])
        known = ssrc in peer.inbound_streams
        if not known and not peer.may_unprotect(ssrc):
            peer.over_limit += 1
            return 0
        size = self._size
        size[0] = length
        if unprotect(port.incoming_pointers[index], size):
            peer.refused += 1
            return 0
        length = size[0]
        peer.octets_left -= length if length > LEAST_CHARGE else LEAST_CHARGE
        if peer.octets_left < 0:
            peer.over_limit += 1
            return 0
        peer.received_octets += length
        if not known:
            peer.seen_ssrcs.add(ssrc)
        return length

    def _accept(
        self, port: Port, index: int, length: int, peer: Peer, now: float, send_time: bytes
    ) -> None:
        """Place an opened packet in its stream, and forward it unless it was there already."""
        base = index * SLOT
        incoming = port.incoming
        first, second, sequence, _, ssrc = _HEADER.unpack_from(incoming, base)
        inbound = peer.inbound_streams.get(ssrc)
        if inbound is None:
            self._accept_unknown(port, base, length, peer, now, send_time)
            return
        layout = inbound.layout
        if first & 0x1F != 0x10 or (
            int.from_bytes(incoming[base + 12 : base + layout.end]) & layout.mask != layout.match
        ):
            found = read_layout(bytes(incoming[base : base + length]))
            if found is None:
                peer.refused += 1
                return
            inbound.layout = layout = found
        if length < layout.end:
            peer.refused += 1
            return
        position = layout.transport_sequence
        if position:
            position += base
            peer.note_arrival(incoming[position] << 8 | incoming[position + 1], now)
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
        if layout.audio_level:
            # The level is minus dBov; the flag in its highest bit is of no use.
            peer.loudness += 127 - (incoming[base + layout.audio_level] & 0x7F)
            peer.loudness_count += 1
        self._forward(port, base, length, peer, inbound, late, now, send_time)

    def _forward(
        self,
        port: Port,
        base: int,
        length: int,
        peer: Peer,
        inbound: InboundStream,
        late: bool,
        now: float,
        send_time: bytes,
    ) -> None:
        """Send an opened, accepted packet at ``incoming[base:]`` to everybody who wants it."""
        incoming = port.incoming
        layout = inbound.layout
        _, second, sequence, timestamp, _ = _HEADER.unpack_from(incoming, base)
        inbound.octets += length
        if timestamp != inbound.timestamp and not late:
            inbound.note_timing(timestamp, now)
        for position, zeros in layout.stripped:
            incoming[base + position : base + position + len(zeros)] = zeros
        position = layout.send_time
        if position:
            incoming[base + position : base + position + 3] = send_time
        packet: bytes | memoryview = incoming[base : base + length]
        history = inbound.history
        if history is not None:
            packet = bytes(packet)
            history[sequence & HISTORY_MASK] = packet
        if (inbound.waiting or inbound.keyframe_wanted) and not late:
            self._begin(peer, inbound, packet, sequence, timestamp, now)
        if second & 0x7F == RED_PAYLOAD_TYPE:
            self._forward_redundant(inbound, bytes(packet), late)
            return
        size = self._size
        for outbound in inbound.outbound_streams:
            if late and not outbound.covers(sequence):
                continue
            destination = outbound.destination
            out: Any = destination.port
            # What Port.slot and Port.push do, without the price of calling them.
            slot = out.used
            if slot == OUTGOING:
                out.flush()
                slot = 0
            out.used = slot + 1
            start = slot * SLOT
            outgoing = out.outgoing
            outgoing[start : start + length] = packet
            _NUMBERS.pack_into(
                outgoing,
                start + 2,
                (sequence + outbound.sequence_offset) & 0xFFFF,
                (timestamp + outbound.timestamp_offset) & 0xFFFFFFFF,
                outbound.ssrc,
            )
            if outbound.rewrites_descriptor:
                rewrite_descriptor(
                    outgoing[start + layout.end : start + length],
                    outbound.picture_id_offset,
                    outbound.tl0picidx_offset,
                )
            size[0] = length
            if outbound.protect(out.outgoing_pointers[slot], size):
                peer.refused += 1
                continue
            outbound.packets += 1
            outbound.octets += length
            pending = destination.pending
            if not pending:
                out.touched.append(destination)
            pending.append(slot << 16 | size[0])

    def _forward_redundant(self, inbound: InboundStream, packet: bytes, late: bool) -> None:
        """Forward a RED packet (RFC 2198), as plain Opus to those who cannot take RED."""
        layout = read_layout(packet)
        if layout is None:
            return
        plain = primary_of(packet, layout.end)
        _, _, sequence, timestamp, _ = _HEADER.unpack_from(packet)
        for outbound in inbound.outbound_streams:
            chosen = packet if outbound.receives_red else plain
            if chosen is None or (late and not outbound.covers(sequence)):
                continue
            destination = outbound.destination
            out = destination.port
            if out is None:
                continue
            slot = out.slot()
            start = slot * SLOT
            out.outgoing[start : start + len(chosen)] = chosen
            _NUMBERS.pack_into(
                out.outgoing,
                start + 2,
                (sequence + outbound.sequence_offset) & 0xFFFF,
                (timestamp + outbound.timestamp_offset) & 0xFFFFFFFF,
                outbound.ssrc,
            )
            self._size[0] = len(chosen)
            if not outbound.protect(out.outgoing_pointers[slot], self._size):
                outbound.packets += 1
                outbound.octets += len(chosen)
                out.push(slot, self._size[0], destination)

    def _begin(
        self,
        peer: Peer,
        inbound: InboundStream,
        packet: bytes | memoryview,
        sequence: int,
        timestamp: int,
        now: float,
    ) -> None:
        """Let waiting subscribers in if a decoder can begin with this packet."""
        payload = memoryview(packet)[inbound.layout.end :]
        if not inbound.starts_keyframe(payload):
            return
        for outbound in list(inbound.waiting):
            if outbound.destination.port is not None and outbound.payload_types:
                outbound.begin(inbound, sequence, timestamp, payload, now)
                self.on_begin(peer, inbound, outbound)

    def _accept_unknown(
        self, port: Port, base: int, length: int, peer: Peer, now: float, send_time: bytes
    ) -> None:
        """An authentic packet of an SSRC without a stream: a new stream or a retransmission."""
        packet = bytes(port.incoming[base : base + length])
        layout = read_layout(packet)
        if layout is None or length < layout.end:
            peer.refused += 1
            return
        _, second, sequence, _, ssrc = _HEADER.unpack_from(packet)
        if layout.transport_sequence:
            position = layout.transport_sequence
            peer.note_arrival(int.from_bytes(packet[position : position + 2]), now)
        if second & 0x7F in RTX_PAYLOAD_TYPES:
            self._accept_retransmission(port, base, packet, peer, now, send_time)
            return
        found = ssrcs.new_stream(peer, ssrc, second & 0x7F, layout)
        if found is None:
            peer.refused += 1
            return
        publication, inbound = found
        ssrcs.enter(peer, publication, inbound, now)
        self.on_stream(peer, inbound)
        inbound.accept(sequence, now)
        inbound.received += 1
        self._forward(port, base, length, peer, inbound, False, now, send_time)

    def _accept_retransmission(
        self, port: Port, base: int, packet: bytes, peer: Peer, now: float, send_time: bytes
    ) -> None:
        """Forward what a retransmission repeats if it was still missing."""
        layout = read_layout(packet)
        found = ssrcs.undo_retransmission(peer, packet, layout) if layout is not None else None
        if found is None:
            return
        inbound, restored = found
        original = read_layout(restored)
        if original is None:
            return
        usual = inbound.layout
        inbound.layout = original
        port.incoming[base : base + len(restored)] = restored
        self._forward(port, base, len(restored), peer, inbound, True, now, send_time)
        inbound.layout = usual


def _is_rtp(incoming: memoryview, base: int, length: int) -> bool:
    """Whether the datagram there is RTP, neither RTCP nor another protocol (RFC 7983, RFC 5761)."""
    return length > 1 and 127 < incoming[base] < 192 and not 191 < incoming[base + 1] < 224
