#!/usr/bin/env bash
# Chromium offers an ICE restart, and Firefox answers. A restart flushes all former states (RFC 8445,
# section 9), but until a candidate comes with or after the answer, Chromium 156 pairs its new ports
# with Firefox's candidates of before the restart. Firefox checks as soon as it has Chromium's
# candidates, and its checks come sooner than its own candidates if signaling is the slower way.
# Chromium then nominates a pair with an old candidate and keeps to it; the pair with the new one stays
# "waiting" without a single request, even once the candidate is there, although each of these checks is
# to trigger one (section 7.3.1.4). Firefox 153 answers at its old port, but gets none of the media that
# is sent to it. Its picture stands still, and both ends are "connected". Where another Chromium answers,
# or where Firefox offers, pictures go on. The way out: send the candidates of a restart only once those
# of the answer have come.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check playwright==1.64.0
"$folder/venv/bin/python" - \
  "$(command -v chromium)" "$(command -v firefox-esr || command -v firefox)" <<'END'
import sys
import time

from playwright.sync_api import sync_playwright

PAGE = """
() => {
  const canvas = document.createElement("canvas");
  const drawing = canvas.getContext("2d");
  setInterval(() => {
    drawing.fillStyle = `hsl(${Date.now() / 5} 60% 50%)`;
    drawing.fillRect(0, 0, canvas.width, canvas.height);
  }, 50);
  const [track] = canvas.captureStream(20).getVideoTracks();
  const end = new RTCPeerConnection();
  const said = [];
  const describe = async () => {
    await end.setLocalDescription();
    said.push({ description: end.localDescription.toJSON() });
  };
  end.onicecandidate = ({ candidate }) => {
    if (candidate?.candidate) said.push({ candidate: candidate.toJSON() });
  };
  end.addTrack(track);
  window.take = () => said.splice(0);
  window.give = async ({ description, candidate }) => {
    if (candidate) return end.addIceCandidate(candidate);
    await end.setRemoteDescription(description);
    if (description.type === "offer") await describe();
  };
  window.offer = (restart) => {
    if (restart) end.restartIce();
    return describe();
  };
  window.look = async () => {
    const found = await end.getStats();
    const reports = [...found.values()];
    const video = reports.find(({ type, kind }) => type === "inbound-rtp" && kind === "video");
    return {
      state: end.connectionState,
      frames: video?.framesDecoded ?? 0,
      pairs: reports.filter(({ type }) => type === "candidate-pair").map((pair) => ({
        local: found.get(pair.localCandidateId)?.port,
        remote: found.get(pair.remoteCandidateId)?.port,
        state: pair.state,
        nominated: pair.nominated,
        sent: pair.requestsSent,
      })),
    };
  };
}
"""


def offers(one, other, *, restart, late):
    """Carry all messages for some seconds; the candidates of the answer arrive later than it."""
    ports = {one: set(), other: set()}
    waiting = []
    one.evaluate("(restart) => offer(restart)", restart)
    until = time.monotonic() + 4
    while (now := time.monotonic()) < until:
        for source, target in ((one, other), (other, one)):
            for message in source.evaluate("take()"):
                if "candidate" in message:
                    ports[source].add(int(message["candidate"]["candidate"].split()[5]))
                is_late = source is other and "candidate" in message
                waiting.append((now + (late if is_late else 0), target, message))
        for each in [each for each in waiting if each[0] <= now]:
            waiting.remove(each)
            each[1].evaluate("(message) => give(message)", each[2])
        one.wait_for_timeout(10)
    return ports


with sync_playwright() as playwright:
    chromium = playwright.chromium.launch(
        executable_path=sys.argv[1],
        args=["--no-sandbox", "--disable-features=WebRtcHideLocalIpsWithMdns"],
    )
    firefox = playwright.firefox.launch(
        channel="moz-firefox",
        executable_path=sys.argv[2],
        firefox_user_prefs={"media.peerconnection.ice.obfuscate_host_addresses": False},
    )
    print("Chromium", chromium.version, "offers, Firefox", firefox.version, "answers")
    one, other = chromium.new_page(), firefox.new_page()
    for page in (one, other):
        page.goto("data:text/html,<body>")
        page.evaluate(PAGE)
    old = offers(one, other, restart=False, late=0)
    assert one.evaluate("look()")["frames"] and other.evaluate("look()")["frames"]
    new = offers(one, other, restart=True, late=0.5)
    before = [page.evaluate("look()")["frames"] for page in (one, other)]
    one.wait_for_timeout(10_000)
    after = [page.evaluate("look()") for page in (one, other)]
    frames = [look["frames"] - count for look, count in zip(after, before)]
    print("frames in 10 s: Chromium", frames[0], "Firefox", frames[1])
    print("states:", *(look["state"] for look in after))
    mixed, fresh = [], []
    for pair in after[0]["pairs"]:
        if pair["local"] in new[one] and pair["remote"] in old[other]:
            mixed.append(pair)
            print("new port, old candidate:", pair)
        elif pair["local"] in new[one] and pair["remote"] in new[other]:
            fresh.append(pair)
            print("new port, new candidate:", pair)
    assert [look["state"] for look in after] == ["connected", "connected"]
    assert frames[0] > 50 and frames[1] == 0, frames
    assert any(pair["nominated"] and pair["state"] == "succeeded" for pair in mixed), mixed
    assert fresh and all(pair["state"] == "waiting" and not pair["sent"] for pair in fresh), fresh
    firefox.close()
    chromium.close()
END
