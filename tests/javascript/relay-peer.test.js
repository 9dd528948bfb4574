import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { FakeTime } from "./fake-time.js";
import { RelayPeer } from "../../web/static/js/room/call/relay-peer.js";

/**
 * @import { RelayAnswer, RelayOffer } from "../../web/static/js/signaling/messages.js"
 * @import { RelayTrack } from "../../web/static/js/signaling/values.js"
 */

const real = { setTimeout, clearTimeout };
let time = new FakeTime();

beforeEach(() => {
  time = new FakeTime();
  Object.assign(globalThis, { setTimeout: time.setTimeout, clearTimeout: time.clearTimeout });
});

afterEach(() => {
  Object.assign(globalThis, real);
});

/** A connection that makes a transceiver for every line of an offer: the sdp is their ids. */
class FakeConnection {
  connectionState = "new";
  /** @type {any} */
  localDescription = null;
  /** @type {any[]} */
  transceivers = [];
  closed = false;
  onconnectionstatechange = () => {};

  getTransceivers() {
    return this.transceivers;
  }

  /** @param {{ sdp: string }} description */
  async setRemoteDescription({ sdp }) {
    for (const mid of sdp.split(" ")) {
      if (this.transceivers.some((one) => one.mid === mid)) continue;
      const sender = {
        /** @type {any} */
        track: null,
        /** @param {any} track */
        async replaceTrack(track) {
          await undefined;
          sender.track = track;
          sender.transaction += 1;
        },
        transaction: 0,
        /** @type {any[]} */
        set: [],
        getParameters: () => ({ transactionId: String(sender.transaction), encodings: [{}] }),
        /** @param {any} parameters */
        async setParameters({ transactionId, encodings }) {
          // they are those of a moment
          assert.equal(transactionId, String(sender.transaction));
          sender.set.push(...encodings);
        },
      };
      this.transceivers.push({
        mid,
        sender,
        receiver: { mid, track: { id: mid } },
        direction: "recvonly",
      });
    }
  }

  async getStats() {
    return new Map();
  }

  async createAnswer() {
    return { type: "answer", sdp: `answer to ${this.transceivers.length}` };
  }

  /** @param {any} description */
  async setLocalDescription(description) {
    this.localDescription = description;
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

function stage() {
  /** @type {FakeConnection[]} */
  const connections = [];
  /** @type {RelayAnswer[]} */
  const answers = [];
  let failures = 0;
  const peer = new RelayPeer({
    configuration: {},
    send: (answer) => answers.push(answer) > 0,
    onChange: () => {},
    onFailure: () => {
      failures += 1;
    },
    makeConnection: () => {
      const connection = new FakeConnection();
      connections.push(connection);
      return /** @type {any} */ (connection);
    },
  });
  return { peer, connections, answers, failures: () => failures };
}

/**
 * @param {number} revision
 * @param {boolean} fresh
 * @param {string[]} lines as "publish audio mine"
 * @returns {RelayOffer}
 */
function offer(revision, fresh, ...lines) {
  const tracks = lines.map((line, index) => {
    const [direction, kind, peer_id] = line.split(" ");
    return /** @type {RelayTrack} */ ({ mid: String(index), kind, direction, peer_id });
  });
  const sdp = tracks.map((track) => track.mid).join(" ");
  return { type: "relay_offer", revision, fresh, sdp, tracks };
}

async function settle() {
  for (let count = 0; count < 20; count += 1) await new Promise((resolve) => setImmediate(resolve));
}

test("an offer is answered, and the tracks are sent in their m= sections", async () => {
  const { peer, connections, answers } = stage();
  /** @type {any} */
  const microphone = { kind: "audio", getSettings: () => ({}) };
  peer.setTrack("audio", microphone);
  peer.receiveOffer(offer(7, true, "publish audio mine", "publish video mine"));
  await settle();
  assert.deepEqual(answers, [{ type: "relay_answer", revision: 7, sdp: "answer to 2" }]);
  const [audio, video] = connections[0]?.transceivers ?? [];
  assert.equal(audio.sender.track, microphone);
  assert.equal(audio.sender.set[0]?.priority, "high");
  assert.equal(audio.direction, "sendonly");
  assert.equal(video.direction, "sendonly", "a camera may be turned on later");
});

test("an offer's tracks say whose audio and video arrive", async () => {
  const { peer } = stage();
  peer.receiveOffer(offer(1, true, "publish audio mine", "subscribe audio hers"));
  await settle();
  assert.deepEqual(
    peer.receiversOf("hers").map(({ kind }) => kind),
    ["audio"],
  );
  peer.receiveOffer(offer(2, false, "publish audio mine"));
  await settle();
  assert.deepEqual(peer.receiversOf("hers"), []);
});

test("a fresh offer makes a new connection and closes the old one", async () => {
  const { peer, connections } = stage();
  peer.receiveOffer(offer(1, true, "publish audio mine"));
  peer.receiveOffer(offer(5, true, "publish audio mine"));
  await settle();
  assert.equal(connections.length, 2);
  assert.equal(connections[0]?.closed, true);
  assert.equal(peer.connection, connections[1]);
});

test("the same offer again gets the same answer again", async () => {
  const { peer, connections, answers } = stage();
  peer.receiveOffer(offer(1, true, "publish audio mine"));
  peer.receiveOffer(offer(1, true, "publish audio mine"));
  await settle();
  assert.equal(connections.length, 1);
  assert.equal(answers.length, 2);
  assert.deepEqual(answers[0], answers[1]);
});

test("an offer for a closed connection is not answered", async () => {
  const { peer, answers } = stage();
  peer.receiveOffer(offer(3, false, "publish audio mine"));
  await settle();
  assert.deepEqual(answers, []);
  peer.close();
});

test("a connection that does not work is reported, again and again", async () => {
  const { peer, connections, failures } = stage();
  peer.receiveOffer(offer(1, true, "publish audio mine"));
  await settle();
  const [connection] = connections;
  connection?.become("connected");
  time.pass(60_000);
  assert.equal(failures(), 0);
  connection?.become("disconnected");
  time.pass(2_900);
  assert.equal(failures(), 0);
  time.pass(200);
  assert.equal(failures(), 1);
  time.pass(8_000);
  assert.equal(failures(), 2);
  peer.close();
  time.pass(60_000);
  assert.equal(failures(), 2);
});
