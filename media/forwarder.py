"""The packet path: what comes in on the shared port, to whom it goes out again.

One received RTP packet is opened in place, looked up by its SSRC, stripped of what is between the
publisher and us, remembered for retransmission, then copied once per subscriber, renumbered,
protected and queued. Nothing here allocates more than the packet itself, and nothing a stranger
or a participant sends raises out of :meth:`Forwarder.drain`.
"""

from __future__ import annotations

import logging
import struct
import time
from collections.abc import Callable
from typing import Any

import cffi  # type: ignore[import-untyped]

from . import admission
from .codecs import BY_PAYLOAD_TYPE, RTX_PAYLOAD_TYPES
from .datagrams import BATCH, OUTGOING, SLOT, Port
from .extensions import absolute_send_time, read_layout
from .ingest import HISTORY_MASK, MOST_MISSING, Arrival, Ingest
from .keyframe import shift_vp8
from .limits import GAP_CHARGE, LEAST_CHARGE
from .peer import Peer
from .red import RED_PAYLOAD_TYPE, primary_of
from .rtx import restore

logger = logging.getLogger(__name__)

LONGEST_PACKET = 1500
"Bytes of a received packet; what is longer was not made for the internet."
MOST_LOGGED = 20
"Faults of ours described in the log; all are counted, and a flood of them must fill no disk."
TURNS = 4
"Batches handled before timers and commands get their turn: 256 packets, some 3 ms."

_HEADER = struct.Struct("!BBHII")
_NUMBERS = struct.Struct("!HII")


