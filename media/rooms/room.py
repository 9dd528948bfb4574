"""A room: who publishes, who receives what, and the offers that follow from it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Protocol

from media.limits import Limits
from media.messages import (
    EncodingChosen,
    Event,
    OfferNeeded,
    Published,
    Publishing,
    Track,
    VideoPaused,
)
from media.rooms.negotiation import SourceId, TooManySections
from media.rooms.peer import Peer
from media.rooms.sdp import Answer, read_answer, write_offer
from media.rooms.speaker import SpeakerDetector
from media.rtp.codecs import RED, Kind
from media.streams.inbound import InboundStream
from media.streams.outbound import OutboundStream
from media.streams.publication import Publication

logger = logging.getLogger(__name__)


class Refused(Exception):
    """A command that cannot be carried out. ``code`` is stable."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class RoomHost(Protocol):
    """What a room stands on."""

    def fingerprint(self) -> str:
        """Our certificate, as ``sha-256 AA:BB...``."""

    def addresses(self) -> list[tuple[str, int]]:
        """Where clients reach us, best first."""

    def emit(self, event: Event) -> None:
        """Tell the web process."""

    def now(self) -> float:
        """Seconds of a monotonic clock."""

    def soon(self, callback: Callable[[], None]) -> None:
        """Call back when the present command is done."""


