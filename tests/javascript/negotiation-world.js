import { Peer } from "../../web/static/js/room/call/peer.js";
import { FakeTime } from "./fake-time.js";

/**
 * Two peers on two networks, in time that a seed moves: connections with the rules of JSEP (RFC 9429) that
 * matter to who offers what, and a signaling channel that is slow, breaks and comes back.
 */

/** @import { Description } from "../../web/static/js/signaling/values.js" */
/** @typedef {"native" | "older"} Engine an older one makes no description by itself */
/** @typedef {{ ufrag: string, video: string, sdp: string, type: "offer" | "answer" }} Applied */

const AUDIO = "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtpmap:111 opus/48000/2\r\n";
/** Milliseconds until a connection without a path says so. */
const NOTICED_AFTER = 2_000;
const FAILED_AFTER = 15_000;

/** @param {number} seed @returns {() => number} like Math.random */
export function randomOf(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** @param {string} sdp */
function parse(sdp) {
  const [, ufrag = ""] = /^a=ice-ufrag:(.*)\r\n/m.exec(sdp) ?? [];
  const [, video = ""] = /^a=video:(.*)\r\n/m.exec(sdp) ?? [];
  return { ufrag, video };
}

class Connection {
  signalingState = "stable";
  connectionState = "new";
  /** @type {Applied | null} */
  local = null;
  /** @type {Applied | null} */
  remote = null;
  /** @type {Applied | null} */
  pending = null;
  /** @type {(() => void) | null} */
  onnegotiationneeded = null;
  onconnectionstatechange = () => {};
  closed = false;
  offers = 0;
  rollbacks = 0;
  #restarts = false;
  #isNeeded = false;
  #running = 0;
  #video = "sendrecv";
  #hasSections = false;

  /** @param {Network} network @param {string} name */
  constructor(network, name) {
    this.network = network;
    this.name = name;
    const sender = { replaceTrack: async () => {} };
    const set = (/** @type {string} */ direction) => this.#setVideo(direction);
    const get = () => this.#video;
    this.transceivers = [
      { mid: "0", sender, receiver: { track: { kind: "audio" } }, direction: "sendrecv" },
      {
        mid: "1",
        sender,
        receiver: { track: { kind: "video" } },
        get direction() {
          return get();
        },
        set direction(direction) {
          set(direction);
        },
      },
    ];
  }

  get localDescription() {
    return this.pending ?? this.local;
  }

  get remoteDescription() {
    return this.remote;
  }

  /** @param {string} direction */
  #setVideo(direction) {
    this.#video = direction;
    this.check();
  }

  getTransceivers() {
    return this.local || this.remote ? this.transceivers : [];
  }

  /** @param {string} kind @param {{ direction: string }} options */
  addTransceiver(kind, { direction }) {
    if (kind === "video") this.#video = direction;
    this.#hasSections = true;
    this.check();
    return { sender: { replaceTrack: async () => {} } };
  }

  restartIce() {
    this.#restarts = true;
    this.check();
  }

  /** What is set is not what was wished. */
  get wishes() {
    if (this.#restarts) return true;
    if (!this.local) return this.#hasSections;
    return this.local.video !== this.#video;
  }

  /** Fire the event as W3C WebRTC section 4.7.3 says: once, in a task of its own, when nothing runs. */
  check() {
    if (this.#isNeeded || !this.wishes) return;
    this.#isNeeded = true;
    this.network.after(0, () => {
      this.#isNeeded = false;
      if (this.closed || this.#running || this.signalingState !== "stable" || !this.wishes) return;
      this.#isNeeded = true;
      this.onnegotiationneeded?.();
    });
  }

  /** @param {() => void} step */
  async #run(step) {
    this.#running += 1;
    try {
      await this.network.pause(30);
      if (!this.closed) step();
    } finally {
      this.#running -= 1;
      if (this.signalingState === "stable") {
        this.#isNeeded = false;
        this.check();
      }
    }
  }

  async setLocalDescription() {
    await this.#run(() => {
      const isAnswer = this.signalingState === "have-remote-offer";
      const renews = !this.local || (isAnswer ? this.network.renews(this) : this.#restarts);
      const ufrag = renews ? this.network.newUfrag(this.name) : this.local?.ufrag;
      if (renews) this.#restarts = false;
      const sdp = `${AUDIO}a=ice-ufrag:${ufrag}\r\na=video:${this.#video}\r\n`;
      const set = /** @type {const} */ ({
        ...parse(sdp),
        sdp,
        type: isAnswer ? "answer" : "offer",
      });
      if (isAnswer) {
        this.local = set;
        this.signalingState = "stable";
        this.network.pathChanged();
      } else {
        this.offers += 1;
        this.pending = set;
        this.signalingState = "have-local-offer";
      }
    });
  }

  /** @param {{ type: "offer" | "answer", sdp: string }} description */
  async setRemoteDescription({ type, sdp }) {
    await this.#run(() => {
      const set = { ...parse(sdp), sdp, type };
      if (type === "answer") {
        if (!this.pending) throw new Error("InvalidStateError");
        this.local = this.pending;
        this.signalingState = "stable";
      } else {
        if (this.pending) this.rollbacks += 1;
        this.signalingState = "have-remote-offer";
      }
      this.pending = null;
      this.before = this.remote;
      this.remote = set;
      this.network.pathChanged();
    });
  }

  async addIceCandidate() {}

  /** @param {string} state */
  become(state) {
    if (this.closed || this.connectionState === state) return;
    this.connectionState = state;
    this.onconnectionstatechange();
  }

  close() {
    this.closed = true;
  }
}

