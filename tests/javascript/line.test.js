import assert from "node:assert/strict";
import { test } from "node:test";
import {
  limitsFor,
  limitAudio,
  limitVideo,
  together,
  UNLIMITED,
} from "../../web/static/js/room/line/sending-limits.js";
import { readCounters } from "../../web/static/js/room/line/quality.js";
import { readLine, VideoPause } from "../../web/static/js/room/line/video-pause.js";
import { WholeStats } from "../../web/static/js/room/line/whole-stats.js";

/** @import { Line } from "../../web/static/js/room/line/video-pause.js" */

/**
 * @param {Partial<Line>} [line]
 * @returns {Line}
 */
function near(line) {
  return { uplink: 1_000_000, roundTrip: 0.05, loss: 0, nacks: 0, video: null, ...line };
}

/** @param {Partial<Line>} [line] */
function far(line) {
  return near({ uplink: 300_000, roundTrip: 0.6, ...line });
}

class Stage {
  pause = new VideoPause();
  now = 0;

  /**
   * Poll this often, once a second.
   * @param {Line} line
   */
  see(line, seconds = 1, wanted = true) {
    for (let second = 0; second < seconds; second += 1) {
      this.now += 1_000;
      this.pause.note(line, wanted, this.now);
    }
    return this.pause.state;
  }

  /**
   * Poll until something changes.
   * @param {Line} line
   * @returns {number} seconds
   */
  until(line, most = 1_000) {
    const began = this.now;
    const { state } = this.pause;
    while (this.see(line) === state) assert.ok(this.now - began < most * 1_000, state);
    return (this.now - began) / 1_000;
  }
}

test("video on a near line begins at once", () => {
  const stage = new Stage();
  assert.equal(stage.see(near()), "sent");
});

test("video waits until the round trip is known, for six seconds at most", () => {
  const stage = new Stage();
  assert.equal(stage.see(near({ roundTrip: 0 }), 6), "unknown");
  assert.equal(stage.see(near({ roundTrip: 0 })), "sent");
});

test("a first round trip that took long on a busy machine does not make a line far", () => {
  const stage = new Stage();
  assert.equal(stage.see(near({ roundTrip: 0.9 }), 2), "paused");
  assert.equal(stage.see(near({ roundTrip: 0 })), "paused", "nothing new is known");
  assert.equal(stage.see(near()), "sent");
  const later = new Stage();
  assert.equal(later.see(far(), 5), "tried");
  assert.equal(later.see(far({ uplink: 40_000, loss: 0.1 })), "paused");
  assert.equal(later.see(near(), 30), "paused", "what a trial has shown is not a late answer");
});

test("video on a far line begins small, and grows with the estimate", () => {
  const stage = new Stage();
  assert.equal(stage.see(far(), 4), "paused");
  assert.equal(stage.see(far()), "tried");
  assert.equal(stage.until(far({ uplink: 80_000 })), 6);
  assert.equal(stage.pause.state, "small");
  assert.equal(stage.see(far({ uplink: 80_000 }), 60), "small");
  assert.equal(stage.see(far()), "sent");
});

test("a line that the browser has found narrow is not tried at first", () => {
  const stage = new Stage();
  const narrow = far({ uplink: 25_000 });
  assert.equal(stage.see(narrow, 40), "paused");
  assert.equal(stage.until(narrow), 5);
  assert.equal(stage.pause.state, "tried");
});

test("failed trials come more and more rarely", () => {
  const stage = new Stage();
  const narrow = far({ uplink: 25_000 });
  const waited = [];
  stage.see(narrow);
  for (let trial = 0; trial < 6; trial += 1) {
    waited.push(stage.until(narrow));
    assert.equal(stage.pause.state, "tried");
    assert.equal(stage.see(far({ uplink: 25_000, roundTrip: 0.9 })), "paused");
  }
  assert.deepEqual(waited, [44, 80, 160, 320, 320, 320]);
});

