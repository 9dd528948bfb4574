"""How often a publisher is sent a keyframe request (PLI or FIR), and for which of its streams.

Subscribers want one by PLI or FIR (``media/sfu/rtcp_received.py``), when they begin or switch to an
encoding (``media/streams/outbound.py``), and after a gap that was given up
(``media/streams/inbound.py``).
"""

from __future__ import annotations

from collections.abc import Iterable

from media.streams.inbound import InboundStream

KEYFRAME_INTERVAL = 0.4
"Seconds between two keyframe requests of one stream: a keyframe costs ten ordinary frames."


def is_due(inbound: InboundStream, beside: Iterable[InboundStream], now: float) -> bool:
    """Whether to send a keyframe request now; repeated until a keyframe arrives.

    ``beside`` are all streams of the same publisher.
    """
    if not inbound.keyframe_wanted or _is_suspended(inbound, beside, now):
        return False
    if not inbound.outbound_streams and not inbound.waiting:
        inbound.keyframe_wanted = False
        return False
    if now - inbound.keyframe_asked_at < KEYFRAME_INTERVAL:
        return False
    inbound.keyframe_asked_at = now
    return True


def _is_suspended(inbound: InboundStream, beside: Iterable[InboundStream], now: float) -> bool:
    """Whether a camera sends its other encodings but not this one.

    Its browser would answer a request with keyframes of the others, again and again.
    """
    return (
        bool(inbound.rid)
        and not inbound.is_active(now)
        and any(other.rid and other.is_active(now) for other in beside)
    )
