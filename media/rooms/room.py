"""A room: who publishes, who receives what, and the offers that follow from it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Protocol

from media.messages import (
    EncodingChosen,
    Event,
    OfferNeeded,
    Published,
    Publishing,
    Traced,
    Track,
    VideoPaused,
)
from media.participant_limits import Limits
from media.rooms.active_speaker import SpeakerDetector
from media.rooms.negotiation import SourceId, TooManySections
from media.rooms.peer import Peer
from media.rooms.sdp_answer import Answer, AnsweredSection, read_answer
from media.rooms.sdp_offer import Section, write_offer
from media.rooms.trace import PeerTrace
from media.rtp.codecs import RED, TRANSPORT_CC, Kind
from media.rtp.header_extensions import FORWARDED_EXTENSIONS, TRANSPORT_SEQUENCE
from media.streams.inbound import InboundStream
from media.streams.outbound import OutboundStream
from media.streams.publication import Publication
from media.transport.dtls import Certificate

logger = logging.getLogger(__name__)


class Refused(Exception):
    """A command that cannot be carried out. ``code`` is stable."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class RoomHost(Protocol):
    """What a room needs of the worker around it."""

    def certificate(self) -> Certificate:
        """Ours for new connections."""

    def addresses(self) -> list[tuple[str, int]]:
        """Where clients reach us, best first."""

    def tcp_addresses(self) -> list[tuple[str, int]]:
        """Where they do by TCP."""

    def emit(self, event: Event) -> None:
        """Send an event to the web process."""

    def now(self) -> float:
        """Seconds of a monotonic clock."""

    def soon(self, callback: Callable[[], None]) -> None:
        """Call back once the present command is done."""