class Room:
    """The participants of one room and what flows between them."""

    def __init__(
        self, room_id: str, ground: RoomHost, limits: Limits, video_codecs: tuple[str, ...]
    ) -> None:
        self.id = room_id
        self.peers: dict[str, Peer] = {}
        self.speakers = SpeakerDetector()
        self.paused: set[tuple[str, SourceId]] = set()
        self._active: dict[SourceId, Publication] = {}
        "What is published now."
        self._to_offer: dict[str, Peer] = {}
        "Those whose lines may have changed since their last offer."
        self._host = ground
        self._limits = limits
        self._video_codecs = video_codecs
        self._offering = False

    def join(self, peer_id: str, publish: Iterable[Publishing], automatic: bool) -> Peer:
        """Add a participant; its first offer follows as an event."""
        if peer_id in self.peers:
            raise Refused("already_joined", f"{peer_id} is in the room")
        peer = Peer(self.id, peer_id, self._limits, self._video_codecs)
        peer.automatic = automatic
        peer.consent_at = peer.serviced_at = peer.measured_at = self._host.now()
        wanted = list(publish)
        self._check(wanted)
        if not any(one.kind is Kind.AUDIO for one in wanted):
            # A description without a single line could carry no transport.
            peer.negotiation.publish(Kind.AUDIO, (), 0)
            peer.negotiation.unpublish(Kind.AUDIO)
        self.peers[peer_id] = peer
        self._allow(peer, wanted)
        for source in list(self._active):
            self._match(peer, source)
        return peer

    def publish(self, peer: Peer, publish: Iterable[Publishing]) -> None:
        """Let a participant publish more."""
        wanted = list(publish)
        self._check(wanted)
        self._allow(peer, wanted)

    def _check(self, wanted: list[Publishing]) -> None:
        for one in wanted:
            if len(one.rids) > 3 or any(
                not rid.isalnum() or not rid.isascii() or len(rid) > 8 for rid in one.rids
            ):
                raise Refused("bad_rids", f"{one.rids} are no names of up to three encodings")

    def _allow(self, peer: Peer, wanted: list[Publishing]) -> None:
        for one in wanted:
            publication = peer.publications.get(one.kind)
            if publication is None:
                publication = Publication(peer.id, one.kind)
                peer.publications[one.kind] = publication
            publication.rids = one.rids
            section = peer.negotiation.publish(one.kind, one.rids, self._limits.video_bitrate)
            publication.mid = section.mid
        self._offer_soon(peer)

    def unpublish(self, peer: Peer, kinds: Iterable[Kind]) -> None:
        """Take back leave to publish."""
        for kind in kinds:
            publication = peer.publications.pop(kind, None)
            if publication is not None:
                peer.negotiation.unpublish(kind)
                self._end(peer, publication)
        self._offer_soon(peer)

    def set_redundancy(self, peer: Peer, twice: bool) -> None:
        """Have a participant send its sound twice, or once again."""
        peer.negotiation.set_redundancy(twice)
        self._offer_soon(peer)

    def leave(self, peer: Peer) -> None:
        """Remove a participant and everything that came from it."""
        if self.peers.pop(peer.id, None) is None:
            return
        self._to_offer.pop(peer.id, None)
        now = self._host.now()
        for outbound in list(peer.outbound_streams.values()):
            outbound.follow(None, now)
        peer.outbound_streams.clear()
        peer.sent.clear()
        for publication in list(peer.publications.values()):
            self._end(peer, publication)
        self.speakers.forget(peer.id)
        self.paused = {one for one in self.paused if one[0] != peer.id and one[1][0] != peer.id}
        for other in self.peers.values():
            for chosen in [one for one in other.wishes if one[0] == peer.id]:
                other.wishes.discard(chosen)

    def _end(self, peer: Peer, publication: Publication) -> None:
        """The streams of a publication are over."""
        now = self._host.now()
        for inbound in publication.inbound_streams.values():
            for outbound in [*inbound.outbound_streams, *inbound.waiting]:
                outbound.follow(None, now)
            peer.forget_stream(inbound.ssrc)
        publication.inbound_streams.clear()
        source = (peer.id, publication.kind)
        peer.announce(source, ())
        if publication.active:
            publication.active = False
            self._active.pop(source, None)
            self._match_all(source)
            self._host.emit(Published(self.id, peer.id, publication.kind, False))

    def subscribe(self, peer: Peer, publisher_id: str, kinds: Iterable[Kind]) -> None:
        """Send ``peer`` what another publishes, now or as soon as it does."""
        for kind in kinds:
            source = (publisher_id, kind)
            peer.wishes.add(source)
            peer.refusals.discard(source)
            if not self._match(peer, source):
                peer.wishes.discard(source)
                raise Refused("too_many_lines", f"{peer.id} receives as much as one can")

    def unsubscribe(self, peer: Peer, publisher_id: str, kinds: Iterable[Kind]) -> None:
        """Send it no more, even if everything else is sent by itself."""
        for kind in kinds:
            peer.wishes.discard((publisher_id, kind))
            peer.refusals.add((publisher_id, kind))
            self._match(peer, (publisher_id, kind))

    def prefer(self, peer: Peer, source: SourceId, height: int | None) -> None:
        """Note the height a video is shown at; the next allocation follows it."""
        peer.heights[source] = height
        outbound = peer.outbound_streams.get(source)
        if outbound is not None:
            outbound.height = height

    def answer(self, peer: Peer, text: str, revision: int) -> Answer:
        """Take a client's answer. Raises AnswerRejected, Refused."""
        negotiation = peer.negotiation
        if not negotiation.awaiting or revision != negotiation.version:
            raise Refused("stale_answer", "no offer of that revision waits for an answer")
        answer = read_answer(text, negotiation.offered)
        if peer.remote_ufrag and answer.ufrag != peer.remote_ufrag:
            raise Refused("new_transport", "an ICE restart needs a new connection")
        peer.remote_ufrag = answer.ufrag
        for kind, section in peer.negotiation.publishing.items():
            publication = peer.publications.get(kind)
            answered = answer.sections.get(section.mid)
            if publication is None or answered is None:
                continue
            sends = answered.direction in ("sendonly", "sendrecv") and bool(answered.payload_types)
            if kind is Kind.AUDIO:
                peer.supports_red = sends and RED.payload_type in answered.payload_types
            if sends:
                if not answered.rids:
                    publication.rids = ()
                peer.announce((peer.id, kind), answered.streams)
            if sends and not publication.active:
                publication.active = True
                self._active[(peer.id, kind)] = publication
                self._match_all((peer.id, kind))
                self._host.emit(Published(self.id, peer.id, kind, True))
            elif not sends and publication.active:
                self._end(peer, publication)
        for source, section in negotiation.receiving.items():
            answered = answer.sections.get(section.mid)
            outbound = peer.outbound_streams.get(source)
            if outbound is not None and answered is not None:
                takes = answered.direction in ("recvonly", "sendrecv")
                outbound.payload_types = frozenset(answered.payload_types if takes else ())
        negotiation.finish()
        self._offer_soon(peer)
        return answer

    def _match_all(self, source: SourceId) -> None:
        """A publication began or ended: have everybody's subscriptions follow."""
        for peer in self.peers.values():
            if not self._match(peer, source):
                # No fault of the publisher, who is heard by all others.
                logger.warning("a participant has no line left for another publication")

    def _match(self, peer: Peer, source: SourceId) -> bool:
        """Have one subscription follow publication and wish; False if there is no line for it.

        Every change of a room comes down to this for the pairs that it concerns, so that a change
        costs no more in a large room than the people it reaches.
        """
        publication = self._active.get(source)
        wanted = (
            publication is not None
            and source[0] != peer.id
            and source not in peer.refusals
            and (peer.automatic or source in peer.wishes)
        )
        if not wanted and source in peer.outbound_streams:
            self._unlink(peer, source)
        elif wanted and publication is not None and source not in peer.outbound_streams:
            try:
                self._link(peer, source, publication)
            except TooManySections:
                return False
        return True

    def _offer_soon(self, peer: Peer) -> None:
        self._to_offer[peer.id] = peer
        if not self._offering:
            self._offering = True
            self._host.soon(self._offer)

    def _link(self, peer: Peer, source: SourceId, publication: Publication) -> None:
        video = source[1].medium == "video"
        outbound = OutboundStream(
            peer.id,
            source[0],
            source[1].value,
            peer.new_ssrc(),
            peer.new_ssrc() if video else 0,
            peer.destination,
        )
        outbound.height = peer.heights.get(source, 0)
        if peer.ciphers is not None:
            outbound.use(peer.ciphers.outgoing)
        peer.negotiation.receive(source, publication.stream, outbound.ssrc, outbound.rtx_ssrc)
        peer.outbound_streams[source] = outbound
        peer.sent[outbound.ssrc] = outbound
        if video:
            peer.sent[outbound.rtx_ssrc] = outbound
        self._offer_soon(peer)

    def _unlink(self, peer: Peer, source: SourceId) -> None:
        outbound = peer.outbound_streams.pop(source)
        outbound.follow(None, self._host.now())
        # Rates are told from how these sums grow.
        peer.sent_octets -= outbound.octets
        peer.sent_video_octets -= outbound.octets if outbound.rtx_ssrc else 0
        peer.sent.pop(outbound.ssrc, None)
        peer.sent.pop(outbound.rtx_ssrc, None)
        peer.negotiation.drop(source)
        self.paused.discard((peer.id, source))
        self._offer_soon(peer)

    def _offer(self) -> None:
        self._offering = False
        untold = self._to_offer
        self._to_offer = {}
        for peer in untold.values():
            negotiation = peer.negotiation
            if not negotiation.changed or negotiation.awaiting:
                continue
            fresh = not negotiation.begun
            sections = negotiation.begin()
            tracks = [
                Track(section.mid, kind, "publish", peer.id)
                for kind, section in negotiation.publishing.items()
                if section.direction == "recvonly"
            ] + [
                Track(section.mid, source[1], "subscribe", source[0])
                for source, section in negotiation.receiving.items()
            ]
            self._host.emit(
                OfferNeeded(
                    self.id,
                    peer.id,
                    write_offer(
                        peer.description_id,
                        negotiation.version,
                        peer.credentials,
                        self._host.fingerprint(),
                        self._host.addresses(),
                        sections,
                    ),
                    negotiation.version,
                    tuple(tracks),
                    fresh,
                )
            )

    def publication(self, source: SourceId) -> Publication | None:
        """A publication by its publisher and kind."""
        publisher = self.peers.get(source[0])
        return publisher.publications.get(source[1]) if publisher is not None else None

    def select_layers(
        self, peer: Peer, source: SourceId, inbound: InboundStream | None, for_bandwidth: bool
    ) -> None:
        """Have a subscription follow ``inbound``, or nothing; ``squeezed`` is for want of room."""
        outbound = peer.outbound_streams[source]
        target = outbound.target or outbound.inbound
        if target is not inbound:
            outbound.follow(inbound, self._host.now())
        mark = (peer.id, source)
        if for_bandwidth != (mark in self.paused):
            if for_bandwidth:
                self.paused.add(mark)
            else:
                self.paused.discard(mark)
            self._host.emit(VideoPaused(self.id, peer.id, source[0], source[1], for_bandwidth))

    def announce_encoding(self, peer_id: str, outbound: OutboundStream) -> None:
        """Tell which encoding a subscriber now sees."""
        if outbound.inbound is not None and outbound.inbound.rid:
            self._host.emit(
                EncodingChosen(
                    self.id,
                    peer_id,
                    outbound.publisher_id,
                    Kind(outbound.kind),
                    outbound.inbound.rid,
                )
            )
