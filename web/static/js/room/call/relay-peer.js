/**
 * The one connection with the server's relay, which forwards what everybody in the call sends.
 * The relay makes every offer and this side answers, so there is no glare. A `fresh` offer asks
 * for a new connection: the old one is of no use any more.
 */

import { timeoutFor } from "../../shared/timeouts.js";
import { RelayAdaptation } from "./relay-adaptation.js";

/**
 * @import { RelayAnswer, RelayOffer, RelayTrack } from "../../signaling/messages.js"
 * @typedef {RelayTrack["kind"]} TrackKind
 */

/**
 * @typedef {object} RelayPeerOptions
 * @property {RTCConfiguration} configuration
 * @property {(answer: RelayAnswer) => boolean} send false if the line to the server is down
 * @property {() => void} onChange tracks or the state of the connection
 * @property {() => void} onFailure the connection carries nothing: a new one is needed
 * @property {(configuration: RTCConfiguration) => RTCPeerConnection} [makeConnection]
 */

/** Longer than the short gaps of a moving phone. */
const LOST_AFTER = 3_000;
/** A browser connects within one or two seconds; afterwards another try is worth more. */
const CONNECT_WITHIN = timeoutFor(8_000, 4);
/** Bits per second: a face at 540 lines, and in a small tile. */
const LARGE = 900_000;
const SMALL = 150_000;
/** The only encoding of a narrow link: whole, and made smaller by the browser as it must be. */
const SINGLE = 500_000;
const SCREEN = 1_500_000;
/** Lines of the small picture; `docs/relay.md` says which tiles get it. */
const SMALL_LINES = 180;

export class RelayPeer {
  /** @type {RTCPeerConnection | null} */
  connection = null;
  /** @type {Map<string, RelayTrack>} by media id: what mediaReceived */
  #lines = new Map();
  /** @type {Map<TrackKind, RTCRtpSender>} */
  #senders = new Map();
  /** @type {Map<TrackKind, MediaStreamTrack | null>} */
  #tracks = new Map();
  /** @type {RelayAnswer | null} */
  #answered = null;
  #work = Promise.resolve();
  #settings = Promise.resolve();
  #closed = false;
  /** @type {RelayAdaptation | null} */
  #link = null;
  /** Whether the link is too narrow for two encodings of the camera. */
  #single = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {RelayPeerOptions} options */
  constructor(options) {
    this.options = options;
    this.#expect(CONNECT_WITHIN);
  }

  /** @returns {RTCPeerConnectionState} */
  get state() {
    return this.connection?.connectionState ?? "new";
  }

