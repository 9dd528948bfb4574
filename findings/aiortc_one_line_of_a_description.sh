#!/usr/bin/env bash
# A reader of SDP leaves out what it does not understand (RFC 8866 section 5). aiortc refuses a whole
# description for one valid line: attributes of a header extension (RFC 8285 section 5; GStreamer writes
# RFC 6464's "vad=on"), source attributes without a value (RFC 5576), the parameters of a static format
# without a=rtpmap. Seen in 1.16.0. The way out: read the lines that count by hand.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet --disable-pip-version-check aiortc==1.16.0
"$folder/bin/python" - <<'END_OF_PROGRAM'
import aiortc
from aiortc.sdp import SessionDescription

BEGINNING = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
SECTION = "m=audio 9 UDP/TLS/RTP/SAVPF 111 18\r\na=rtpmap:111 opus/48000/2\r\n"
LINES = (
    "a=extmap:4 urn:ietf:params:rtp-hdrext:ssrc-audio-level vad=on",
    "a=ssrc:5 previous-ssrc",
    "a=fmtp:18 annexb=no",
)
print("aiortc", aiortc.__version__)
SessionDescription.parse(BEGINNING + SECTION)
for line in LINES:
    try:
        SessionDescription.parse(f"{BEGINNING}{SECTION}{line}\r\n")
    except Exception as error:
        print(f"{line}: {type(error).__name__}: {error}")
    else:
        raise SystemExit(f"{line} is read now")
END_OF_PROGRAM
