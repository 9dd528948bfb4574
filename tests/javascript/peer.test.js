import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { FakeTime } from "./fake-time.js";
import { HELD, UNLIMITED } from "../../web/static/js/room/line/sending-limits.js";
import { Peer } from "../../web/static/js/room/call/peer.js";

/** @import { Description } from "../../web/static/js/signaling/values.js" */

/**
 * An RTCPeerConnection with the rules that matter here (JSEP, RFC 9429): its states, implicit
 * rollback, and the negotiation-needed flag.
 */
class FakeConnection {
  signalingState = "stable";
  connectionState = "new";
  /** @type {any} */
  localDescription = null;
  /** @type {any} */
  remoteDescription = null;
  /** @type {(() => void) | null} */
  onnegotiationneeded = null;
  onconnectionstatechange = () => {};
  onicecandidate = (/** @type {any} */ _event) => {};
  closed = false;
  made = 0;
  restarts = 0;
  /** @type {any[]} */
  candidates = [];

  needed = false;

  need() {
    if (this.needed) return;
    this.needed = true;
    queueMicrotask(() => {
      this.needed = false;
      if (!this.closed) this.onnegotiationneeded?.();
    });
  }

  /** @param {string} [_kind] */
  addTransceiver(_kind) {
    this.need();
    return { sender: { replaceTrack: async () => {} } };
  }

  addTrack() {
    this.need();
    return { replaceTrack: async () => {} };
  }

  getTransceivers() {
    return [];
  }

  restartIce() {
    this.restarts += 1;
    this.need();
  }

  async setLocalDescription() {
    await tick();
    const offered = this.signalingState === "have-remote-offer";
    this.made += 1;
    this.localDescription = { type: offered ? "answer" : "offer", sdp: `sdp ${this.made}` };
    this.signalingState = offered ? "stable" : "have-local-offer";
  }

  /** @param {any} description */
  async setRemoteDescription(description) {
    await tick();
    if (description.type === "answer" && this.signalingState !== "have-local-offer") {
      throw new Error("InvalidStateError");
    }
    this.remoteDescription = description;
    this.signalingState = description.type === "offer" ? "have-remote-offer" : "stable";
  }

  /** @param {any} candidate */
  async addIceCandidate(candidate) {
    if (!this.remoteDescription) throw new Error("InvalidStateError");
    this.candidates.push(candidate);
  }

  /** @param {string} state */
  become(state) {
    this.connectionState = state;
    this.onconnectionstatechange();
  }

  close() {
    this.closed = true;
  }
}

const tick = () => new Promise((resolve) => setImmediate(resolve));

async function settle() {
  for (let count = 0; count < 20; count += 1) await tick();
}

/** @type {Peer[]} */
let open = [];

// An open peer keeps retrying, and keeps a failed test running.
afterEach(() => {
  for (const peer of open) peer.close();
  open = [];
  Object.assign(globalThis, realTime);
});

const realTime = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };

function stopTime() {
  const time = new FakeTime();
  Object.assign(globalThis, { setTimeout: time.setTimeout, clearTimeout: time.clearTimeout });
  return time;
}

/** @param {boolean} offers */
function makePeer(offers, connection = new FakeConnection()) {
  /** @type {Description[]} */
  const sent = [];
  /** @type {string[]} */
  const candidates = [];
  const peer = new Peer({
    offers,
    configuration: {},
    stream: /** @type {any} */ ({}),
    sendDescription: (description) => sent.push(description),
    sendCandidate: ({ candidate }) => candidates.push(candidate),
    onTrack: () => {},
    onState: () => {},
    makeConnection: () => /** @type {any} */ (connection),
  });
  open.push(peer);
  return { peer, connection, sent, candidates };
}

/** Two peers whose messages the test carries. */
function pair() {
  return { offerer: makePeer(true), answerer: makePeer(false) };
}

/** @param {ReturnType<typeof pair>} both */
async function carry({ offerer, answerer }) {
  for (let round = 0; round < 5; round += 1) {
    await settle();
    for (const one of offerer.sent.splice(0)) answerer.peer.receiveDescription(one);
    for (const one of answerer.sent.splice(0)) offerer.peer.receiveDescription(one);
  }
}