  /** @param {RelayOffer} offer */
  receiveOffer(offer) {
    this.#work = this.#work
      .then(() => (this.#closed ? undefined : this.#answer(offer)))
      .catch((error) => console.warn("the relay's offer failed", error));
  }

  /**
   * Send this track, or nothing.
   * @param {TrackKind} kind
   * @param {MediaStreamTrack | null} track
   */
  setTrack(kind, track) {
    this.#tracks.set(kind, track);
    const sender = this.#senders.get(kind);
    if (sender) void this.#publish(kind, sender);
  }

  /**
   * What comes from somebody.
   * @param {string} peerId
   * @returns {{ kind: TrackKind, receiver: RTCRtpReceiver }[]}
   */
  from(peerId) {
    const found = [];
    for (const { mid, receiver } of this.connection?.getTransceivers() ?? []) {
      const line = this.#lines.get(mid ?? "");
      if (line?.peer_id === peerId) found.push({ kind: line.kind, receiver });
    }
    return found;
  }

  /** The line to the server is back: the last answer may have been lost with it. */
  resume() {
    if (this.#answered && this.state !== "connected") this.options.send(this.#answered);
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#drop();
  }

  /** @param {RelayOffer} offer */
  async #answer(offer) {
    if (this.#answered?.revision === offer.revision) {
      this.options.send(this.#answered);
      return;
    }
    if (offer.fresh) this.#renew();
    const { connection } = this;
    if (!connection) return;
    await connection.setRemoteDescription({ type: "offer", sdp: offer.sdp });
    this.#lines.clear();
    for (const track of offer.tracks) {
      if (track.direction === "subscribe") this.#lines.set(track.mid, track);
    }
    for (const kind of /** @type {TrackKind[]} */ (["audio", "video", "screen"])) {
      const line = offer.tracks.find((one) => one.direction === "publish" && one.kind === kind);
      const transceiver = connection.getTransceivers().find((one) => one.mid === line?.mid);
      if (!line || !transceiver) {
        this.#senders.delete(kind);
      } else if (this.#senders.get(kind) !== transceiver.sender) {
        this.#senders.set(kind, transceiver.sender);
        // Also with nothing to send yet: turning a camera on later needs no second round.
        transceiver.direction = "sendonly";
        await this.#publish(kind, transceiver.sender);
      }
    }
    await connection.setLocalDescription(await connection.createAnswer());
    if (connection !== this.connection) return;
    this.#answered = {
      type: "relay_answer",
      revision: offer.revision,
      sdp: connection.localDescription?.sdp ?? "",
    };
    this.options.send(this.#answered);
    this.options.onChange();
  }

  #renew() {
    this.#drop();
    const make = this.options.makeConnection ?? ((given) => new RTCPeerConnection(given));
    const connection = make(this.options.configuration);
    this.connection = connection;
    connection.onconnectionstatechange = () => {
      if (connection !== this.connection) return;
      const { connectionState } = connection;
      if (connectionState === "connected") {
        clearTimeout(this.#timer);
        this.#link ??= new RelayAdaptation(connection, (single) => this.#setSingle(single));
      }
      if (connectionState === "disconnected") this.#expect(LOST_AFTER);
      else if (connectionState === "failed" || connectionState === "closed") this.#expect(0);
      this.options.onChange();
    };
    this.#expect(CONNECT_WITHIN);
  }

  #drop() {
    this.#link?.close();
    this.#link = null;
    this.#single = false;
    this.connection?.close();
    this.connection = null;
    this.#lines.clear();
    this.#senders.clear();
    this.#answered = null;
    // What is asked of a connection that was closed may never be answered.
    this.#settings = Promise.resolve();
  }

  /**
   * Say that it failed unless it is connected by then, and again as long as it is not.
   * @param {number} within
   */
  #expect(within) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (this.state === "connected" || this.#closed) return;
      this.options.onFailure();
      this.#expect(CONNECT_WITHIN);
    }, within);
  }

  /** @param {boolean} single */
  #setSingle(single) {
    this.#single = single;
    const sender = this.#senders.get("video");
    if (sender) void this.#publish("video", sender);
  }

  /**
   * One after the other: a browser refuses parameters that were read before others were set.
   * @param {TrackKind} kind
   * @param {RTCRtpSender} sender
   */
  #publish(kind, sender) {
    this.#settings = this.#settings.then(() => this.#set(kind, sender));
    return this.#settings;
  }

  /**
   * @param {TrackKind} kind
   * @param {RTCRtpSender} sender
   */
  async #set(kind, sender) {
    const track = this.#tracks.get(kind) ?? null;
    try {
      await sender.replaceTrack(track);
      if (!track) return;
      const parameters = sender.getParameters();
      setEncodings(kind, track, parameters.encodings ?? [], this.#single);
      await sender.setParameters(parameters);
    } catch (error) {
      // Some browsers refuse single members, or the connection is gone by now.
      console.warn("encodings refused", error);
    }
  }
}

/**
 * How to send a track: sound before everything, a camera large and small, a screen readable.
 * @param {TrackKind} kind
 * @param {MediaStreamTrack} track
 * @param {RTCRtpEncodingParameters[]} encodings
 * @param {boolean} [single] send a camera in one encoding, the link being narrow
 */
export function setEncodings(kind, track, encodings, single = false) {
  const [large, small] = encodings;
  if (!large) return;
  if (kind === "audio") {
    large.priority = large.networkPriority = "high";
    return;
  }
  large.maxBitrate = kind === "screen" ? SCREEN : LARGE;
  large.scaleResolutionDownBy = 1;
  if (small) {
    const { height = 0 } = track.getSettings();
    large.active = !single;
    small.maxBitrate = single ? SINGLE : SMALL;
    small.scaleResolutionDownBy = single ? 1 : Math.max(1, height / SMALL_LINES);
  }
}