test("each sign of a full line ends a trial, and none of them on a wide one", () => {
  const signs = [
    { roundTrip: 0.8 },
    { loss: 0.06 },
    { nacks: 3 },
    { video: { at: 9, roundTrip: 0.8, loss: 0 } },
    { video: { at: 9, roundTrip: 0, loss: 0.06 } },
  ];
  for (const sign of signs) {
    for (const [uplink, state] of /** @type {const} */ ([
      [40_000, "paused"],
      [200_000, "tried"],
    ])) {
      const stage = new Stage();
      stage.see(far({ video: { at: 1, roundTrip: 2, loss: 0.5 } }), 5);
      assert.equal(stage.pause.state, "tried");
      const seen = stage.see(far({ uplink, ...sign }));
      assert.equal(seen, state, JSON.stringify([sign, uplink]));
    }
  }
});

test("a report from before a trial says nothing of it", () => {
  const stage = new Stage();
  const old = { at: 5, roundTrip: 1.5, loss: 0.4 };
  stage.see(far({ video: old }), 5);
  assert.equal(stage.see(far({ uplink: 50_000, video: old }), 5), "tried");
});

test("a line that becomes narrow in a call pauses video when some polls agree", () => {
  const stage = new Stage();
  stage.see(near(), 30);
  const narrow = near({ uplink: 40_000, loss: 0.1 });
  assert.equal(stage.see(narrow, 2), "sent");
  assert.equal(stage.see(near()), "sent");
  assert.equal(stage.see(narrow, 2), "sent");
  assert.equal(stage.see(narrow), "paused");
  assert.equal(stage.until(near()), 40);
});

test("without an estimate a small video grows once it has done no harm for a minute", () => {
  const stage = new Stage();
  stage.see(far({ uplink: 0 }), 12);
  assert.equal(stage.pause.state, "small");
  assert.equal(stage.see(far({ uplink: 0 }), 50), "small");
  assert.equal(stage.see(far({ uplink: 0 }), 12), "sent");
});

test("after a move to a longer way its round trip is no queue", () => {
  const stage = new Stage();
  stage.see(near({ roundTrip: 0.02 }), 12);
  assert.equal(stage.see(near({ uplink: 60_000, roundTrip: 0.3 }), 3), "paused");
  stage.see(near({ uplink: 60_000, roundTrip: 0.3 }), 40);
  assert.equal(stage.see(near({ uplink: 60_000, roundTrip: 0.3 }), 8), "small");
});

test("a low estimate alone harms nobody", () => {
  const stage = new Stage();
  stage.see(near());
  assert.equal(stage.see(near({ uplink: 40_000 }), 60), "sent");
});

test("losses that nobody can listen to pause video whatever the estimate is", () => {
  const stage = new Stage();
  stage.see(near());
  assert.equal(stage.see(near({ uplink: 0, loss: 0.2 }), 2), "paused");
  assert.equal(stage.see(near({ uplink: 0, loss: 0.2 }), 60), "paused", "audio has no room either");
});

test("video that held for a minute has the next trial soon again", () => {
  const stage = new Stage();
  const narrow = near({ uplink: 40_000, loss: 0.1 });
  stage.see(near());
  stage.until(narrow);
  assert.equal(stage.until(near()), 40);
  stage.until(narrow);
  assert.equal(stage.until(near()), 80);
  assert.equal(stage.until(near()), 6);
  assert.equal(stage.until(near()), 1);
  assert.equal(stage.see(near(), 61), "sent");
  stage.until(narrow);
  assert.equal(stage.until(near()), 40);
});

test("without video nothing is tried or paused", () => {
  const stage = new Stage();
  assert.equal(stage.see(far(), 100, false), "paused");
  assert.equal(stage.see(far()), "tried");
  assert.equal(stage.see(far(), 1, false), "paused");
  const other = new Stage();
  assert.equal(other.see(near({ uplink: 30_000, loss: 0.3 }), 100, false), "sent");
});

test("the line is read from the stats of a connection", () => {
  const reports = [
    {
      type: "candidate-pair",
      nominated: true,
      availableOutgoingBitrate: 64e3,
      currentRoundTripTime: 0.6,
    },
    { type: "candidate-pair", availableOutgoingBitrate: 9e9, currentRoundTripTime: 9 },
    { type: "outbound-rtp", kind: "audio" },
    { type: "outbound-rtp", kind: "video", nackCount: 4 },
    { type: "remote-inbound-rtp", kind: "audio", timestamp: 7, fractionLost: 0.1 },
    {
      type: "remote-inbound-rtp",
      kind: "video",
      timestamp: 5,
      fractionLost: 0.5,
      roundTripTime: 2,
    },
    { type: "remote-inbound-rtp", kind: "video", timestamp: 6, roundTripTime: 1 },
  ];
  assert.deepEqual(readLine(reports), {
    uplink: 64e3,
    roundTrip: 0.6,
    loss: 0.1,
    nacks: 4,
    video: { at: 6, roundTrip: 1, loss: 0 },
  });
});