/** As `js/engines/calls.js` leaves it: the event comes at once, and whenever something was asked for. */
class OlderConnection extends Connection {
  /** @param {any} [given] */
  async setLocalDescription(given) {
    if (given) throw new TypeError();
    await super.setLocalDescription();
  }

  restartIce() {
    super.restartIce();
    this.onnegotiationneeded?.();
  }
}

export class Network {
  #ufrags = 0;
  /** @type {Set<string>} credentials whose path is broken for good */
  broken = new Set();
  /** @type {Side[]} */
  sides = [];

  /** @param {number} seed @param {Engine[]} engines of the side that offers and of the other one */
  constructor(seed, engines) {
    this.random = randomOf(seed);
    this.time = new FakeTime();
    this.engines = engines;
  }

  /** Only now may peers be made: they take their timers from here. */
  begin() {
    const { setTimeout, clearTimeout } = this.time;
    Object.assign(globalThis, { setTimeout, clearTimeout });
    this.sides = this.engines.map((engine, index) => new Side(this, engine, index === 0));
    for (const side of this.sides) side.peer.start();
  }

  /** @param {number} delay @param {() => void} action */
  after(delay, action) {
    this.time.setTimeout(action, delay);
  }

  /** @param {number} most milliseconds */
  pause(most) {
    return new Promise((done) => this.after(this.random() * most, () => done(undefined)));
  }

  /** @param {string} name */
  newUfrag(name) {
    this.#ufrags += 1;
    return `${name}${this.#ufrags}`;
  }

  /** @param {Connection} connection that answers: whether the offer restarts ICE */
  renews(connection) {
    return connection.before?.ufrag !== connection.remote?.ufrag;
  }

  /** Whether both sides have set what the other one has made, and their packets get through. */
  get hasPath() {
    const [one, other] = /** @type {[Side, Side]} */ (this.sides);
    const [a, b] = [one.connection, other.connection];
    if (!a.local || !b.local) return false;
    const fits = a.local.ufrag === b.remote?.ufrag && b.local.ufrag === a.remote?.ufrag;
    return fits && !this.broken.has(a.local.ufrag) && !this.broken.has(b.local.ufrag);
  }