class Forwarder:
    """All ports of one worker and the peers behind them."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.ports: list[Port] = []
        self.by_fragment: dict[str, Peer] = {}
        self.by_address: dict[bytes, Peer] = {}
        self.gaps: set[tuple[Peer, Ingest]] = set()
        "Streams with packets missing, for the timer that asks for them."
        self.strangers = 0
        self.errors = 0
        self.on_rtcp: Callable[[Peer, bytes, float], None] = lambda peer, data, now: None
        self.on_stream: Callable[[Peer, Ingest], None] = lambda peer, ingest: None
        self.on_begin: Callable[[Peer, Ingest, Any], None] = lambda peer, ingest, begun: None
        self._size: Any = cffi.FFI().new("int *")

    def add(self, peer: Peer) -> None:
        """Answer this peer's connectivity checks from now on."""
        self.by_fragment[peer.credentials.fragment] = peer

    def remove(self, peer: Peer) -> None:
        """Forget a peer and its addresses."""
        self.by_fragment.pop(peer.credentials.fragment, None)
        for address in peer.addresses:
            if self.by_address.get(address) is peer:
                del self.by_address[address]
        self.gaps = {one for one in self.gaps if one[0] is not peer}

    def drain(self, port: Port) -> int:
        """Handle what waits on a port, in order of arrival, and send what follows from it.

        Returns the number of datagrams.
        """
        total = 0
        by_address = self.by_address
        for _ in range(TURNS):
            count = port.receive()
            if not count:
                break
            total += count
            now = self.clock()
            send_time = absolute_send_time(now)
            incoming = port.incoming
            names = port.names
            lengths = port.lengths
            name_size = port.name_size
            for index in range(count):
                start = index * 28
                peer = by_address.get(bytes(names[start : start + name_size]))
                base = index * SLOT
                try:
                    if (
                        peer is not None
                        and 127 < incoming[base] < 192
                        and not 191 < incoming[base + 1] < 224
                    ):
                        self._rtp(port, index, lengths[index * 16 + 14], peer, now, send_time)
                    else:
                        self._other(port, index, peer, now)
                except Exception:
                    # One datagram must never end the service of all; a test keeps this at zero.
                    self.errors += 1
                    if self.errors <= MOST_LOGGED:
                        logger.exception("a datagram could not be handled")
            self.flush()
            if count < BATCH:
                break
        return total

    def flush(self) -> None:
        """Send what is queued on all ports."""
        for port in self.ports:
            port.flush()

    def _rtp(
        self, port: Port, index: int, length: int, peer: Peer, now: float, send_time: bytes
    ) -> None:
        unprotect = peer.unprotect
        if unprotect is None or not 12 <= length <= LONGEST_PACKET:
            return
        base = index * SLOT
        incoming = port.incoming
        first, second, sequence, _, ssrc = _HEADER.unpack_from(incoming, base)
        ingest = peer.ingests.get(ssrc)
        if ingest is None and not peer.may_hear(ssrc):
            peer.over_limit += 1
            return
        size = self._size
        size[0] = length
        if unprotect(port.incoming_pointers[index], size):
            peer.refused += 1
            return
        length = size[0]
        allowance = peer.allowance
        allowance.octets -= length if length > LEAST_CHARGE else LEAST_CHARGE
        if allowance.octets < 0:
            peer.over_limit += 1
            return
        peer.received_octets += length
        if ingest is None:
            peer.heard.add(ssrc)
            self._unrouted(port, base, length, peer, now, send_time)
            return
        layout = ingest.layout
        if first & 0x1F != 0x10 or (
            int.from_bytes(incoming[base + 12 : base + layout.end]) & layout.mask != layout.match
        ):
            found = read_layout(bytes(incoming[base : base + length]))
            if found is None:
                peer.refused += 1
                return
            ingest.layout = layout = found
        if length < layout.end:
            peer.refused += 1
            return
        position = layout.transport_sequence
        if position:
            position += base
            peer.arrivals.append((incoming[position] << 8 | incoming[position + 1], now))
        payload_type = second & 0x7F
        if payload_type != ingest.payload_type and not self._change_payload(ingest, payload_type):
            return
        late = False
        if sequence == ingest.next_sequence:
            ingest.next_sequence = (sequence + 1) & 0xFFFF
        else:
            ahead = (sequence - ingest.next_sequence) & 0xFFFF
            if ahead < 0x8000:
                allowance.octets -= GAP_CHARGE * min(ahead, MOST_MISSING)
            arrival = ingest.accept(sequence, now)
            if arrival is Arrival.DUPLICATE:
                peer.refused += 1
                return
            late = arrival is Arrival.LATE
            if ingest.missing:
                self.gaps.add((peer, ingest))
        ingest.received += 1
        if layout.audio_level:
            # The level is minus dBov; the flag in its highest bit is of no use.
            peer.loudness += 127 - (incoming[base + layout.audio_level] & 0x7F)
            peer.loudness_count += 1
        self._forward(port, base, length, peer, ingest, late, now, send_time)

    def _forward(
        self,
        port: Port,
        base: int,
        length: int,
        peer: Peer,
        ingest: Ingest,
        late: bool,
        now: float,
        send_time: bytes,
    ) -> None:
        """Send an opened, accepted packet at ``incoming[base:]`` to everybody who wants it."""
        incoming = port.incoming
        layout = ingest.layout
        _, second, sequence, timestamp, _ = _HEADER.unpack_from(incoming, base)
        ingest.octets += length
        if timestamp != ingest.timestamp and not late:
            ingest.note_timing(timestamp, now)
        for position, zeros in layout.hidden:
            incoming[base + position : base + position + len(zeros)] = zeros
        position = layout.send_time
        if position:
            incoming[base + position : base + position + 3] = send_time
        packet: bytes | memoryview = incoming[base : base + length]
        history = ingest.history
        if history is not None:
            packet = bytes(packet)
            history[sequence & HISTORY_MASK] = packet
        if (ingest.waiting or ingest.keyframe_wanted) and not late:
            self._begin(peer, ingest, packet, sequence, timestamp, now)
        if second & 0x7F == RED_PAYLOAD_TYPE:
            self._forward_redundant(ingest, bytes(packet), late)
            return
        size = self._size
        for subscription in ingest.subscriptions:
            if late and not subscription.covers(sequence):
                continue
            destination = subscription.destination
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
                (sequence + subscription.sequence_offset) & 0xFFFF,
                (timestamp + subscription.timestamp_offset) & 0xFFFFFFFF,
                subscription.ssrc,
            )
            if subscription.shifted:
                segment: Any = subscription.segment
                shift_vp8(
                    outgoing[start + layout.end : start + length],
                    segment.picture_offset,
                    segment.level_offset,
                )
            size[0] = length
            if subscription.protect(out.outgoing_pointers[slot], size):
                peer.refused += 1
                continue
            subscription.packets += 1
            subscription.octets += length
            pending = destination.pending
            if not pending:
                out.touched.append(destination)
            pending.append((slot, size[0]))

    def _forward_redundant(self, ingest: Ingest, packet: bytes, late: bool) -> None:
        """Forward a RED packet (RFC 2198), as plain Opus to those who do not take RED."""
        layout = read_layout(packet)
        if layout is None:
            return
        plain = primary_of(packet, layout.end)
        _, _, sequence, timestamp, _ = _HEADER.unpack_from(packet)
        for subscription in ingest.subscriptions:
            chosen = packet if RED_PAYLOAD_TYPE in subscription.payload_types else plain
            if chosen is None or (late and not subscription.covers(sequence)):
                continue
            destination = subscription.destination
            out = destination.port
            if out is None:
                continue
            slot = out.slot()
            start = slot * SLOT
            out.outgoing[start : start + len(chosen)] = chosen
            _NUMBERS.pack_into(
                out.outgoing,
                start + 2,
                (sequence + subscription.sequence_offset) & 0xFFFF,
                (timestamp + subscription.timestamp_offset) & 0xFFFFFFFF,
                subscription.ssrc,
            )
            self._size[0] = len(chosen)
            if not subscription.protect(out.outgoing_pointers[slot], self._size):
                subscription.packets += 1
                subscription.octets += len(chosen)
                out.push(slot, self._size[0], destination)

    def _begin(
        self,
        peer: Peer,
        ingest: Ingest,
        packet: bytes | memoryview,
        sequence: int,
        timestamp: int,
        now: float,
    ) -> None:
        """Let waiting subscribers in if a decoder can begin with this packet."""
        payload = memoryview(packet)[ingest.layout.end :]
        if not ingest.begins_picture(payload):
            return
        for subscription in list(ingest.waiting):
            if subscription.destination.port is not None and subscription.payload_types:
                subscription.begin(ingest, sequence, timestamp, payload, now)
                self.on_begin(peer, ingest, subscription)

    def _change_payload(self, ingest: Ingest, payload_type: int) -> bool:
        """Follow a sender that changes its codec within a stream; False refuses the packet."""
        codec = BY_PAYLOAD_TYPE.get(payload_type)
        if codec is None or codec.clock_rate != ingest.clock_rate:
            return False
        if (codec.rtx_payload_type is None) != (ingest.codec.rtx_payload_type is None):
            return False
        ingest.payload_type = payload_type
        ingest.codec = codec
        return True

    def _unrouted(
        self, port: Port, base: int, length: int, peer: Peer, now: float, send_time: bytes
    ) -> None:
        """An authentic packet of an SSRC without a stream: a new stream or a retransmission."""
        incoming = port.incoming
        packet = bytes(incoming[base : base + length])
        layout = read_layout(packet)
        if layout is None or length < layout.end:
            peer.refused += 1
            return
        _, second, _, _, ssrc = _HEADER.unpack_from(packet)
        if layout.transport_sequence:
            position = layout.transport_sequence
            peer.arrivals.append((int.from_bytes(packet[position : position + 2]), now))
        payload_type = second & 0x7F
        if payload_type in RTX_PAYLOAD_TYPES:
            self._retransmitted(port, base, packet, peer, now, send_time)
            return
        codec = BY_PAYLOAD_TYPE.get(payload_type)
        if codec is None or len(peer.ingests) >= peer.limits.streams:
            peer.refused += 1
            return
        publication = None
        for candidate in peer.publications.values():
            if candidate.active and (
                candidate.mid == layout.mid
                if layout.mid
                else peer.announced.get(ssrc) == (peer.id, candidate.kind)
            ):
                publication = candidate
        if publication is None or publication.kind.medium != (
            "video" if codec.rtx_payload_type is not None else "audio"
        ):
            peer.refused += 1
            return
        if publication.rids and layout.rid not in publication.rids:
            peer.refused += 1
            return
        rid = layout.rid if publication.rids else ""
        before = publication.ingests.get(rid)
        ingest = Ingest(ssrc, codec, peer.id, rid)
        ingest.layout = layout
        peer.ingests[ssrc] = ingest
        publication.ingests[rid] = ingest
        if before is not None:
            # The browser began the same encoding anew, under another SSRC.
            for subscription in [*before.subscriptions, *before.waiting]:
                subscription.follow(None, now)
            peer.forget_stream(before.ssrc)
        self.on_stream(peer, ingest)
        _, _, sequence, _, _ = _HEADER.unpack_from(packet)
        ingest.accept(sequence, now)
        ingest.received += 1
        self._forward(port, base, length, peer, ingest, False, now, send_time)

    def _retransmitted(
        self, port: Port, base: int, packet: bytes, peer: Peer, now: float, send_time: bytes
    ) -> None:
        """Undo a retransmission (RFC 4588 section 4) and forward it if it was still missing."""
        layout = read_layout(packet)
        if layout is None:
            return
        _, _, _, _, ssrc = _HEADER.unpack_from(packet)
        original = peer.repairs.get(ssrc)
        if original is None:
            if not layout.repaired_rid or len(peer.repairs) >= peer.limits.streams:
                return
            for publication in peer.publications.values():
                repaired = publication.ingests.get(layout.repaired_rid)
                if publication.mid == layout.mid and repaired is not None:
                    original = repaired.ssrc
                    peer.repairs[ssrc] = original
        ingest = peer.ingests.get(original) if original is not None else None
        repeated = restore(packet, layout.end, ingest.payload_type, ingest.ssrc) if ingest else None
        if ingest is None or repeated is None:
            return
        sequence, restored = repeated
        if ingest.missing.pop(sequence, None) is None:
            return
        ingest.recovered += 1
        found = read_layout(restored)
        if found is None:
            return
        usual = ingest.layout
        ingest.layout = found
        port.incoming[base : base + len(restored)] = restored
        self._forward(port, base, len(restored), peer, ingest, True, now, send_time)
        ingest.layout = usual

    def _other(self, port: Port, index: int, peer: Peer | None, now: float) -> None:
        """Everything but RTP: checks, handshakes, reports, and what strangers send."""
        length = port.length(index)
        base = index * SLOT
        view = port.incoming[base : base + min(length, SLOT)]
        if not length:
            self.strangers += 1
            return
        first = view[0]
        if first < 2:
            data = bytes(view)
            named = admission.find(data, self.by_fragment)
            name = port.source(index)
            if named is None or not admission.admit(named, data, port, name, self.by_address, now):
                self.strangers += 1
        elif peer is None:
            self.strangers += 1
        elif 19 < first < 64:
            if peer.handshake is not None:
                peer.handshake.carrier.feed(bytes(view))
        elif 127 < first < 192 and length <= LONGEST_PACKET:
            self.on_rtcp(peer, bytes(view), now)
