"""Which simulcast encodings (rids) of a camera are fit for a tile of some height, and worth sending."""

from __future__ import annotations

from media.streams.inbound import SILENCE, InboundStream
from media.streams.publication import Publication

SMALL_HEIGHT = 200
MEDIUM_HEIGHT = 400
"Tiles up to these heights (pixels) are served by a quarter and by half of a 720-line video."
STARVED = 0.8
"""Fraction of the next encoding's bit rate below which a better one is worse: its publisher has too
little bandwidth for both and sends one frame a second of it."""
SMALLEST_SILENCE = 4.0
"""Seconds without a packet after which the smallest encoding counts as not sent. A browser stops it
last, and it pauses longer than others: a keyframe may take the bits of two seconds."""
SMALL_ENCODING = 165_000
"Bits per second that the smallest of several encodings never exceeds."


def fitting(publication: Publication, height: int | None, now: float) -> list[InboundStream]:
    """The encodings fit for a tile of ``height`` pixels, best first; none off screen.

    Height 0 is unknown and gets the best. An encoding that is not sent steadily, or starves,
    is left out if there is another.
    """
    if height is None:
        return []
    streams = publication.encodings()
    smallest = streams[-1:]
    streams = [
        stream
        for stream in streams
        if stream.is_steady(now) or (stream in smallest and _is_active(publication, stream, now))
    ] or streams
    while len(streams) > 1 and streams[0].bitrate < STARVED * streams[1].bitrate:
        streams = streams[1:]
    if len(streams) < 2 or not height:
        return streams
    if height <= SMALL_HEIGHT:
        return streams[-1:]
    if height <= MEDIUM_HEIGHT and len(streams) > 2:
        return streams[1:]
    return streams


def _is_active(publication: Publication, stream: InboundStream, now: float) -> bool:
    smallest = publication.encodings()[-1]
    return stream.is_active(now, SMALLEST_SILENCE if stream is smallest else SILENCE)


def is_single(publication: Publication, now: float) -> bool:
    """Whether its publisher sends one encoding on purpose, and so can be asked for less.

    A camera in two encodings may stop the large one for a moment; asking for less then would
    keep it away from everybody.
    """
    streams = publication.encodings()
    if not publication.rids:
        return len(streams) == 1
    active = [stream for stream in streams if _is_active(publication, stream, now)]
    return len(active) == 1 and active[0].bitrate > SMALL_ENCODING
