#!/usr/bin/env bash
# A TURN server answers an Allocate request with two addresses: the relayed one, and the one at which
# it sees the client (XOR-MAPPED-ADDRESS, RFC 8656 section 7.3). Behind a proxy on the same machine it
# sees 127.0.0.1. Of either address a client has to check the family alone, but Firefox discards the
# whole response, without a word, and has no relay candidate. Seen in 153 ESR, over TCP and TLS;
# Chromium takes the relayed address. The way out: have the proxy tell the client's address (coturn:
# tcp-proxy-port, with the PROXY protocol).
set -euo pipefail
folder=$(mktemp -d)
echo 'user_pref("marionette.port", 28291);' > "$folder/user.js"
HOME=$folder firefox-esr --headless --marionette --no-remote --profile "$folder" about:blank \
  > "$folder/log" 2>&1 &
firefox=$!
trap 'kill "$firefox" || true; wait "$firefox" || true; rm -rf "$folder"' EXIT
python3 - <<'END'
import hashlib
import hmac
import json
import socket
import struct
import threading
import time

COOKIE = 0x2112A442
ALLOCATE, SUCCESS, ERROR = 0x0003, 0x0103, 0x0113
LIFETIME, USERNAME, INTEGRITY, CODE, REALM, NONCE = 0x0D, 0x06, 0x08, 0x09, 0x14, 0x15
RELAYED, MAPPED = 0x16, 0x20
SCRIPT = """
const [urls, username, done] = arguments;
const peer = new RTCPeerConnection({
  iceServers: [{ urls, username, credential: "secret" }], iceTransportPolicy: "relay",
});
const found = [];
peer.onicecandidate = ({ candidate }) => {
  if (candidate?.candidate) found.push(candidate.candidate.split(" ")[7]);
};
peer.createDataChannel("any");
peer.setLocalDescription();
setTimeout(() => done(found), 8000);
"""


def own_address():
    with socket.socket(type=socket.SOCK_DGRAM) as some:
        some.connect(("192.0.2.1", 9))  # sends nothing
        return some.getsockname()[0]


def attribute(kind, value):
    return struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)


def address(kind, host, port):
    number = struct.unpack("!I", socket.inet_aton(host))[0] ^ COOKIE
    return attribute(kind, struct.pack("!xBHI", 1, port ^ COOKIE >> 16, number))


def message(kind, transaction, body):
    return struct.pack("!HHI", kind, len(body), COOKIE) + transaction + body


def serve(line, client):
    stream = line.makefile("rb")
    while len(head := stream.read(20)) == 20:
        kind, length, _ = struct.unpack("!HHI", head[:8])
        body, transaction = stream.read(length), head[8:]
        if kind != ALLOCATE:
            continue
        user = next((one for one in ("told", "loopback") if one.encode() in body), None)
        if user is None:
            asked = attribute(CODE, b"\0\0\4\1Unauthorized")
            asked += attribute(REALM, b"here") + attribute(NONCE, b"once")
            line.sendall(message(ERROR, transaction, asked))
            continue
        seen = ("127.0.0.1", 4444) if user == "loopback" else client
        answer = address(RELAYED, OWN, 50000) + address(MAPPED, *seen)
        answer += attribute(LIFETIME, struct.pack("!I", 600))
        # The length covers the attribute that proves it (RFC 8489 section 14.5).
        proven = struct.pack("!HHI", SUCCESS, len(answer) + 24, COOKIE) + transaction + answer
        key = hashlib.md5(f"{user}:here:secret".encode()).digest()
        line.sendall(proven + attribute(INTEGRITY, hmac.digest(key, proven, "sha1")))
        allocated.append(user)


def accept():
    while True:
        line, client = listener.accept()
        threading.Thread(target=serve, args=(line, client), daemon=True).start()


OWN = own_address()
allocated = []
listener = socket.create_server((OWN, 0))
threading.Thread(target=accept, daemon=True).start()
for _ in range(150):
    try:
        browser = socket.create_connection(("127.0.0.1", 28291)).makefile("rwb")
        break
    except OSError:
        time.sleep(0.2)


def heard():
    length = b""
    while (byte := browser.read(1)) != b":":
        length += byte
    return json.loads(browser.read(int(length)))


def ask(number, command, **parameters):
    text = json.dumps([0, number, command, parameters]).encode()
    browser.write(b"%d:%s" % (len(text), text))
    browser.flush()
    _, _, error, result = heard()
    assert not error, error
    return result


heard()
print("Firefox", ask(1, "WebDriver:NewSession", capabilities={})["capabilities"]["browserVersion"])
ask(2, "WebDriver:Navigate", url="data:text/html,<body>")
url = f"turn:{OWN}:{listener.getsockname()[1]}?transport=tcp"
found = {}
for number, user in enumerate(("told", "loopback"), 3):
    answer = ask(number, "WebDriver:ExecuteAsyncScript", script=SCRIPT, args=[url, user])
    found[user] = answer["value"]
    print(user, "-> allocated:", user in allocated, "candidates:", *found[user])
assert {"told", "loopback"} <= set(allocated), allocated
assert "relay" in found["told"] and not found["loopback"], found
END
