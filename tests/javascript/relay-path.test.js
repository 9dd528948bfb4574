import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { FakeTime } from "./fake-time.js";
import { testRelay } from "../../web/static/js/device-test/relay-path.js";

const real = {
  setTimeout: globalThis.setTimeout,
  fetch: globalThis.fetch,
  RTCPeerConnection: globalThis.RTCPeerConnection,
};
const PATH = "/begin";
const TRIAL = "/trial";

let time = new FakeTime();
/** @type {FakeConnection[]} */
let connections = [];
/** @type {string[]} what the server was asked, in order */
let asked = [];
/** @type {string} the request that it refuses */
let refused = "";
/** @type {any[]} what a connection says of itself */
let stats = [];

/** A connection with one line that becomes what the test says. */
class FakeConnection {
  connectionState = "new";
  onconnectionstatechange = () => {};
  line = { direction: "recvonly" };
  closed = false;
  /** @type {any} */
  localDescription = null;

  constructor() {
    connections.push(this);
  }

  async setRemoteDescription() {}

  async setLocalDescription() {
    this.localDescription = { sdp: `answer ${this.line.direction}` };
  }

  getTransceivers() {
    return [this.line];
  }

  async getStats() {
    return new Map(stats.map((one) => [one.id, one]));
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

beforeEach(() => {
  [time, connections, asked, refused] = [new FakeTime(), [], [], ""];
  stats = [
    { id: "transport", type: "transport", selectedCandidatePairId: "pair" },
    { id: "pair", type: "candidate-pair", localCandidateId: "own" },
    { id: "other", type: "candidate-pair", localCandidateId: "turn" },
    { id: "own", type: "local-candidate", candidateType: "srflx", protocol: "udp" },
    { id: "turn", type: "local-candidate", candidateType: "relay", relayProtocol: "tcp" },
  ];
  Object.assign(globalThis, {
    setTimeout: time.setTimeout,
    RTCPeerConnection: FakeConnection,
    /** @type {(address: string, request: { method: string, body?: string }) => Promise<any>} */
    fetch: async (address, { method, body = "" }) => {
      const request = `${method} ${address}`;
      asked.push(address === TRIAL && body ? `${request} ${JSON.parse(body).sdp}` : request);
      return { ok: request !== refused, json: async () => ({ sdp: "offer", address: TRIAL }) };
    },
  });
});

afterEach(() => {
  Object.assign(globalThis, real);
});

/** Everything that waits for nothing but promises is done. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** @param {AbortSignal} [signal] */
async function trying(signal = new AbortController().signal) {
  const way = testRelay(PATH, [], signal);
  await settled();
  return { way, connection: /** @type {FakeConnection} */ (connections[0]) };
}

test("A relay that connects is reached by UDP, and is released", async () => {
  const { way, connection } = await trying();
  connection.become("connecting");
  connection.become("connected");
  assert.deepEqual(await way, { by: "udp" });
  assert.deepEqual(asked, [`POST ${PATH}`, `POST ${TRIAL} answer sendonly`, `DELETE ${TRIAL}`]);
  assert.ok(connection.closed);
});

test("A browser may mark the selected pair itself", async () => {
  [stats[0], stats[1].selected] = [{ id: "transport", type: "transport" }, true];
  const { way, connection } = await trying();
  connection.become("connected");
  assert.deepEqual(await way, { by: "udp" });
});

test("With a TURN server in between, the protocol to it counts", async () => {
  stats[1].localCandidateId = "turn";
  const { way, connection } = await trying();
  connection.become("connected");
  assert.equal((await way)?.by, "tcp");
});

test("A relay that is silent for eight seconds is not reached", async () => {
  const { way, connection } = await trying();
  time.pass(7_999);
  await settled();
  assert.ok(!connection.closed);
  time.pass(1);
  assert.deepEqual(await way, { by: "" });
  assert.ok(connection.closed);
  assert.equal(asked.at(-1), `DELETE ${TRIAL}`);
});

test("A connection that fails is not waited for", async () => {
  const { way, connection } = await trying();
  connection.become("failed");
  assert.deepEqual(await way, { by: "" });
});

test("A step that is skipped releases the relay at once", async () => {
  const skipping = new AbortController();
  const early = await trying(skipping.signal);
  skipping.abort();
  const late = await trying(skipping.signal);
  await Promise.all([early.way, late.way]);
  assert.ok(connections.every((one) => one.closed));
  assert.equal(asked.filter((one) => one === `DELETE ${TRIAL}`).length, 2);
});

test("A server that cannot test it now says nothing about the network", async () => {
  refused = `POST ${PATH}`;
  assert.equal(await testRelay(PATH, [], new AbortController().signal), null);
  assert.equal(connections.length, 0);

  refused = `POST ${TRIAL}`;
  const { way, connection } = await trying();
  assert.equal(await way, null);
  assert.ok(connection.closed);
});
