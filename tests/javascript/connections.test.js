import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { FakeTime } from "./fake-time.js";
import { CallConnections } from "../../web/static/js/room/call/connections.js";
import { withOneVideo } from "../../web/static/js/room/call/received-media.js";
import { Allowances } from "../../web/static/js/room/line/allowances.js";
import { limitsFor } from "../../web/static/js/room/line/sending-limits.js";
import { EMPTY } from "../../web/static/js/room/state.js";

/**
 * @import { ClientMessage } from "../../web/static/js/signaling/messages.js"
 * @import { CallMember, CallView } from "../../web/static/js/signaling/values.js"
 */
/** @import { Room } from "../../web/static/js/room/state.js" */

const real = { setTimeout, clearTimeout, setInterval, clearInterval };
let time = new FakeTime();

beforeEach(() => {
  time = new FakeTime();
  Object.assign(globalThis, {
    setTimeout: time.setTimeout,
    clearTimeout: time.clearTimeout,
    setInterval: (/** @type {() => void} */ action, /** @type {number} */ delay) => {
      /** @type {{ timer?: object }} */
      const repeated = {};
      const again = () => {
        repeated.timer = time.setTimeout(again, delay);
        action();
      };
      repeated.timer = time.setTimeout(again, delay);
      return repeated;
    },
    clearInterval: (/** @type {{ timer?: object } | undefined} */ repeated) =>
      time.clearTimeout(repeated?.timer),
    MediaStream: class {
      /** @type {any[]} */
      tracks = [];
      getTracks() {
        return [...this.tracks];
      }
      /** @param {any} track */
      addTrack(track) {
        this.tracks.push(track);
      }
      /** @param {any} track */
      removeTrack(track) {
        this.tracks = this.tracks.filter((one) => one !== track);
      }
    },
  });
});

afterEach(() => {
  Object.assign(globalThis, real);
});

/** A receiver with a track of this name, and how much it has received. */
class Receiver {
  /**
   * @param {string} name
   * @param {"audio" | "video"} kind
   */
  constructor(name, kind) {
    this.track = { kind, name };
    this.count = 0;
  }

  async getStats() {
    const report = { type: "inbound-rtp", packetsReceived: this.count, framesDecoded: this.count };
    return new Map([["one", report]]);
  }
}

class FakePeer {
  closed = false;
  /** @type {Receiver[]} */
  receivers = [];

  /** @param {import("../../web/static/js/room/call/peer.js").PeerOptions} options */
  constructor(options) {
    this.options = options;
    this.connection = { remoteDescription: {}, getReceivers: () => this.receivers };
  }

  start() {}
  async setTrack() {}
  setReceiveVideo() {}
  setThrifty() {}
  /** @param {any} limits */
  limit(limits) {
    this.limits = limits;
  }
  close() {
    this.closed = true;
  }
}

class FakeRelayPeer {
  closed = false;
  connection = null;
  state = "new";
  /** @type {Map<string, { kind: string, receiver: Receiver }[]>} */
  sources = new Map();
  /** @type {any[]} */
  offers = [];

  /** @param {import("../../web/static/js/room/call/relay-peer.js").RelayPeerOptions} options */
  constructor(options) {
    this.options = options;
  }

  /** @param {string} peerId */
  receiversOf(peerId) {
    return this.sources.get(peerId) ?? [];
  }

  /** @param {any} offer */
  receiveOffer(offer) {
    this.offers.push(offer);
  }

  setTrack() {}
  setThrifty() {}
  close() {
    this.closed = true;
  }
}

/** @param {Partial<import("../../web/static/js/room/call/connections.js").CallConnectionsOptions>} [more] */
function stage(more = {}) {
  /** @type {FakePeer[]} */
  const peers = [];
  /** @type {FakeRelayPeer[]} */
  const relays = [];
  /** @type {ClientMessage[]} */
  const sent = [];
  const call = new CallConnections({
    peerId: "mine",
    send: (message) => sent.push(message) > 0,
    onChange: () => {},
    ...more,
    makePeer: (options) => {
      const peer = new FakePeer(options);
      peers.push(peer);
      return /** @type {any} */ (peer);
    },
    makeRelayPeer: (options) => {
      const relay = new FakeRelayPeer(options);
      relays.push(relay);
      return /** @type {any} */ (relay);
    },
  });
  return { call, peers, relays, sent };
}

