/**
 * The environment of one session page for random orders: chance, time, the browser's devices, and the
 * server with its channel. Nothing happens in it unless an order says so.
 */

/** @typedef {"audio" | "video" | "screen" | "still"} Kind still: the camera that takes a photo */
/** @typedef {{ kind: Kind, resolve: (stream: MediaStream) => void, reject: (error: Error) => void }} Request */
/** @typedef {{ state: string, peer_id?: string }} Member */
/** @typedef {{ call_id: string, media: string, state: string, started_by: string, members: Record<string, Member> }} ServerCall */

export const ME = "me";
export const PAGE = "page-me-one";

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export class Dice {
  /** @param {number} seed */
  constructor(seed) {
    this.state = seed >>> 0;
  }

  next() {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = this.state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** @param {number} share */
  is(share) {
    return this.next() < share;
  }

  /**
   * @template T
   * @param {T[]} those
   * @returns {T}
   */
  one(those) {
    const found = those[Math.floor(this.next() * those.length)];
    if (found === undefined) throw new Error("nothing to choose from");
    return found;
  }

  /** @param {Record<string, number>} weights */
  weighted(weights) {
    let left = this.next() * Object.values(weights).reduce((sum, weight) => sum + weight, 0);
    for (const [name, weight] of Object.entries(weights)) if ((left -= weight) < 0) return name;
    throw new Error("no weights");
  }
}

/** Timers of the page, which run when an order lets time pass. */
export class Clock {
  now = 0;
  /** @type {{ at: number, action: () => void, every: number }[]} */
  timers = [];

  install() {
    /** @type {(every: boolean) => (action: () => void, delay?: number) => any} */
    const maker =
      (every) =>
      (action, delay = 0) => {
        const timer = { at: this.now + delay, action, every: every ? Math.max(delay, 50) : 0 };
        this.timers.push(timer);
        return timer;
      };
    /** @param {any} timer */
    const clear = (timer) => {
      this.timers = this.timers.filter((one) => one !== timer);
    };
    Object.assign(globalThis, {
      setTimeout: maker(false),
      setInterval: maker(true),
      clearTimeout: clear,
      clearInterval: clear,
    });
  }

  /** @param {number} duration */
  pass(duration) {
    const end = this.now + duration;
    for (;;) {
      const [next] = this.timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.now = Math.max(this.now, next.at);
      if (next.every) next.at += next.every;
      else this.timers.splice(this.timers.indexOf(next), 1);
      next.action();
    }
    this.now = end;
  }
}

/** The browser's devices: real tracks, handed out when an order answers a request. */
export class Hardware {
  /** @type {Request[]} */
  requests = [];
  /** @type {{ track: MediaStreamTrack, kind: Kind | "copy" }[]} */
  tracks = [];
  /** @type {Record<string, MediaStreamTrack>} */
  sources = {};
  clone = MediaStreamTrack.prototype.clone;

  async install() {
    const devices = navigator.mediaDevices;
    const real = await devices.getUserMedia({ audio: true, video: { width: 320, height: 180 } });
    for (const track of real.getTracks()) this.sources[track.kind] = track;
    devices.getUserMedia = (/** @type {any} */ wanted) => {
      const video = wanted.video?.facingMode?.ideal ? "still" : "video";
      return this.#request(wanted.audio ? "audio" : video);
    };
    devices.getDisplayMedia = () => this.#request("screen");
    const cameras = ["one", "two"].map((deviceId) => ({ kind: "videoinput", deviceId }));
    devices.enumerateDevices = async () => /** @type {any} */ (cameras);
    const { clone } = this;
    const note = (/** @type {MediaStreamTrack} */ track) => this.#keep(track, "copy");
    MediaStreamTrack.prototype.clone = function () {
      return note(clone.call(this));
    };
  }

  /** @param {Kind | "copy"} kind */
  live(kind) {
    return this.tracks.filter((one) => one.kind === kind && one.track.readyState === "live");
  }

  /** @param {Request} request */
  grant(request) {
    this.requests.splice(this.requests.indexOf(request), 1);
    const source = this.sources[request.kind === "audio" ? "audio" : "video"];
    if (!source) throw new Error("no source");
    request.resolve(new MediaStream([this.#keep(this.clone.call(source), request.kind)]));
  }

  /**
   * @param {Request} request
   * @param {string} name of the refusal
   */
  refuse(request, name) {
    this.requests.splice(this.requests.indexOf(request), 1);
    request.reject(new DOMException("refused", name));
  }

  /** @param {MediaStreamTrack} track */
  unplug(track) {
    track.stop();
    track.dispatchEvent(new Event("ended"));
  }

  /**
   * @param {Kind} kind
   * @returns {Promise<MediaStream>}
   */
  #request(kind) {
    return new Promise((resolve, reject) => this.requests.push({ kind, resolve, reject }));
  }

  /**
   * @param {MediaStreamTrack} track
   * @param {Kind | "copy"} kind
   */
  #keep(track, kind) {
    this.tracks.push({ track, kind });
    return track;
  }
}

/** The server and its line: takes commands in their order, tells the room in its order. */
export class Line {
  environment = { timeouts: { roundTrip: 0 } };
  /** @type {any[]} */
  up = [];
  /** @type {(() => void)[]} */
  down = [];
  /** @type {ServerCall | null} */
  call = null;
  calls = 0;
  ended = false;
  /** @type {any} the last that the page said of its devices */
  media = null;

  /**
   * @param {string[]} others
   * @param {(call: any) => void} onCall the page learns of the call as it is now
   * @param {new (code: string, text: string) => Error} Refused
   */
  constructor(others, onCall, Refused) {
    this.others = others;
    this.onCall = onCall;
    this.Refused = Refused;
  }

  /** @param {any} message */
  send(message) {
    if (message.type === "set_media") this.media = message.media;
    return !this.ended;
  }

  /** @param {any} message */
  command(message) {
    return new Promise((resolve, reject) => this.up.push({ message, resolve, reject }));
  }

  /** The server takes the next command. */
  take() {
    const { message, resolve, reject } = this.up.shift();
    const done = this.#do(message);
    const refusal = new this.Refused("conflict", "Not now.");
    this.down.push(() => (done ? resolve({}) : reject(refusal)));
  }

  /** The page receives the next frame. */
  receive() {
    this.down.shift()?.();
  }

  /** @param {any} message */
  #do(message) {
    if (message.type === "call_start") {
      if (this.call) this.#join(ME);
      else this.ring(ME, message.media, message.id);
      return true;
    }
    const isCurrent = this.call?.call_id === message.call_id;
    if (message.type === "call_accept" && isCurrent) this.#join(ME);
    if (message.type === "call_leave" && isCurrent) this.leave(ME);
    if (message.type === "call_decline" && isCurrent) this.decline(ME);
    return isCurrent || message.type === "call_leave";
  }

  /**
   * @param {string} caller
   * @param {string} media
   * @param {string} id
   */
  ring(caller, media, id) {
    /** @type {Record<string, Member>} */
    const members = {};
    for (const one of [ME, ...this.others]) members[one] = { state: "ringing" };
    this.call = { call_id: id, media, state: "ringing", started_by: caller, members };
    this.#join(caller);
  }

  /** @param {string} who */
  #join(who) {
    if (!this.call) return;
    this.call.members[who] = { state: "joined", ...(who === ME ? { peer_id: PAGE } : {}) };
    if (who !== this.call.started_by) this.call.state = "ongoing";
    this.#tell();
  }

  /** @param {string} who */
  decline(who) {
    if (this.call?.members[who]?.state !== "ringing") return;
    this.call.members[who] = { state: "declined" };
    const rings = Object.values(this.call.members).some(({ state }) => state === "ringing");
    this.#tell(this.call.state === "ringing" && !rings);
  }

  /** @param {string} who */
  leave(who) {
    if (this.call?.members[who]?.state !== "joined") return;
    this.call.members[who] = { state: "left" };
    const joined = Object.values(this.call.members).filter(({ state }) => state === "joined");
    this.#tell(!joined.length || (joined.length === 1 && this.call.state === "ongoing"));
  }

  /** Nobody answered in time, or the session was terminated. */
  end() {
    if (this.call) this.#tell(true);
  }

  /** @param {boolean} [over] */
  #tell(over = false) {
    if (!this.call) return;
    const { members, ...rest } = structuredClone(this.call);
    const list = Object.entries(members).map(([participant_id, one]) => ({
      participant_id,
      ...one,
    }));
    if (over) this.call = null;
    const view = over ? null : { ...rest, topology: "mesh", members: list };
    this.down.push(() => this.onCall(view));
  }

  /**
   * Somebody else does something.
   * @param {Dice} dice
   */
  other(dice) {
    const who = dice.one(this.others);
    const state = this.call?.members[who]?.state;
    if (!this.call) this.ring(who, dice.one(["audio", "video"]), `call-${(this.calls += 1)}`);
    else if (state === "ringing" && dice.is(0.3)) this.decline(who);
    else if (state === "joined" && dice.is(0.5)) this.leave(who);
    else if (state !== "joined") this.#join(who);
    else if (dice.is(0.2)) this.end();
  }
}

/** Until everything that can go on without an answer has gone on. */
export async function settled() {
  for (let turn = 0; turn < 2; turn += 1) {
    await new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        port1.close();
        resolve(undefined);
      };
      port2.postMessage("");
    });
  }
}

/** Sound that is heard by nobody: what matters is which tracks are copied for it. */
export class SilentAudio {
  async resume() {}

  createAnalyser() {
    return { fftSize: 0, getFloatTimeDomainData() {} };
  }

  createMediaStreamSource() {
    return { connect() {} };
  }
}
