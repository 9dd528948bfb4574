import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { FakeTime } from "./fake-time.js";
import { HELD, UNLIMITED } from "../../web/static/js/room/line/limits.js";
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

  addTransceiver() {
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

/** The same in engines before Chrome 80 and Safari 14.1, as `js/engines/calls.js` leaves them. */
class OlderConnection extends FakeConnection {
  /** @param {any} [given] */
  async setLocalDescription(given) {
    assert.equal(given, undefined);
    await super.setLocalDescription();
  }

  /** @param {any} description */
  async setRemoteDescription(description) {
    if (description.type === "offer" && this.signalingState === "have-local-offer") {
      throw new Error("InvalidStateError");
    }
    await super.setRemoteDescription(description);
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

/** @param {boolean} polite */
function makePeer(polite, connection = new FakeConnection()) {
  /** @type {Description[]} */
  const sent = [];
  const peer = new Peer({
    polite,
    configuration: {},
    stream: /** @type {any} */ ({}),
    sendDescription: (description) => sent.push(description),
    sendCandidate: () => {},
    onTrack: () => {},
    onState: () => {},
    makeConnection: () => /** @type {any} */ (connection),
  });
  open.push(peer);
  return { peer, connection, sent };
}

/** Two peers whose messages the test carries. */
function pair() {
  const impolite = makePeer(false);
  const polite = makePeer(true);
  return { impolite, polite };
}

/** @param {ReturnType<typeof pair>} both */
async function carry({ impolite, polite }) {
  for (let round = 0; round < 5; round += 1) {
    await settle();
    for (const description of impolite.sent.splice(0)) polite.peer.receiveDescription(description);
    for (const description of polite.sent.splice(0)) impolite.peer.receiveDescription(description);
  }
}

test("the impolite peer offers, the polite one answers", async () => {
  const both = pair();
  both.impolite.peer.start();
  both.polite.peer.start();
  await carry(both);
  assert.equal(both.impolite.connection.remoteDescription.type, "answer");
  assert.equal(both.polite.connection.remoteDescription.type, "offer");
});

test("when both offer at once, the polite one gives way and both end stable", async () => {
  const both = pair();
  both.impolite.peer.start();
  await carry(both);
  both.impolite.connection.need();
  both.polite.connection.need();
  await carry(both);
  assert.equal(both.impolite.connection.signalingState, "stable");
  assert.equal(both.polite.connection.signalingState, "stable");
  assert.equal(both.polite.connection.remoteDescription.type, "offer");
});

for (const moment of ["at once", "while the other offer is on its way"]) {
  test(`without rollback the polite side asks ${moment}, and both end stable`, async () => {
    const both = { impolite: makePeer(false), polite: makePeer(true, new OlderConnection()) };
    both.impolite.peer.start();
    await carry(both);
    const made = both.impolite.connection.made;
    both.impolite.connection.need();
    if (moment !== "at once") await settle();
    both.polite.connection.need();
    await carry(both);
    assert.equal(both.impolite.connection.signalingState, "stable");
    assert.equal(both.polite.connection.signalingState, "stable");
    assert.equal(both.impolite.connection.made, made + 2, "the wish of either is negotiated");
  });
}

test("what changes while an offer is out is offered when it is answered, not before", async () => {
  const both = { impolite: makePeer(false, new OlderConnection()), polite: makePeer(true) };
  both.impolite.connection.onnegotiationneeded?.();
  both.impolite.connection.onnegotiationneeded?.();
  await settle();
  both.impolite.connection.onnegotiationneeded?.();
  await settle();
  assert.equal(both.impolite.sent.length, 1);
  await carry(both);
  assert.equal(both.impolite.connection.made, 2);
  assert.equal(both.impolite.connection.signalingState, "stable");
});

test("candidates wait for the description that was sent before them", async () => {
  const { impolite, polite } = pair();
  impolite.peer.start();
  await settle();
  polite.peer.receiveDescription(/** @type {Description} */ (impolite.sent[0]));
  polite.peer.receiveCandidate({ candidate: "candidate:1", sdp_mid: "0" });
  await settle();
  assert.equal(polite.connection.candidates[0].candidate, "candidate:1");
});

test("an offer that was lost with the channel is sent again, and a second answer does no harm", async () => {
  const both = pair();
  both.impolite.peer.start();
  await settle();
  const [lost] = both.impolite.sent.splice(0);
  both.impolite.peer.resume();
  assert.deepEqual(both.impolite.sent, [lost]);
  both.polite.peer.receiveDescription(/** @type {Description} */ (lost));
  await carry(both);
  assert.equal(both.impolite.connection.signalingState, "stable");
  assert.equal(both.polite.connection.signalingState, "stable");
});

test("a video that is not to be sent has no track where `active` is not heeded", async () => {
  for (const transactionId of [undefined, "1"]) {
    const { peer, connection } = makePeer(false);
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

test("a failed connection restarts ICE at once, a disconnected one after a moment", async () => {
  const time = stopTime();
  const { peer, connection } = makePeer(false);
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

test("the polite peer offers after all when nobody else does", async () => {
  const time = stopTime();
  const { peer, connection, sent } = makePeer(true);
  await peer.setTrack("audio", /** @type {any} */ ({ kind: "audio" }));
  await settle();
  assert.equal(sent.length, 0);
  time.pass(4_000);
  await settle();
  assert.equal(sent[0]?.kind, "offer");
  assert.equal(connection.signalingState, "have-local-offer");
  peer.close();
});
