/**
 * The one connection with the server's relay, which forwards what everybody in the call sends.
 * The relay makes every offer and this side answers, so there is no glare. A `fresh` offer asks
 * for a new connection in place of the old one.
 */

import { timeoutFor } from "../../shared/timeouts.js";
import { encodingsOf, heedsActive, sameLimits, UNLIMITED } from "../line/sending-limits.js";
import { withThriftyAudio } from "../line/thrifty-audio.js";
import { setEncodings } from "../line/encodings.js";
import { RelayAdaptation } from "./relay-adaptation.js";

/**
 * @import { Limits } from "../line/sending-limits.js"
 * @import { RelayAnswer, RelayOffer } from "../../signaling/messages.js"
 * @import { RelayTrack } from "../../signaling/values.js"
 * @import { TrackKind } from "../line/encodings.js"
 */

/**
 * @typedef {object} RelayPeerOptions
 * @property {RTCConfiguration} configuration
 * @property {(answer: RelayAnswer) => boolean} send false if the signaling channel is not open
 * @property {() => void} onChange tracks or the connection state changed
 * @property {() => void} onFailure the connection does not work: a new one is needed
 * @property {Limits} [limits] of each new connection, until others are set
 * @property {boolean} [thrifty] audio is sent in few packets
 * @property {(configuration: RTCConfiguration) => RTCPeerConnection} [makeConnection]
 */

/** Longer than the short gaps of a phone on the move. */
const DISCONNECTED_GRACE = 3_000;
/** A browser connects within a second or two; after this long a new attempt is worth more. */
const CONNECT_TIMEOUT = timeoutFor(8_000, 4);
export class RelayPeer {
  /** @type {RTCPeerConnection | null} */
  connection = null;
  /** @type {Map<string, RelayTrack>} by mid */
  #subscriptions = new Map();
  /** @type {Map<TrackKind, RTCRtpSender>} */
  #senders = new Map();
  /** @type {Map<TrackKind, MediaStreamTrack | null>} */
  #tracks = new Map();
  /** @type {RelayAnswer | null} */
  #lastAnswer = null;
  #negotiation = Promise.resolve();
  #senderUpdates = Promise.resolve();
  #closed = false;
  /** @type {RelayAdaptation | null} */
  #adaptation = null;
  /** Whether the link is too narrow for two encodings of the camera. */
  #singleEncoding = false;
  /** @type {Limits} */
  #limits;
  #isThrifty;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {RelayPeerOptions} options */
  constructor(options) {
    this.options = options;
    this.#limits = options.limits ?? UNLIMITED;
    this.#isThrifty = options.thrifty ?? false;
    this.#failAfter(CONNECT_TIMEOUT);
  }

  /** @returns {RTCPeerConnectionState} */
  get state() {
    return this.connection?.connectionState ?? "new";
  }

  /** @param {RelayOffer} offer */
  receiveOffer(offer) {
    this.#negotiation = this.#negotiation
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
    if (sender) void this.#updateSender(kind, sender);
  }

