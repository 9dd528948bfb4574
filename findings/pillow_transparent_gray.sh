#!/usr/bin/env bash
# A gray or RGB PNG may name one transparent color (`tRNS`, ISO/IEC 15948, 11.3.2.1) in the depth of its
# samples. Pillow scales samples of 1, 2 and 4 bits to 8 and drops the lower half of 16 bits in RGB, but
# leaves the color as it is in the file, and compares its lowest 8 bits: another color than the file's
# becomes transparent, or none. Of 16 bits of gray that one scales oneself, the darkest may be meant by
# chance. Browsers compare before they scale. The color has to be scaled as the samples were, before
# `convert`; of 16-bit gray it has to be made a mask while there are 16 bits.
# Seen with Pillow 13.0.0.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0
"$folder/venv/bin/python" - >"$folder/seen" <<'PYTHON'
import struct
import zlib
from io import BytesIO

from PIL import Image


def png(depth, color_type, row, transparent):
    head = struct.pack(">IIBBBBB", 4, 1, depth, color_type, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n"
    for name, content in (
        (b"IHDR", head), (b"tRNS", transparent), (b"IDAT", zlib.compress(b"\0" + row)), (b"IEND", b"")
    ):
        data += struct.pack(">I", len(content)) + name + content
        data += struct.pack(">I", zlib.crc32(name + content))
    return BytesIO(data)


def alpha(file):
    return list(Image.open(file).convert("RGBA").getchannel("A").tobytes())


print("2 bits, 1 of 0 1 2 3:", alpha(png(2, 0, bytes([0b00011011]), b"\0\1")))
print("4 bits, 7 of 0 7 10 15:", alpha(png(4, 0, bytes([0x07, 0xAF]), b"\0\7")))
colors = struct.pack(">12H", *(value for value in (0, 0x100, 0x8000, 0xFFFF) for _ in range(3)))
print("RGB of 16 bits, 256 of 0 256 32768 65535:", alpha(png(16, 2, colors, b"\1\0" * 3)))
PYTHON
cat "$folder/seen"
diff "$folder/seen" - <<'EXPECTED'
2 bits, 1 of 0 1 2 3: [255, 255, 255, 255]
4 bits, 7 of 0 7 10 15: [255, 255, 255, 255]
RGB of 16 bits, 256 of 0 256 32768 65535: [0, 255, 255, 255]
EXPECTED
