"""Audio and video that clients without an encoder send: VP8 and Opus in IVF files.

An IVF file has a header of 32 bytes, then frames: length (32 bits, little endian), presentation
time (64 bits), and the bytes. One Opus packet is a frame of its own here.
"""

import struct
from fractions import Fraction
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame

WIDTH, HEIGHT, FRAMES_PER_SECOND = 160, 120, 15
SECONDS = 2
AUDIO_RATE = 48000
AUDIO_SAMPLES = 960
"Of one Opus packet: 20 ms."


def write_clips(folder: Path) -> None:
    """Write ``video.ivf``, with a keyframe each second, and ``audio.ivf``; both may be looped."""
    _write(folder / "video.ivf", b"VP80", FRAMES_PER_SECOND, _video())
    _write(folder / "audio.ivf", b"OPUS", AUDIO_RATE // AUDIO_SAMPLES, _audio())


def _write(path: Path, codec: bytes, rate: int, frames: list[bytes]) -> None:
    header = struct.pack(
        "<4sHH4sHHIIII", b"DKIF", 0, 32, codec, WIDTH, HEIGHT, rate, 1, len(frames), 0
    )
    body = b"".join(struct.pack("<IQ", len(one), at) + one for at, one in enumerate(frames))
    path.write_bytes(header + body)


def _video() -> list[bytes]:
    encoder = av.CodecContext.create("libvpx", "w")
    encoder.width, encoder.height, encoder.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    encoder.time_base = Fraction(1, FRAMES_PER_SECOND)
    encoder.bit_rate = 120_000
    encoder.gop_size = FRAMES_PER_SECOND
    encoder.options = {"deadline": "realtime", "lag-in-frames": "0", "error-resilient": "1"}
    frames = []
    for count in range(SECONDS * FRAMES_PER_SECOND):
        frame = VideoFrame(WIDTH, HEIGHT, "yuv420p")
        for plane in frame.planes:
            rows = plane.buffer_size // plane.line_size
            plane.update(
                bytes(
                    (row * 2 + column + count * 8) % 200
                    for row in range(rows)
                    for column in range(plane.line_size)
                )
            )
        frame.pts = count
        frame.time_base = encoder.time_base
        frames += [bytes(packet) for packet in encoder.encode(frame)]
    return frames


def _audio() -> list[bytes]:
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = AUDIO_RATE, "stereo", "s16"
    packets = []
    for count in range(SECONDS * AUDIO_RATE // AUDIO_SAMPLES):
        samples = (
            (8000 if (count * AUDIO_SAMPLES + at) // 55 % 2 else -8000) * (count % 25 < 20)
            for at in range(AUDIO_SAMPLES)
        )
        frame = AudioFrame("s16", "stereo", AUDIO_SAMPLES)
        frame.planes[0].update(b"".join(struct.pack("<hh", one, one) for one in samples))
        frame.sample_rate, frame.pts = AUDIO_RATE, count * AUDIO_SAMPLES
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    return packets
