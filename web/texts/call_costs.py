"""What a call uses of somebody's data volume, in words: "15 MB".

Counted as providers of mobile networks do: both directions, with the headers of every packet, a
megabyte as 1,000,000 bytes. It is what a call of two uses where the network carries it; over a narrow
one, and with **Save data**, calls send less. `docs/benchmarks.md` compares it with measured calls.
"""

from dataclasses import dataclass

from babel.units import format_unit

from web.texts.date_words import locale_of

VIDEO_BITRATE = 900_000
"Bits per second of a camera; the same in `static/js/room/call/peer.js` and `encodings.js`."
SMALL_BITRATE = 150_000
"Of the second, small encoding, which only the way to the relay has."
_VIDEO_HEADERS = 1.07
"Of IPv4, UDP, SRTP and RTP, with RTCP, for packets of some 1,000 bytes."
_AUDIO_BITRATE = 60_000
"Opus at 24 kbit/s in 50 packets per second, each with those headers, and what is told of their arrival."
_SECONDS = 60
TEST_BYTES = 2 * (128 + 512) * 1024
"What the device test transfers at most, as in `static/js/device-test/speed.js`; the rest is small."


@dataclass(frozen=True)
class CallCosts:
    """Bytes a minute."""

    video: int
    audio: int


def call_costs(*, relayed: bool) -> CallCosts:
    """The costs of a call of two, for each of them; `relayed` where all calls go by the relay."""
    cameras = 2 * VIDEO_BITRATE + (SMALL_BITRATE if relayed else 0)
    audio = 2 * _AUDIO_BITRATE * _SECONDS / 8
    video = cameras * _VIDEO_HEADERS * _SECONDS / 8
    return CallCosts(round(video + audio), round(audio))


def megabytes(size: int, language: str) -> str:
    """Bytes as millions of them: "15 MB", "0.8 MB"."""
    amount = round(size / 1e6) if size >= 10_000_000 else round(size / 1e6, 1)
    return format_unit(amount, "digital-megabyte", "short", locale=locale_of(language))