  pathChanged() {
    if (this.sides.length < 2) return;
    const connections = this.sides.map(({ connection }) => connection);
    if (this.hasPath) {
      this.after(50, () => this.hasPath && connections.forEach((one) => one.become("connected")));
    } else {
      for (const one of connections) if (one.connectionState === "new") one.become("connecting");
      const { hasPath } = this;
      const tell = (/** @type {string} */ state) => () => {
        if (hasPath || this.hasPath) return;
        for (const one of connections) {
          if (state === "failed" || one.connectionState === "connected") one.become(state);
        }
      };
      this.after(NOTICED_AFTER, tell("disconnected"));
      this.after(FAILED_AFTER, tell("failed"));
    }
  }

  /** The present path carries nothing any more. */
  breakPath() {
    for (const { connection } of this.sides) {
      if (connection.local) this.broken.add(connection.local.ufrag);
    }
    this.pathChanged();
  }

  /** @param {number} duration milliseconds */
  async pass(duration) {
    const end = this.time.now + duration;
    for (;;) {
      await settle();
      const next = Math.min(...this.time.timers.map(({ at }) => at));
      if (next > end) break;
      this.time.pass(next - this.time.now);
    }
    this.time.pass(end - this.time.now);
    await settle();
  }

  end() {
    for (const { peer } of this.sides) peer.close();
  }
}

/** Everything that was awaited, and waits for no time, has gone on. */
const settle = () => new Promise((done) => setImmediate(done));

/** One page: its peer and its socket. */
export class Side {
  isOnline = true;
  /** @type {Description[]} kept by the server while this side is away */
  #kept = [];
  #arrival = 0;
  receivesVideo = true;
  isThrifty = false;
  /** @type {string} credentials in use when a restart was wished last */
  toReplace = "";

  /** @param {Network} network @param {Engine} engine @param {boolean} offers */
  constructor(network, engine, offers) {
    this.network = network;
    const name = offers ? "a" : "b";
    const Made = engine === "older" ? OlderConnection : Connection;
    this.connection = new Made(network, name);
    this.peer = new Peer({
      offers,
      configuration: {},
      stream: /** @type {any} */ ({}),
      sendDescription: (description) => this.#send(description),
      sendCandidate: () => {},
      onTrack: () => {},
      onState: () => {},
      makeConnection: () => /** @type {any} */ (this.connection),
    });
  }

  get other() {
    const [one, other] = /** @type {[Side, Side]} */ (this.network.sides);
    return this === one ? other : one;
  }

  /** @param {Description} description */
  #send(description) {
    if (!this.isOnline) return;
    const { network } = this;
    // In their order, and lost with a socket that breaks before they have left it.
    this.#arrival = Math.max(this.#arrival, network.time.now + network.random() * 300);
    const isLost = { sent: false };
    this.#leaving.add(isLost);
    network.after(this.#arrival - network.time.now, () => {
      if (this.#leaving.delete(isLost))
        this.other.#arrived(JSON.parse(JSON.stringify(description)));
    });
  }

  /** @type {Set<object>} messages on their way to the server */
  #leaving = new Set();

  /** @param {Description} description */
  #arrived(description) {
    if (this.isOnline) this.peer.receiveDescription(description);
    else this.#kept.push(description);
  }

  /** The socket breaks, with what has not reached the server. */
  cut() {
    this.isOnline = false;
    this.#leaving.clear();
  }

  /** A new socket is welcome. */
  mend() {
    if (this.isOnline) return;
    this.isOnline = true;
    this.peer.resume();
    for (const description of this.#kept.splice(0)) this.peer.receiveDescription(description);
  }

  restart() {
    this.toReplace = this.connection.local?.ufrag ?? "";
    this.peer.restart();
  }

  turnVideo() {
    this.receivesVideo = !this.receivesVideo;
    this.peer.setReceiveVideo(this.receivesVideo);
  }

  turnThrift() {
    this.isThrifty = !this.isThrifty;
    this.peer.setThrifty(this.isThrifty);
  }
}