class Room:
    """The participants of one room and what flows between them."""

    def __init__(
        self, room_id: str, host: RoomHost, limits: Limits, video_codecs: tuple[str, ...]
    ) -> None:
        self.id = room_id
        self.peers: dict[str, Peer] = {}
        self.speakers = SpeakerDetector()
        self.paused: set[tuple[str, SourceId]] = set()
        "(subscriber, publication) pairs paused for lack of bandwidth."
        self._active: dict[SourceId, Publication] = {}
        "Everything published now."
        self._to_offer: dict[str, Peer] = {}
        "Peers whose m= sections may have changed since their last offer."
        self._host = host
        self._limits = limits
        self._video_codecs = video_codecs
        self._offering = False
        self._tracing = False

    def join(self, peer_id: str, publish: Iterable[Publishing], automatic: bool) -> Peer:
        """Add a participant; its first offer follows as an event."""
        if peer_id in self.peers:
            raise Refused("already_joined", f"{peer_id} is in the room")
        peer = Peer(self.id, peer_id, self._limits, self._video_codecs, self._host.certificate())
        peer.subscriptions.automatic = automatic
        peer.measured_at = self._host.now()
        peer.liveness.begin(peer.measured_at)
        wanted = list(publish)
        self._check(wanted)
        if not any(publishing.kind is Kind.AUDIO for publishing in wanted):
            # A description without any m= section could carry no transport.
            peer.negotiation.publish(Kind.AUDIO, (), 0)
            peer.negotiation.unpublish(Kind.AUDIO)
        self.peers[peer_id] = peer
        self._trace(peer)
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
        for publishing in wanted:
            if len(publishing.rids) > 3 or any(
                not rid.isalnum() or not rid.isascii() or len(rid) > 8 for rid in publishing.rids
            ):
                raise Refused(
                    "bad_rids", f"{publishing.rids} are no names of up to three encodings"
                )

    def _allow(self, peer: Peer, wanted: list[Publishing]) -> None:
        for publishing in wanted:
            kind, rids = publishing.kind, publishing.rids
            publication = peer.publications.by_kind.get(kind)
            if publication is None:
                publication = Publication(peer.id, kind)
                peer.publications.by_kind[kind] = publication
            publication.rids = rids
            section = peer.negotiation.publish(kind, rids, self._limits.video_bitrate)
            publication.mid = section.mid
        self._offer_soon(peer)

    def unpublish(self, peer: Peer, kinds: Iterable[Kind]) -> None:
        """Withdraw permission to publish these kinds."""
        for kind in kinds:
            publication = peer.publications.by_kind.pop(kind, None)
            if publication is not None:
                peer.negotiation.unpublish(kind)
                self._end(peer, publication)
        self._offer_soon(peer)

    def trace(self, on: bool) -> None:
        """Emit everybody's SDP, as of now and later, and RTCP as Traced events, or stop."""
        self._tracing = on
        for peer in self.peers.values():
            self._trace(peer)
            if peer.trace is not None and peer.negotiation.begun:
                peer.trace.sdp("offer", self._sdp(peer, peer.negotiation.offered))

    def _trace(self, peer: Peer) -> None:
        def emit(text: str) -> None:
            self._host.emit(Traced(self.id, peer.id, text))

        peer.trace = PeerTrace(emit) if self._tracing else None
        peer.delegate_feedback()

    def set_redundancy(self, peer: Peer, on: bool) -> None:
        """Ask a participant to send its audio with redundancy (RED), or without."""
        peer.negotiation.set_redundancy(on)
        self._offer_soon(peer)

    def follow_thrift(self) -> None:
        """Ask whoever is heard over a narrow link for audio in few bits, and nobody else."""
        heard = {
            publisher_id
            for peer in self.peers.values()
            if peer.downlink.thrift.wanted
            for publisher_id, kind in peer.downlink.outbound_streams
            if kind is Kind.AUDIO
        }
        for peer in self.peers.values():
            if peer.negotiation.thrift != (peer.id in heard):
                peer.negotiation.set_thrift(peer.id in heard)
                self._offer_soon(peer)

    def leave(self, peer: Peer) -> None:
        """Remove a participant and everything that came from it."""
        if self.peers.pop(peer.id, None) is None:
            return
        self._to_offer.pop(peer.id, None)
        peer.downlink.clear(self._host.now())
        for publication in list(peer.publications.by_kind.values()):
            self._end(peer, publication)
        self.speakers.forget(peer.id)
        self.paused = {
            (subscriber_id, source)
            for subscriber_id, source in self.paused
            if peer.id not in (subscriber_id, source[0])
        }
        for other in self.peers.values():
            other.subscriptions.forget_publisher(peer.id)

    def _end(self, peer: Peer, publication: Publication) -> None:
        """End a publication: its streams, and everybody's subscription to it."""
        now = self._host.now()
        source = (peer.id, publication.kind)
        for inbound in publication.inbound_streams.values():
            for outbound in [*inbound.outbound_streams, *inbound.waiting]:
                outbound.follow(None, now)
            peer.publications.end_stream(source, inbound)
        publication.inbound_streams.clear()
        peer.publications.announce(source, ())
        if publication.active:
            publication.active = False
            self._active.pop(source, None)
            self._match_all(source)
            self._host.emit(Published(self.id, peer.id, publication.kind, False))

    def subscribe(self, peer: Peer, publisher_id: str, kinds: Iterable[Kind]) -> None:
        """Send ``peer`` what another publishes, now or as soon as it does."""
        for kind in kinds:
            source = (publisher_id, kind)
            peer.subscriptions.add(source)
            if not self._match(peer, source):
                peer.subscriptions.discard(source)
                raise Refused("too_many_sections", f"{peer.id} receives as much as one can")

    def unsubscribe(self, peer: Peer, publisher_id: str, kinds: Iterable[Kind]) -> None:
        """Stop sending these kinds to ``peer``, even if its subscription is automatic."""
        for kind in kinds:
            peer.subscriptions.remove((publisher_id, kind))
            self._match(peer, (publisher_id, kind))

    def prefer(self, peer: Peer, source: SourceId, height: int | None) -> None:
        """Record the height a video is shown at; the next layer selection follows it."""
        peer.subscriptions.heights[source] = height

    def answer(self, peer: Peer, text: str, revision: int) -> Answer:
        """Apply a client's answer. Raises AnswerRejected, Refused."""
        if peer.trace is not None:
            peer.trace.sdp("answer", text)
        negotiation = peer.negotiation
        if not negotiation.awaiting or revision != negotiation.version:
            raise Refused("stale_answer", "no offer of that revision waits for an answer")
        answer = read_answer(text, negotiation.offered)
        if peer.remote_ufrag and answer.ufrag != peer.remote_ufrag:
            raise Refused("new_transport", "an ICE restart needs a new connection")
        peer.remote_ufrag = answer.ufrag
        negotiation.reduced_size = answer.reduced_size
        peer.delegate_feedback()
        for kind, section in negotiation.publishing.items():
            answered = answer.sections.get(section.mid)
            if answered is not None:
                self._apply_published(peer, kind, answered)
        for source, section in negotiation.receiving.items():
            answered = answer.sections.get(section.mid)
            outbound = peer.downlink.outbound_streams.get(source)
            if outbound is not None and answered is not None:
                receives = answered.direction in ("recvonly", "sendrecv")
                outbound.payload_types = frozenset(answered.payload_types if receives else ())
                outbound.reports_arrivals = (
                    TRANSPORT_SEQUENCE in answered.extensions and TRANSPORT_CC in answered.feedback
                )
                forwarded = FORWARDED_EXTENSIONS[source[1].medium]
                outbound.declined = sum(
                    1 << id for id in forwarded if id not in answered.extensions
                )
                if not outbound.payload_types:
                    # Whoever stops receiving is not sent another packet (RFC 3264 section 6.1).
                    self.follow(peer, source, None, paused=False)
        negotiation.finish()
        self._place(peer)
        self._offer_soon(peer)
        return answer

    def _apply_published(self, peer: Peer, kind: Kind, answered: AnsweredSection) -> None:
        """Begin, go on with or end a publication, as the answer to its m= section says."""
        publication = peer.publications.by_kind.get(kind)
        if publication is None:
            return
        source = (peer.id, kind)
        sends = answered.direction in ("sendonly", "sendrecv") and bool(answered.payload_types)
        if kind is Kind.AUDIO:
            peer.uplink.supports_red = sends and RED.payload_type in answered.payload_types
        if sends:
            publication.payload_types = frozenset(answered.payload_types)
            publication.feedback = answered.feedback
            for inbound in publication.inbound_streams.values():
                inbound.feedback = answered.feedback
            if not answered.rids:
                publication.rids = ()
            peer.publications.announce(source, answered.streams)
        if sends and not publication.active:
            publication.active = True
            self._active[source] = publication
            self._match_all(source)
            self._host.emit(Published(self.id, peer.id, kind, True))
        elif not sends and publication.active:
            self._end(peer, publication)

    def _match_all(self, source: SourceId) -> None:
        """Adapt what everybody is sent to a publication that began or ended."""
        for peer in self.peers.values():
            if not self._match(peer, source):
                # It is not the publisher's fault, and all others receive it.
                logger.warning("a participant has no m= section left for another publication")

    def _match(self, peer: Peer, source: SourceId) -> bool:
        """Adapt what one peer is sent to publication and subscription; False without a section.

        Every change of a room comes down to this for the pairs that it concerns, so that a change
        costs no more in a large room than the people it reaches.
        """
        publication = self._active.get(source)
        wanted = (
            publication is not None and source[0] != peer.id and peer.subscriptions.wants(source)
        )
        peer.subscriptions.unplaced.discard(source)
        if not wanted and source in peer.downlink.outbound_streams:
            self._unlink(peer, source)
        elif wanted and publication is not None and source not in peer.downlink.outbound_streams:
            try:
                self._link(peer, source, publication)
            except TooManySections:
                peer.subscriptions.unplaced.add(source)
                return False
        return True

    def _place(self, peer: Peer) -> None:
        """Link what found no m= section so far, as far as one of its medium has become free."""
        for source in list(peer.subscriptions.unplaced):
            self._match(peer, source)

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
        if peer.ciphers is not None:
            outbound.use(peer.ciphers.outgoing)
        peer.negotiation.receive(source, publication.stream, outbound.ssrc, outbound.rtx_ssrc)
        peer.downlink.add(source, outbound)
        self._offer_soon(peer)

    def _unlink(self, peer: Peer, source: SourceId) -> None:
        peer.downlink.remove(source, self._host.now())
        peer.negotiation.drop(source)
        self.paused.discard((peer.id, source))
        self._offer_soon(peer)

    def _offer(self) -> None:
        self._offering = False
        peers = self._to_offer
        self._to_offer = {}
        for peer in peers.values():
            if peer.negotiation.changed and not peer.negotiation.awaiting:
                self._host.emit(self._offer_to(peer))

    def _offer_to(self, peer: Peer) -> OfferNeeded:
        negotiation = peer.negotiation
        fresh = not negotiation.begun
        sections = negotiation.begin()
        published = [
            Track(section.mid, kind, "publish", peer.id)
            for kind, section in negotiation.publishing.items()
            if section.direction == "recvonly"
        ]
        received = [
            Track(section.mid, kind, "subscribe", publisher_id)
            for (publisher_id, kind), section in negotiation.receiving.items()
        ]
        sdp = self._sdp(peer, sections)
        if peer.trace is not None:
            peer.trace.sdp("offer", sdp)
        tracks = (*published, *received)
        return OfferNeeded(self.id, peer.id, sdp, negotiation.version, tracks, fresh)

    def _sdp(self, peer: Peer, sections: list[Section]) -> str:
        return write_offer(
            peer.description_id,
            peer.negotiation.version,
            peer.credentials,
            peer.certificate.announcement,
            self._host.addresses(),
            sections,
            self._host.tcp_addresses(),
        )

    def publication(self, source: SourceId) -> Publication | None:
        """A publication by its publisher and kind."""
        publisher = self.peers.get(source[0])
        return publisher.publications.by_kind.get(source[1]) if publisher is not None else None

    def follow(
        self, peer: Peer, source: SourceId, inbound: InboundStream | None, paused: bool
    ) -> None:
        """Have a subscriber's outbound stream follow ``inbound``, or nothing.

        ``paused``: it follows nothing for lack of bandwidth, which the subscriber is told.
        """
        outbound = peer.downlink.outbound_streams[source]
        target = outbound.target or outbound.inbound
        if target is not inbound:
            outbound.follow(inbound, self._host.now())
        pair = (peer.id, source)
        if paused != (pair in self.paused):
            if paused:
                self.paused.add(pair)
            else:
                self.paused.discard(pair)
            self._host.emit(VideoPaused(self.id, peer.id, source[0], source[1], paused))

    def announce_encoding(self, peer_id: str, source: SourceId, inbound: InboundStream) -> None:
        """Report which simulcast encoding of a publication a subscriber now gets."""
        if inbound.rid:
            self._host.emit(EncodingChosen(self.id, peer_id, source[0], source[1], inbound.rid))
