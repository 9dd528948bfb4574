import assert from "node:assert/strict";
import { test } from "node:test";
import { setEncodings } from "../../web/static/js/room/line/encodings.js";

test("a camera is sent large and small, a screen as it is", () => {
  /** @type {any} */
  const track = { getSettings: () => ({ height: 540 }) };
  /** @type {RTCRtpEncodingParameters[]} */
  const camera = [{ rid: "h" }, { rid: "l" }];
  setEncodings("video", track, camera);
  assert.deepEqual(
    camera.map((one) => one.scaleResolutionDownBy),
    [1, 3],
  );
  setEncodings("video", track, camera, { single: true });
  assert.deepEqual(
    camera.map((one) => one.active ?? true),
    [false, true],
    "a narrow link gets one",
  );
  assert.equal(camera[1]?.scaleResolutionDownBy, 1);
  setEncodings("video", track, camera);
  assert.deepEqual(
    camera.map((one) => one.active ?? true),
    [true, true],
  );
  /** @type {RTCRtpEncodingParameters[]} */
  const screen = [{}];
  setEncodings("screen", track, screen);
  assert.equal(screen[0]?.scaleResolutionDownBy, 1);
});