  /** @param {Limits} limits of what this connection sends from now on */
  limit(limits) {
    if (sameLimits(limits, this.#limits)) return;
    this.#limits = limits;
    for (const [kind, sender] of this.#senders) void this.#updateSender(kind, sender);
  }

  /** @param {boolean} thrifty see `RelayPeerOptions`; takes effect with the next offer */
  setThrifty(thrifty) {
    this.#isThrifty = thrifty;
  }

  /**
   * The receivers of one participant's tracks.
   * @param {string} peerId
   * @returns {{ kind: TrackKind, receiver: RTCRtpReceiver }[]}
   */
  receiversOf(peerId) {
    const found = [];
    for (const { mid, receiver } of this.connection?.getTransceivers() ?? []) {
      const track = this.#subscriptions.get(mid ?? "");
      if (track?.peer_id === peerId) found.push({ kind: track.kind, receiver });
    }
    return found;
  }

  /** The signaling channel is back: the last answer may have been lost with it. */
  resume() {
    if (this.#lastAnswer && this.state !== "connected") this.options.send(this.#lastAnswer);
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#discard();
  }

  /** @param {RelayOffer} offer */
  async #answer(offer) {
    if (this.#lastAnswer?.revision === offer.revision) {
      this.options.send(this.#lastAnswer);
      return;
    }
    if (offer.fresh) this.#replace();
    const { connection } = this;
    if (!connection) return;
    const sdp = this.#isThrifty ? withThriftyAudio(offer.sdp) : offer.sdp;
    await connection.setRemoteDescription({ type: "offer", sdp });
    this.#subscriptions.clear();
    for (const track of offer.tracks) {
      if (track.direction === "subscribe") this.#subscriptions.set(track.mid, track);
    }
    for (const kind of /** @type {TrackKind[]} */ (["audio", "video", "screen"])) {
      const published = offer.tracks.find(
        (track) => track.direction === "publish" && track.kind === kind,
      );
      const transceiver = connection.getTransceivers().find(({ mid }) => mid === published?.mid);
      if (!published || !transceiver) {
        this.#senders.delete(kind);
      } else if (this.#senders.get(kind) !== transceiver.sender) {
        this.#senders.set(kind, transceiver.sender);
        // Even with nothing to send yet: turning the camera on later needs no negotiation.
        transceiver.direction = "sendonly";
        await this.#updateSender(kind, transceiver.sender);
      }
    }
    await connection.setLocalDescription(await connection.createAnswer());
    if (connection !== this.connection) return;
    // Browsers make encodings active again that the offer names.
    for (const [kind, sender] of this.#senders) void this.#updateSender(kind, sender);
    this.#lastAnswer = {
      type: "relay_answer",
      revision: offer.revision,
      sdp: connection.localDescription?.sdp ?? "",
    };
    this.options.send(this.#lastAnswer);
    this.options.onChange();
  }

  #replace() {
    this.#discard();
    const make = this.options.makeConnection ?? ((given) => new RTCPeerConnection(given));
    const connection = make(this.options.configuration);
    this.connection = connection;
    connection.onconnectionstatechange = () => {
      if (connection !== this.connection) return;
      const { connectionState } = connection;
      if (connectionState === "connected") {
        clearTimeout(this.#timer);
        this.#adaptation ??= new RelayAdaptation(connection, (single) =>
          this.#setSingleEncoding(single),
        );
      }
      if (connectionState === "disconnected") this.#failAfter(DISCONNECTED_GRACE);
      else if (connectionState === "failed" || connectionState === "closed") this.#failAfter(0);
      this.options.onChange();
    };
    this.#failAfter(CONNECT_TIMEOUT);
  }

  #discard() {
    this.#adaptation?.close();
    this.#adaptation = null;
    this.#singleEncoding = false;
    this.#limits = this.options.limits ?? UNLIMITED;
    this.connection?.close();
    this.connection = null;
    this.#subscriptions.clear();
    this.#senders.clear();
    this.#lastAnswer = null;
    // Operations on a closed connection may never settle.
    this.#senderUpdates = Promise.resolve();
  }

  /**
   * Report a failure unless connected within this time, and again for as long as it is not.
   * @param {number} within milliseconds
   */
  #failAfter(within) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (this.state === "connected" || this.#closed) return;
      this.options.onFailure();
      this.#failAfter(CONNECT_TIMEOUT);
    }, within);
  }

  /** @param {boolean} single */
  #setSingleEncoding(single) {
    this.#singleEncoding = single;
    const sender = this.#senders.get("video");
    if (sender) void this.#updateSender("video", sender);
  }

  /**
   * Serialized: a browser refuses parameters that were read before other ones were set.
   * @param {TrackKind} kind
   * @param {RTCRtpSender} sender
   */
  #updateSender(kind, sender) {
    this.#senderUpdates = this.#senderUpdates.then(() => this.#applyTrack(kind, sender));
    return this.#senderUpdates;
  }

  /**
   * @param {TrackKind} kind
   * @param {RTCRtpSender} sender
   */
  async #applyTrack(kind, sender) {
    const track = this.#tracks.get(kind) ?? null;
    try {
      const heeds = heedsActive(sender.getParameters());
      const isHeld = kind !== "audio" && !this.#limits.video && !heeds;
      await sender.replaceTrack(isHeld ? null : track);
      if (!track) return;
      // Read only now: a description that was set meanwhile has others, and Chromium refuses the old ones.
      const parameters = sender.getParameters();
      const options = { single: this.#singleEncoding, limits: this.#limits };
      setEncodings(kind, track, encodingsOf(parameters), options);
      await sender.setParameters(parameters);
    } catch (error) {
      // Some browsers refuse single members, or the connection has been closed meanwhile.
      console.warn("encodings refused", error);
    }
  }
}
