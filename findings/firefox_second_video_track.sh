#!/usr/bin/env bash
# A video element plays a MediaStream. When a video track is added to the stream and the one before
# is removed after that (Media Capture and Streams, section 4.2), Firefox goes on showing the last
# frame of the removed track for ever, though it is told of both changes and the new track brings
# frames. Seen in 115 ESR and in 153, with tracks of a canvas and of an RTCPeerConnection; Chromium
# shows the new track. The way out: remove the old video track first, then add the new one, within
# one task; the element goes on playing.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir -p lists/partial cache/archives/partial
touch status
mirror=$(apt-get indextargets --format '$(REPO_URI) $(SUITE) $(COMPONENT) $(ORIGIN)' \
  "Created-By: Packages" | grep ' [a-z]* main Debian$' | head -n 1 | cut -d ' ' -f 1)
key=/usr/share/keyrings/debian-archive-keyring.gpg
echo "deb [signed-by=$key] $mirror bullseye main" > sources.list
cat > apt.conf <<END
Dir::State::lists "$folder/lists";
Dir::State::status "$folder/status";
Dir::Etc::sourcelist "$folder/sources.list";
Dir::Etc::sourceparts "-";
Dir::Cache "$folder/cache";
APT::Sandbox::User "root";
END
apt-get -c apt.conf -qq update
apt-get -c apt.conf -qq download firefox-esr=115.14.0esr-1~deb11u1 libffi7=3.3-6 \
  libdbus-glib-1-2=0.110-6
for package in *.deb; do dpkg-deb -x "$package" root; done
mkdir profile
echo 'user_pref("marionette.port", 28289);' > profile/user.js
HOME=$folder LD_LIBRARY_PATH=$folder/root/usr/lib/x86_64-linux-gnu \
  root/usr/lib/firefox-esr/firefox-esr --headless --marionette --no-remote \
  --profile "$folder/profile" about:blank > log 2>&1 &
firefox=$!
trap 'kill "$firefox" 2> log || true; wait "$firefox" || true; rm -rf "$folder"' EXIT
python3 - <<'END'
import json
import socket
import time

SCRIPT = """
const [order, done] = arguments;
const pause = (ms) => new Promise((next) => setTimeout(next, ms));
const track = (color) => {
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d");
  setInterval(() => {
    context.fillStyle = color;
    context.fillRect(0, 0, canvas.width, canvas.height);
  }, 40);
  return canvas.captureStream(25).getVideoTracks()[0];
};
const red = track("#f00"), blue = track("#00f");
const stream = new MediaStream([red]);
const video = document.createElement("video");
video.muted = video.autoplay = true;
video.srcObject = stream;
document.body.append(video);
const color = () => {
  const context = document.createElement("canvas").getContext("2d");
  context.drawImage(video, 0, 0);
  const [r, , b] = context.getImageData(9, 9, 1, 1).data;
  return r > 200 ? "red" : b > 200 ? "blue" : "nothing";
};
pause(3000).then(async () => {
  const before = color();
  if (order === "add first") stream.addTrack(blue);
  stream.removeTrack(red);
  if (order === "remove first") stream.addTrack(blue);
  await pause(3000);
  done([before, color(), stream.getTracks().length]);
});
"""
for _ in range(150):
    try:
        line = socket.create_connection(("127.0.0.1", 28289)).makefile("rwb")
        break
    except OSError:
        time.sleep(0.2)


def heard():
    length = b""
    while (byte := line.read(1)) != b":":
        length += byte
    return json.loads(line.read(int(length)))


def ask(number, command, **parameters):
    text = json.dumps([0, number, command, parameters]).encode()
    line.write(b"%d:%s" % (len(text), text))
    line.flush()
    _, _, error, result = heard()
    assert not error, error
    return result


heard()
version = ask(1, "WebDriver:NewSession", capabilities={})["capabilities"]["browserVersion"]
print("Firefox", version)
seen = {}
for number, order in enumerate(("add first", "remove first"), 2):
    ask(10 * number, "WebDriver:Navigate", url="data:text/html,<body>")
    answer = ask(10 * number + 1, "WebDriver:ExecuteAsyncScript", script=SCRIPT, args=[order])
    seen[order] = answer["value"]
    print(order, "->", *seen[order])
assert seen == {"add first": ["red", "red", 1], "remove first": ["red", "blue", 1]}, seen
END