test("one peer offers, the other one answers", async () => {
  const both = pair();
  both.offerer.peer.start();
  both.answerer.peer.start();
  await carry(both);
  assert.equal(both.offerer.connection.remoteDescription.type, "answer");
  assert.equal(both.answerer.connection.remoteDescription.type, "offer");
});

test("whoever answers sends by the sections of the offer, and held video not before its limits are set", async () => {
  const { peer, connection, sent } = makePeer(false);
  /** @type {string[]} */
  const done = [];
  const transceivers = ["audio", "video"].map((kind, mid) => ({
    mid: String(mid),
    direction: "recvonly",
    receiver: { track: { kind } },
    sender: {
      track: /** @type {any} */ (null),
      setStreams: () => done.push(`${kind} streams`),
      async replaceTrack(/** @type {any} */ track) {
        this.track = track;
        done.push(`${kind} ${track ? "sent" : "silent"}`);
      },
      getParameters: () => ({
        transactionId: "1",
        encodings: connection.signalingState === "stable" ? [{}] : [],
      }),
      async setParameters(/** @type {any} */ { encodings: [encoding] }) {
        if (kind === "video") done.push(`video ${encoding.active}`);
      },
    },
  }));
  connection.getTransceivers = () =>
    /** @type {any} */ (connection.remoteDescription ? transceivers : []);
  connection.addTrack = () => assert.fail("its own section would need an own offer");
  const track = (/** @type {string} */ kind) => ({ kind, getSettings: () => ({ height: 540 }) });
  peer.limit(HELD);
  for (const kind of /** @type {const} */ (["audio", "video"])) {
    await peer.setTrack(kind, /** @type {any} */ (track(kind)));
  }
  peer.receiveDescription({ kind: "offer", sdp: "theirs" });
  await settle();
  assert.deepEqual(
    sent.map(({ kind }) => kind),
    ["answer"],
  );
  assert.deepEqual(
    transceivers.map(({ direction }) => direction),
    ["sendrecv", "sendrecv"],
  );
  assert.deepEqual(done, [
    "audio streams",
    "audio sent",
    "video streams",
    "video silent",
    "video false",
    "video sent",
  ]);
});

test("what changes while an offer is out is offered when it is answered, not before", async () => {
  const both = pair();
  both.offerer.connection.onnegotiationneeded?.();
  both.offerer.connection.onnegotiationneeded?.();
  await settle();
  both.offerer.connection.onnegotiationneeded?.();
  await settle();
  assert.equal(both.offerer.sent.length, 1);
  await carry(both);
  assert.equal(both.offerer.connection.made, 2);
  assert.equal(both.offerer.connection.signalingState, "stable");
});

test("a page that was loaded before may offer: it is answered, but not while an offer is out", async () => {
  const { peer, connection, sent } = makePeer(true);
  peer.start();
  await settle();
  peer.receiveDescription({ kind: "offer", sdp: "theirs" });
  await settle();
  assert.deepEqual(
    sent.splice(0).map(({ kind }) => kind),
    ["offer"],
  );
  peer.receiveDescription({ kind: "answer", sdp: "without a revision" });
  await settle();
  assert.equal(connection.signalingState, "stable");
  peer.receiveDescription({ kind: "offer", sdp: "theirs" });
  await settle();
  assert.deepEqual(
    sent.map(({ kind }) => kind),
    ["answer"],
  );
});

test("candidates wait for the description that was sent before them", async () => {
  const { offerer, answerer } = pair();
  offerer.peer.start();
  await settle();
  answerer.peer.receiveDescription(/** @type {Description} */ (offerer.sent[0]));
  answerer.peer.receiveCandidate({ candidate: "candidate:1", sdp_mid: "0" });
  await settle();
  assert.equal(answerer.connection.candidates[0].candidate, "candidate:1");
});

test("candidates of a restart wait until those of the answer have come", async () => {
  const time = stopTime();
  const both = pair();
  const { peer, connection, candidates } = both.offerer;
  const gather = (/** @type {string} */ candidate, /** @type {string} */ usernameFragment) =>
    connection.onicecandidate({ candidate: { candidate, usernameFragment } });
  peer.start();
  await settle();
  gather("first", "old");
  assert.deepEqual(candidates, ["first"], "nothing is there that they could be taken for");
  await carry(both);
  connection.become("connected");

  connection.localDescription.sdp = "v=0\r\na=ice-ufrag:old\r\n";
  peer.restart();
  await settle();
  gather("late", "old");
  gather("second", "new");
  assert.deepEqual(candidates.splice(0), ["first", "late"]);
  await carry(both);
  assert.equal(connection.signalingState, "stable");
  time.pass(1_000);
  assert.deepEqual(candidates, []);
  peer.receiveCandidate({ candidate: "theirs" });
  await settle();
  time.pass(100);
  assert.deepEqual(candidates, ["second"]);
});

