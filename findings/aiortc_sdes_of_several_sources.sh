#!/usr/bin/env bash
# An SDES packet may describe several sources, whose items each end with zeros up to the next word, one
# at least (RFC 3550 section 6.5). aiortc reads two octets where it finds the zero: unless the padding
# has exactly two, it goes on at the wrong place, and refuses the whole compound, reports and requests
# included, or takes a wrong SSRC for the next one. A report with an extension of its profile (section
# 6.4.3) is refused as well. Seen in 1.16.0. The way out: split compounds and read SDES by hand.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet --disable-pip-version-check aiortc==1.16.0
"$folder/bin/python" - <<'END_OF_PROGRAM'
import struct

import aiortc
from aiortc.rtp import RtcpPacket

print("aiortc", aiortc.__version__)


def described(length: int) -> str:
    name = bytes((1, length)) + b"x" * length
    chunks = b""
    for ssrc in (0x01020304, 0xF0F0F0F0):
        chunk = struct.pack("!I", ssrc) + name
        chunks += chunk + bytes(4 - len(chunk) % 4)
    packet = struct.pack("!BBH", 0x82, 202, len(chunks) // 4) + chunks
    try:
        (description,) = RtcpPacket.parse(packet)
        return " ".join(f"{one.ssrc:08x}" for one in description.chunks)
    except ValueError as error:
        return str(error)


found = {length: described(length) for length in range(1, 9)}
for length, result in found.items():
    print(f"two sources with names of {length} octets: {result}")
right = [length for length, result in found.items() if result == "01020304 f0f0f0f0"]
assert right == [4, 8], right
report = struct.pack("!BBHI4s", 0x80, 201, 2, 1, b"more")
try:
    RtcpPacket.parse(report)
    raise SystemExit("a report with an extension is read now")
except ValueError as error:
    print("a report with an extension:", error)
END_OF_PROGRAM
