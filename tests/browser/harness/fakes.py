"""A camera and a microphone for browsers without either: files that Chromium plays in a loop.

Chromium takes raw Y4M and WAV. Its other picture format, MJPEG, makes the capture stop after some
frames. Both files are made here so that the tests need no encoder.
"""

import array
import math
import sys
import wave
from pathlib import Path

WIDTH, HEIGHT, FRAMES_PER_SECOND = 640, 360, 10
SAMPLES_PER_SECOND = 48_000


def write_camera(path: Path, seconds: int = 2) -> None:
    """Bright and dark stripes that move by an eighth of the width a second while colors change."""
    frames = seconds * FRAMES_PER_SECOND
    stripe = bytes(16 + 219 * abs(2 * column - 160) // 160 for column in range(160))
    chroma_size = (WIDTH // 2) * (HEIGHT // 2)
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{FRAMES_PER_SECOND}:1 Ip A1:1 C420\n".encode())
        for frame in range(frames):
            shift = frame * 160 // frames
            row = (stripe[shift:] + stripe[:shift]) * (WIDTH // 160)
            turn = 2 * math.pi * frame / frames
            blue = bytes([int(128 + 60 * math.cos(turn))]) * chroma_size
            red = bytes([int(128 + 60 * math.sin(turn))]) * chroma_size
            file.write(b"FRAME\n" + row * HEIGHT + blue + red)


def write_microphone(path: Path, seconds: int = 2) -> None:
    """Beeps of 440 Hz, two a second: the noise suppression of browsers removes a steady tone."""
    samples = array.array("h")
    for number in range(seconds * SAMPLES_PER_SECOND):
        is_beep = number % (SAMPLES_PER_SECOND // 2) < SAMPLES_PER_SECOND // 5
        angle = 2 * math.pi * 440 * number / SAMPLES_PER_SECOND
        samples.append(int(16_000 * math.sin(angle)) if is_beep else 0)
    if sys.byteorder == "big":
        samples.byteswap()
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLES_PER_SECOND)
        file.writeframes(samples.tobytes())