test("candidates of a restart do not wait after an answer that has its own", async () => {
  const time = stopTime();
  const { peer, connection, sent, candidates } = makePeer(true);
  const answer = async () => {
    const { revision } = /** @type {Description} */ (sent.at(-1));
    peer.receiveDescription({ kind: "answer", sdp: "v=0\r\na=candidate:1", revision });
    await settle();
  };
  peer.start();
  await settle();
  await answer();
  peer.restart();
  await settle();
  connection.onicecandidate({ candidate: { candidate: "second" } });
  await answer();
  time.pass(100);
  assert.deepEqual(candidates, ["second"]);
});

test("an offer that was lost with the channel is sent again, and a second answer does no harm", async () => {
  const both = pair();
  both.offerer.peer.start();
  await settle();
  const [lost] = both.offerer.sent.splice(0);
  both.offerer.peer.resume();
  assert.deepEqual(both.offerer.sent, [lost]);
  both.answerer.peer.receiveDescription(/** @type {Description} */ (lost));
  await carry(both);
  assert.equal(both.offerer.connection.signalingState, "stable");
  assert.equal(both.answerer.connection.signalingState, "stable");
});

test("a video that is not to be sent has no track where `active` is not heeded", async () => {
  for (const transactionId of [undefined, "1"]) {
    const { peer, connection } = makePeer(true);
    /** @type {any} */
    const sender = {
      track: null,
      set: [],
      getParameters: () => ({ transactionId, encodings: transactionId ? [{}] : [] }),
    };
    sender.replaceTrack = async (/** @type {any} */ track) => void (sender.track = track);
    sender.setParameters = async (/** @type {any} */ given) => void sender.set.push(given);
    connection.addTransceiver = () => ({ sender });
    peer.start();
    peer.limit(HELD);
    const track = { kind: "video", getSettings: () => ({ height: 540 }) };
    await peer.setTrack("video", /** @type {any} */ (track));
    assert.equal(sender.track, transactionId ? track : null);
    const [held] = sender.set.at(-1).encodings;
    assert.deepEqual([held.active, held.maxBitrate], [false, 900_000]);
    peer.limit(UNLIMITED);
    await settle();
    assert.equal(sender.track, track);
    assert.equal(sender.set.at(-1).encodings[0].active, true);
  }
});

test("limits that were refused, or forgotten, while a description was made are set again after it", async () => {
  const both = pair();
  const { peer, connection } = both.offerer;
  /** @type {any[]} */
  const set = [];
  const sender = {
    track: { kind: "video", getSettings: () => ({ height: 540 }) },
    replaceTrack: async () => {},
    getParameters: () => ({ transactionId: "1", encodings: [{}] }),
    setParameters: async (/** @type {any} */ { encodings: [encoding] }) => {
      if (!connection.remoteDescription) throw new Error("InvalidModificationError");
      set.push(encoding.active);
    },
  };
  connection.addTransceiver = (kind = "") => {
    connection.need();
    return { sender: kind === "video" ? sender : { replaceTrack: async () => {} } };
  };
  peer.start();
  peer.limit(HELD);
  await peer.setTrack("video", /** @type {any} */ (sender.track));
  await settle();
  assert.deepEqual(set, []);
  await carry(both);
  assert.ok(set.length && set.every((active) => active === false));
});

test("a failed connection restarts ICE at once, a disconnected one after a moment", async () => {
  const time = stopTime();
  const { peer, connection } = makePeer(true);
  connection.become("failed");
  assert.equal(connection.restarts, 1);
  connection.become("connected");
  time.pass(60_000);
  assert.equal(connection.restarts, 1, "a good connection is left alone");
  connection.become("disconnected");
  assert.equal(connection.restarts, 1);
  time.pass(3_000);
  assert.equal(connection.restarts, 2);
  time.pass(8_000);
  assert.equal(connection.restarts, 3, "and again, until it works");
  peer.close();
  time.pass(60_000);
  assert.equal(connection.restarts, 3);
});
