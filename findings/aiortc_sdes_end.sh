#!/usr/bin/env bash
# The items of an SDES chunk end with a zero octet, and more of them only up to the next word (RFC 3550
# section 6.5). aiortc always writes two at least: where a chunk needs one, as with a CNAME of 1, 5, 9...
# octets, a whole word follows that belongs to no chunk. tshark calls such a packet malformed. aiortc's
# own names are 36 octets long and need two. Seen in 1.16.0. The way out: write SDES by hand.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet --disable-pip-version-check aiortc==1.16.0
"$folder/bin/python" - <<'END_OF_PROGRAM'
import aiortc
from aiortc.rtp import RtcpSdesPacket, RtcpSourceInfo

print("aiortc", aiortc.__version__)
beyond = {}
for length in range(1, 10):
    packet = bytes(RtcpSdesPacket([RtcpSourceInfo(1, [(1, b"x" * length)])]))
    items = 4 + 2 + length
    chunk = items + 4 - items % 4
    beyond[length] = len(packet) - 4 - chunk
print("octets beyond the chunk, by the length of a CNAME:", beyond)
assert beyond == {length: 4 if length % 4 == 1 else 0 for length in range(1, 10)}, beyond
END_OF_PROGRAM
