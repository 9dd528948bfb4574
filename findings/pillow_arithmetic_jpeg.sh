#!/usr/bin/env bash
# A JPEG may be coded arithmetically (ITU-T T.81, F.1.4), and libjpeg-turbo reads that. Pillow hands it
# a file in blocks of 64 kB, and libjpeg cannot wait for more in the middle of arithmetic coding: a small
# file opens, a larger one is a "broken data stream" (Chromium shows both). The way out is to hand over
# everything at once: `image.decodermaxblock = size of the file` before `load()`.
# Seen with Pillow 13.0.0 (libjpeg-turbo 3.2.0), files by cjpeg of Debian's libjpeg-turbo-progs 2.1.5.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
if ! command -v cjpeg >/dev/null; then
  chmod 755 "$folder" # apt fetches as a user of its own
  (cd "$folder" && apt-get download --quiet=2 libjpeg-turbo-progs && dpkg -x libjpeg-turbo-progs_*.deb tools)
  PATH="$folder/tools/usr/bin:$PATH"
fi
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0
"$folder/venv/bin/python" - >"$folder/seen" <<'PYTHON'
import subprocess
from io import BytesIO

from PIL import Image

for name, size in (("below 64 kB", (200, 150)), ("above 64 kB", (800, 600))):
    picture = BytesIO()
    Image.effect_noise(size, 60).convert("RGB").save(picture, "PPM")
    made = subprocess.run(
        ["cjpeg", "-arithmetic"], input=picture.getvalue(), capture_output=True, check=True
    ).stdout
    assert (len(made) > 65536) == (name == "above 64 kB"), len(made)
    for at_once in (False, True):
        image = Image.open(BytesIO(made))
        if at_once:
            image.decodermaxblock = len(made)
        try:
            image.load()
            found = "read"
        except OSError as error:
            found = str(error)
        print(f"{name}, {'at once' if at_once else 'in blocks'}: {found}")
PYTHON
cat "$folder/seen"
diff "$folder/seen" - <<'EXPECTED'
below 64 kB, in blocks: read
below 64 kB, at once: read
above 64 kB, in blocks: broken data stream when reading image file
above 64 kB, at once: read
EXPECTED
