#!/usr/bin/env bash
# `ImageOps.exif_transpose` not only turns a picture: it writes its EXIF anew, without the orientation.
# That raises if any tag has another type than Pillow's table of tags says, as the width as a text
# or a name as a fraction, which editors write and every viewer overlooks. Only pictures that are turned
# raise; an upright one with the same tag passes. To get upright pixels alone, read the orientation with
# `getexif` and call `transpose`.
# Seen with Pillow 13.0.0.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0
"$folder/venv/bin/python" - >"$folder/seen" <<'PYTHON'
import struct
from io import BytesIO

from PIL import Image, ImageOps

TAGS = {
    "width as a text": (0x0100, 2, 3, b"96\0\0"),
    "name of the document as a fraction": (0x010D, 5, 1, bytes(4)),
}
for name, tag in TAGS.items():
    for orientation in (1, 6):
        exif = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", 2)
        exif += struct.pack("<HHI", *tag[:3]) + tag[3]
        exif += struct.pack("<HHII", 0x0112, 3, 1, orientation) + bytes(4)
        target = BytesIO()
        Image.new("RGB", (8, 4)).save(target, "JPEG", exif=exif)
        picture = Image.open(target)
        try:
            found = ImageOps.exif_transpose(picture).size
        except Exception as error:
            found = type(error).__name__
        print(f"{name}, orientation {picture.getexif()[0x0112]}: {found}")
PYTHON
cat "$folder/seen"
diff "$folder/seen" - <<'EXPECTED'
width as a text, orientation 1: (8, 4)
width as a text, orientation 6: error
name of the document as a fraction, orientation 1: (8, 4)
name of the document as a fraction, orientation 6: AttributeError
EXPECTED