/**
 * @param {Partial<CallView>} view
 * @param {string[]} others
 * @returns {Room}
 */
function room(view, ...others) {
  const media = { microphone: true, camera: false };
  /** @type {CallMember[]} */
  const members = ["me", ...others].map((name) => ({
    participant_id: name,
    state: "joined",
    peer_id: name === "me" ? "mine" : `${name}-page`,
    media,
  }));
  return {
    ...EMPTY,
    me: "me",
    call: {
      call_id: "call-0001",
      media: "audio",
      state: "ongoing",
      started_by: "me",
      started_at: 0,
      topology: "mesh",
      members,
      ...view,
    },
  };
}

async function settle() {
  for (let count = 0; count < 20; count += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** @param {FakePeer} peer */
function hear(peer) {
  const receiver = new Receiver("direct", "audio");
  peer.receivers.push(receiver);
  peer.options.onState("connected");
  return receiver;
}

/**
 * @param {FakeRelayPeer} relay
 * @param {string} peerId
 */
function forward(relay, peerId) {
  const receiver = new Receiver(`relayed ${peerId}`, "audio");
  relay.state = "connected";
  relay.sources.set(peerId, [{ kind: "audio", receiver }]);
  relay.options.onChange();
  return receiver;
}

/**
 * @param {CallConnections} call
 * @param {string} name
 */
function heardOf(call, name) {
  /** @type {any[]} */
  const tracks = call.remotes.get(name)?.stream.getTracks() ?? [];
  return tracks.map((track) => track.name);
}

test("during a move to the relay the old topology stays until the target brings audio", async () => {
  const { call, peers, relays, sent } = stage();
  call.update(room({}, "amina"));
  assert.equal(peers.length, 1);
  const [direct] = peers;
  assert.ok(direct);
  hear(direct);
  assert.deepEqual(heardOf(call, "amina"), ["direct"]);

  call.update(room({ moving_to: "forwarded" }, "amina", "lee"));
  assert.equal(peers.length, 1, "nobody connects directly with who comes now");
  const [relay] = relays;
  assert.ok(relay);
  const relayed = forward(relay, "amina-page");
  time.pass(200);
  await settle();
  assert.deepEqual(heardOf(call, "amina"), ["direct"]);
  relayed.count = 1;
  time.pass(200);
  await settle();
  assert.deepEqual(heardOf(call, "amina"), ["relayed amina-page"]);
  assert.equal(direct.closed, false);
  assert.deepEqual(sent, [{ type: "path_ready", topology: "forwarded", peers: ["amina-page"] }]);

  call.update(room({ topology: "forwarded" }, "amina", "lee"));
  assert.equal(direct.closed, true);
  assert.equal(relay.closed, false);
  assert.deepEqual(heardOf(call, "amina"), ["relayed amina-page"]);
});

test("a move to the relay does not wait for video that is off screen", async () => {
  for (const shown of [true, false]) {
    const { call, relays, sent } = stage({
      isVisible: (peerId) => shown || peerId !== "amina-page",
    });
    const moving = room({ moving_to: "forwarded" }, "amina");
    for (const member of moving.call?.members ?? []) {
      member.media = { microphone: true, camera: true };
    }
    call.update(moving);
    const [relay] = relays;
    assert.ok(relay);
    forward(relay, "amina-page").count = 1;
    time.pass(200);
    await settle();
    assert.equal(sent.filter((one) => one.type === "path_ready").length, shown ? 0 : 1);
    call.update(room({}));
  }
});

test("a move that is given up leaves everything as it was", async () => {
  const { call, peers, relays } = stage();
  call.update(room({}, "amina"));
  const [direct] = peers;
  assert.ok(direct);
  hear(direct);
  call.update(room({ moving_to: "forwarded" }, "amina", "lee"));
  call.update(room({}, "amina"));
  assert.equal(relays[0]?.closed, true);
  assert.equal(direct.closed, false);
  assert.deepEqual(heardOf(call, "amina"), ["direct"]);
});

test("what arrived is reported again after a reconnect", async () => {
  const { call, relays, sent } = stage();
  call.update(room({ moving_to: "forwarded" }, "amina"));
  const [relay] = relays;
  assert.ok(relay);
  forward(relay, "amina-page").count = 1;
  time.pass(200);
  await settle();
  relay.options.onChange = () => {};
  Object.assign(relay, { resume: () => {} });
  call.configure([], "auto");
  time.pass(200);
  await settle();
  assert.equal(sent.filter((one) => one.type === "path_ready").length, 2);
});

test("a path that is missing for eight seconds is reported, again and again", () => {
  const { call, peers, sent } = stage();
  call.update(room({}, "amina"));
  time.pass(7_900);
  assert.deepEqual(sent, []);
  time.pass(200);
  assert.deepEqual(sent, [{ type: "path_failed", to: "amina-page" }]);
  time.pass(8_000);
  assert.equal(sent.length, 2);
  peers[0]?.options.onState("connected");
  time.pass(60_000);
  assert.equal(sent.length, 2);
});

test("an offer that overtakes the event of the move is kept for it", () => {
  const { call, relays } = stage();
  /** @type {any} */
  const offer = { type: "relay_offer", revision: 1, fresh: true, sdp: "v=0", tracks: [] };
  call.receiveOffer(offer);
  call.update(room({ topology: "forwarded" }, "amina"));
  assert.deepEqual(relays[0]?.offers, [offer]);
});

test("where addresses are hidden only direct connections are bound to TURN servers", () => {
  const { call, peers, relays } = stage();
  call.configure([{ urls: ["turn:turn.example.org"] }], "relay");
  call.update(room({ topology: "forwarded" }, "amina"));
  assert.equal(peers.length, 0);
  assert.equal(relays[0]?.options.configuration.iceTransportPolicy, undefined);
  call.update(room({ topology: "mesh" }, "amina"));
  assert.equal(peers[0]?.options.configuration.iceTransportPolicy, "relay");
});

test("who saves data, at either end, is sent little over that connection alone", () => {
  let saves = false;
  const { call, peers } = stage({ allowances: new Allowances({ saves: () => saves }) });
  const seen = room({}, "anna", "bob");
  const [, anna] = seen.call?.members ?? [];
  if (anna) anna.media = { microphone: true, camera: false, saving: true };
  call.update(seen);
  const heights = () => peers.map((peer) => /** @type {any} */ (peer).limits.height);
  assert.deepEqual(heights(), [160, 0]);
  saves = true;
  call.followSaving();
  assert.deepEqual(heights(), [160, 160]);
  saves = false;
  if (anna) anna.media = { microphone: true, camera: false };
  call.update(seen);
  assert.deepEqual(heights(), [0, 0]);
});

test("what a line carries holds for its connection, saving or not", () => {
  const { call, peers } = stage();
  call.update(room({}, "anna", "bob"));
  const [first, second] = peers;
  call.limit(/** @type {any} */ (first?.connection), limitsFor("paused"));
  assert.equal(/** @type {any} */ (first).limits.video, false);
  assert.equal(/** @type {any} */ (second).limits.video, true);
});

test("of two videos that were offered at the same time the one is shown that arrives", () => {
  const of = (/** @type {string} */ kind, muted = false) => ({ track: { kind, muted } });
  const [audio, idle, live] = [of("audio"), of("video", true), of("video")];
  assert.deepEqual(withOneVideo([audio, idle, live]), [audio, live]);
  assert.deepEqual(withOneVideo([audio, idle]), [audio, idle]);
  const own = of("video");
  assert.deepEqual(
    withOneVideo([audio, own, live], own),
    [audio, live],
    "by the own one it only was",
  );
  assert.deepEqual(withOneVideo([audio, idle, own], own), [audio, own]);
  assert.deepEqual(withOneVideo([audio]), [audio]);
});