test("without a round trip of its own, a path has that of RTCP", () => {
  const whole = new WholeStats();
  const rtcp = [
    { type: "remote-inbound-rtp", kind: "audio", roundTripTime: 0.5, fractionLost: 0 },
    { type: "remote-inbound-rtp", kind: "video", roundTripTime: 0.7, fractionLost: 0 },
  ];
  const pair = { type: "candidate-pair", nominated: true };
  const roundTrip = (/** @type {any[]} */ ...reports) => readLine(whole.fill(reports)).roundTrip;
  assert.equal(roundTrip(pair, ...rtcp), 0.5);
  assert.equal(roundTrip(pair), 0);
  assert.equal(roundTrip({ ...pair, currentRoundTripTime: 0.1 }, ...rtcp), 0.1);
  // no answer yet, and one that came faster than the clock ticks
  assert.equal(roundTrip({ ...pair, currentRoundTripTime: 0 }, ...rtcp), 0);
  assert.equal(roundTrip({ ...pair, currentRoundTripTime: 0, responsesReceived: 2 }), 0.001);
  assert.equal(readCounters(whole.fill([pair, ...rtcp])).roundTrip, 0.5);
});

test("without a share of lost packets it is that between two reports", () => {
  const whole = new WholeStats();
  const loss = (/** @type {number} */ timestamp, /** @type {number} */ lost, sent = 0) =>
    readLine(
      whole.fill([
        { type: "outbound-rtp", kind: "audio", ssrc: 7, packetsSent: sent },
        { type: "remote-inbound-rtp", mediaType: "audio", ssrc: 7, timestamp, packetsLost: lost },
      ]),
    ).loss;
  assert.equal(loss(1_000, 0, 100), 0);
  assert.equal(loss(6_000, 50, 350), 0.2);
  assert.equal(loss(6_000, 50, 400), 0.2, "the same report");
  assert.equal(loss(11_000, 50, 600), 0);
  assert.equal(loss(16_000, 900, 700), 1);
  assert.equal(
    readLine(whole.fill([{ type: "remote-inbound-rtp", kind: "audio", fractionLost: 0.3 }])).loss,
    0.3,
  );
});

test("saving data limits what is sent on any line, and never sends more", () => {
  const { video, height, frameRate, audioBitrate } = together(UNLIMITED, true);
  assert.deepEqual([video, height, frameRate, audioBitrate], [true, 160, 8, 20_000]);
  assert.equal(together(limitsFor("paused"), true).video, false);
  assert.equal(together(limitsFor("unknown"), true).video, false);
  assert.equal(together(UNLIMITED, false), UNLIMITED);
});

test("limits are set on encodings, and lifted again", () => {
  /** @type {RTCRtpEncodingParameters} */
  const video = {};
  limitVideo(video, { bitrate: 900_000, lines: 480 }, limitsFor("small"));
  assert.deepEqual(video, {
    active: true,
    maxBitrate: 50_000,
    scaleResolutionDownBy: 3,
    maxFramerate: 8,
  });
  limitVideo(video, { bitrate: 900_000, lines: 480 }, UNLIMITED);
  assert.deepEqual(video, { active: true, maxBitrate: 900_000, scaleResolutionDownBy: 1 });
  limitVideo(video, { bitrate: 150_000, lines: 90, scale: 2 }, limitsFor("paused"));
  assert.equal(video.active, false);
  assert.equal(video.scaleResolutionDownBy, 2);
  limitVideo(video, { bitrate: 30_000, lines: 90 }, limitsFor("tried"));
  assert.equal(video.scaleResolutionDownBy, 1, "a small picture is not enlarged");
  assert.equal(video.maxBitrate, 30_000);
  /** @type {RTCRtpEncodingParameters} */
  const audio = {};
  limitAudio(audio, limitsFor("paused"));
  assert.equal(audio.maxBitrate, 20_000);
  assert.equal(audio.networkPriority, "high");
  limitAudio(audio, limitsFor("sent"));
  assert.equal("maxBitrate" in audio, false);
});
