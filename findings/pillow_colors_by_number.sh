#!/usr/bin/env bash
# A picture says its colors by an ICC profile or by numbers (CICP, ITU-T H.273: 12 and 13 are Display P3).
# Pillow opens AVIF and PNG in P3 by number as if they were sRGB, and neither `info` nor anything else
# tells that the numbers were there: red is too dull in every copy, while browsers convert. pi-heif
# does not convert either, but tells (`info["nclx_profile"]`). The numbers have to be read from the file:
# the box `colr` of AVIF, the chunk `cICP` of PNG.
# Seen with Pillow 13.0.0, pi-heif 1.4.0 (libheif 1.23.0); files made with pillow-heif 1.8.1.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0 pi-heif==1.4.0 pillow-heif==1.8.1
"$folder/venv/bin/python" - >"$folder/seen" <<'PYTHON'
import struct
import zlib
from io import BytesIO

import pi_heif
import pillow_heif
from PIL import Image

red = Image.new("RGB", (64, 64), (200, 60, 40))  # in Display P3; in sRGB it is (217, 42, 23)


def saved(kind, **options):
    target = BytesIO()
    red.save(target, kind, **options)
    return target.getvalue()


png = saved("PNG")
chunk = b"cICP" + bytes([12, 13, 0, 1])
png = png[:33] + struct.pack(">I", 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) + png[33:]
avif = saved("AVIF", quality=100, subsampling="4:4:4").replace(b"nclx\0\1\0\x0d", b"nclx\0\x0c\0\x0d")
pillow_heif.register_heif_opener()
heic = saved("HEIF", quality=-1, chroma=444, color_primaries=12, transfer_characteristics=13, matrix_coefficients=0)
pi_heif.register_heif_opener()
for name, data in (("PNG", png), ("AVIF", avif), ("HEIC", heic)):
    image = Image.open(BytesIO(data))
    found = image.convert("RGB").getpixel((32, 32))
    raw = all(abs(a - b) <= 2 for a, b in zip(found, (200, 60, 40)))
    told = [key for key in image.info if "icc" in key or "nclx" in key or "cicp" in key.lower()]
    print(f"{name}: {'not converted' if raw else found}, told by {told or 'nothing'}")
PYTHON
cat "$folder/seen"
diff "$folder/seen" - <<'EXPECTED'
PNG: not converted, told by nothing
AVIF: not converted, told by nothing
HEIC: not converted, told by ['nclx_profile']
EXPECTED
