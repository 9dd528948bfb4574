#!/usr/bin/env bash
# Both ends of a connection that carries video restart ICE, and their offers cross; one end takes its
# own back and answers (perfect negotiation, W3C WebRTC section 10.7; a rollback restores the state
# before the offer, RFC 9429 section 4.1.10.2). In Chromium 156 that end shows no picture any more: its
# track is live and unmuted, frames are decoded, and no element gets one, not even a new one. What
# was set by setParameters since the connection was made is forgotten, too. It makes no difference
# whether the rollback is implicit. In Chromium 119 pictures go on. The way out: only one end makes
# offers.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check playwright==1.64.0
"$folder/venv/bin/python" - "$(command -v chromium)" <<'END'
import sys

from playwright.sync_api import sync_playwright

PAGE = """
async (explicit) => {
  const pause = (ms) => new Promise((next) => setTimeout(next, ms));
  const canvas = document.createElement("canvas");
  const drawing = canvas.getContext("2d");
  setInterval(() => {
    drawing.fillStyle = `hsl(${Date.now() / 5} 60% 50%)`;
    drawing.fillRect(0, 0, canvas.width, canvas.height);
  }, 50);
  const [track] = canvas.captureStream(20).getVideoTracks();
  const show = (shown) => {
    const video = document.createElement("video");
    video.muted = true;
    video.srcObject = new MediaStream([shown]);
    video.play();
    document.body.append(video);
    return video;
  };
  const moves = async (video) => {
    const before = video.getVideoPlaybackQuality().totalVideoFrames;
    await pause(2000);
    return video.getVideoPlaybackQuality().totalVideoFrames - before;
  };
  const [one, other] = [new RTCPeerConnection(), new RTCPeerConnection()];
  const whole = async (end) => {
    while (end.iceGatheringState !== "complete") await pause(20);
    return end.localDescription;
  };
  const negotiate = async () => {
    await other.setRemoteDescription(await whole(one));
    await other.setLocalDescription();
    await one.setRemoteDescription(await whole(other));
  };
  one.addTransceiver(track);
  other.addTrack(track);
  await one.setLocalDescription();
  await negotiate();
  const [at] = other.getTransceivers();
  const limited = at.sender.getParameters();
  limited.encodings[0].maxBitrate = 400_000;
  await at.sender.setParameters(limited);
  const video = show(at.receiver.track);
  await pause(1000);
  const before = await moves(video);
  one.restartIce();
  other.restartIce();
  await one.setLocalDescription();
  await other.setLocalDescription();
  if (explicit) await other.setLocalDescription({ type: "rollback" });
  await negotiate();
  await pause(2000);
  const decoded = async () => [...(await at.receiver.getStats()).values()]
    .find((report) => report.type === "inbound-rtp").framesDecoded;
  const first = await decoded();
  return {
    before,
    after: await moves(video),
    fresh: await moves(show(at.receiver.track)),
    decoded: await decoded() - first,
    track: [at.receiver.track.readyState, at.receiver.track.muted].join(),
    limit: at.sender.getParameters().encodings[0].maxBitrate ?? null,
    state: other.connectionState,
  };
}
"""

with sync_playwright() as playwright:
    browser = playwright.chromium.launch(
        executable_path=sys.argv[1],
        args=["--no-sandbox", "--disable-features=WebRtcHideLocalIpsWithMdns"],
    )
    page = browser.new_page()
    for explicit in (False, True):
        found = page.evaluate(PAGE, explicit)
        print("Chromium", browser.version, "explicit" if explicit else "implicit", found)
        assert found["before"] > 10 and found["decoded"] > 10, found
        assert found["state"] == "connected" and found["track"] == "live,false", found
        assert found["after"] == found["fresh"] == 0 and found["limit"] is None, found
    browser.close()
END
