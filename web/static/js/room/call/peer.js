/**
 * The direct connection to one remote peer: perfect negotiation as in the W3C's WebRTC
 * specification (section 10.7), with ICE restarts. A remote page that reloads is another peer with
 * another connection.
 */

import { timeoutFor } from "../../shared/timeouts.js";
import {
  encodingsOf,
  heedsActive,
  limitAudio,
  limitVideo,
  sameLimits,
  UNLIMITED,
} from "../line/limits.js";
import { withThriftyAudio } from "../line/thrifty-audio.js";

/**
 * @import { Limits } from "../line/limits.js"
 * @import { CandidateInit, Description } from "../../signaling/values.js"
 */

/**
 * @typedef {object} PeerOptions
 * @property {boolean} polite gives way when both offer at once
 * @property {RTCConfiguration} configuration
 * @property {MediaStream} stream groups our audio and video for the other side
 * @property {(description: Description) => void} sendDescription
 * @property {(candidate: CandidateInit) => void} sendCandidate
 * @property {(track: MediaStreamTrack) => void} onTrack
 * @property {(state: RTCPeerConnectionState) => void} onState
 * @property {Limits} [limits] until others are set
 * @property {boolean} [thrifty] audio in few packets, both ways
 * @property {(configuration: RTCConfiguration) => RTCPeerConnection} [makeConnection]
 */

/** @typedef {"audio" | "video"} Kind */

/** Bits per second of a face at 540 lines. */
const VIDEO_BITRATE = 900_000;

/** Longer than the short gaps of a phone on the move, shorter than the other person's patience. */
const DISCONNECTED_GRACE = 3_000;
/** An ICE restart without success is repeated: descriptions are lost with the signaling channel. */
const RESTART_INTERVAL = timeoutFor(8_000, 4);
/** The polite peer leaves the first offer to the other, for this long: glare costs a round trip. */
const POLITE_OFFER_DELAY = timeoutFor(4_000, 1);

export class Peer {
  #makingOffer = false;
  #ignoringOffer = false;
  #settingAnswer = false;
  #answering = false;
  /** A change came at a moment when none can be offered. */
  #offersLater = false;
  #operations = Promise.resolve();
  #closed = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #restartTimer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #offerTimer;
  /** @type {Map<Kind, RTCRtpSender>} */
  #senders = new Map();
  /** @type {Map<Kind, MediaStreamTrack | null>} what is to be sent, limits permitting */
  #tracks = new Map();
  #receivesVideo = true;
  #limits;
  #senderUpdates = Promise.resolve();
  #isThrifty;
  #asks;

  /** @param {PeerOptions} options */
  constructor(options) {
    this.options = options;
    this.#isThrifty = options.thrifty ?? false;
    this.#limits = options.limits ?? UNLIMITED;
    const make = options.makeConnection ?? ((given) => new RTCPeerConnection(given));
    this.connection = make(options.configuration);
    const { connection } = this;
    // An engine that makes no description by itself does not know rollback either, and would never get
    // out of an offer that crosses another one: there the polite side asks for an offer.
    this.#asks = options.polite && connection.setLocalDescription.length > 0;
    connection.onnegotiationneeded = () => this.#negotiationNeeded();
    connection.onicecandidate = ({ candidate }) => {
      // The end of candidates needs no message: browsers do without.
      if (candidate?.candidate) options.sendCandidate(wireCandidate(candidate));
    };
    connection.ontrack = ({ track }) => options.onTrack(track);
    connection.onconnectionstatechange = () => this.#stateChanged();
    this.#scheduleRestart(RESTART_INTERVAL);
  }

  /** Start: the impolite peer offers at once, even with nothing to send. */
  start() {
    if (this.options.polite) return;
    for (const kind of /** @type {Kind[]} */ (["audio", "video"])) {
      // An m= section for either kind from the start: turning the camera on needs no negotiation.
      if (!this.#senders.has(kind)) {
        const { sender } = this.connection.addTransceiver(kind, {
          direction: this.#direction(kind),
          streams: [this.options.stream],
        });
        this.#senders.set(kind, sender);
      }
    }
  }

  /**
   * Send this track as our audio or video, or nothing.
   * @param {Kind} kind
   * @param {MediaStreamTrack | null} track
   */
  async setTrack(kind, track) {
    this.#tracks.set(kind, track);
    const sender = this.#senders.get(kind);
    if (sender) {
      await sender.replaceTrack(track);
    } else if (track) {
      this.#senders.set(kind, this.connection.addTrack(track, this.options.stream));
    }
    if (track) await this.#updateSender(kind);
  }

  /** The receiver of the section by which this side sends video. */
  get ownVideoReceiver() {
    const own = this.#senders.get("video");
    const transceivers = own ? this.connection.getTransceivers() : [];
    return transceivers.find(({ sender }) => sender === own)?.receiver ?? null;
  }

  /** @param {Limits} limits of what is sent from now on */
  limit(limits) {
    if (sameLimits(limits, this.#limits)) return;
    this.#limits = limits;
    for (const kind of this.#senders.keys()) void this.#updateSender(kind);
  }

  /** @param {boolean} thrifty see `PeerOptions` */
  setThrifty(thrifty) {
    if (this.#isThrifty === thrifty) return;
    this.#isThrifty = thrifty;
    // A description that is on its way will do otherwise.
    if (this.connection.remoteDescription && this.connection.signalingState === "stable") {
      this.#negotiationNeeded();
    }
  }

  /**
   * Receive the other side's video or not: without it, audio has the network to itself.
   * @param {boolean} wanted
   */
  setReceiveVideo(wanted) {
    if (this.#receivesVideo === wanted) return;
    this.#receivesVideo = wanted;
    for (const transceiver of this.connection.getTransceivers()) {
      if (transceiver.receiver.track.kind === "video" && transceiver.direction !== "stopped") {
        transceiver.direction = this.#direction("video");
      }
    }
  }

  /**
   * @param {Kind} kind
   * @returns {RTCRtpTransceiverDirection}
   */
  #direction(kind) {
    return kind === "video" && !this.#receivesVideo ? "sendonly" : "sendrecv";
  }

  /** @param {Description} description */
  receiveDescription(description) {
    this.#enqueue(() => this.#receiveDescription(description));
  }

  /** @param {CandidateInit} candidate */
  receiveCandidate(candidate) {
    this.#enqueue(async () => {
      try {
        await this.connection.addIceCandidate({
          candidate: candidate.candidate,
          sdpMid: candidate.sdp_mid ?? null,
          sdpMLineIndex: candidate.sdp_m_line_index ?? null,
          usernameFragment: candidate.username_fragment ?? null,
        });
      } catch (error) {
        if (!this.#ignoringOffer) console.warn("candidate refused", error);
      }
    });
  }

  /** The signaling channel is back: send again what may have been lost with it. */
  resume() {
    const { connection } = this;
    const pending = connection.signalingState === "have-local-offer";
    if (pending && connection.localDescription) {
      this.options.sendDescription(this.#wireDescription(connection.localDescription));
    } else if (connection.connectionState !== "connected") {
      this.restart();
    }
  }

  /** Restart ICE; media goes on over the old path meanwhile. */
  restart() {
    if (this.#closed) return;
    if (this.#mayOffer()) this.connection.restartIce();
    this.#scheduleRestart(RESTART_INTERVAL);
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#restartTimer);
    clearTimeout(this.#offerTimer);
    this.connection.close();
  }

  #mayOffer() {
    return !this.options.polite || this.connection.remoteDescription !== null;
  }

  #negotiationNeeded() {
    if (this.#mayOffer()) {
      void this.#offer();
      return;
    }
    clearTimeout(this.#offerTimer);
    this.#offerTimer = setTimeout(() => {
      if (!this.connection.remoteDescription) void this.#offer();
    }, POLITE_OFFER_DELAY);
  }

  async #offer() {
    if (this.#closed) return;
    if (this.#asks) {
      this.options.sendDescription({ kind: "needed", sdp: "" });
      return;
    }
    // Natively the event waits for that.
    const isFree = !this.#makingOffer && !this.#answering;
    if (!isFree || this.connection.signalingState !== "stable") {
      this.#offersLater = true;
      return;
    }
    try {
      this.#makingOffer = true;
      await this.connection.setLocalDescription();
      this.#sendLocalDescription();
    } catch (error) {
      console.warn("offer failed", error);
    } finally {
      this.#makingOffer = false;
    }
  }

  /** @param {Description} received */
  async #receiveDescription(received) {
    const { connection } = this;
    if (received.kind === "needed") {
      this.restart();
      return;
    }
    const type = received.kind;
    const ready =
      !this.#makingOffer && (connection.signalingState === "stable" || this.#settingAnswer);
    const collision = type === "offer" && !ready;
    this.#ignoringOffer = !this.options.polite && collision;
    if (this.#ignoringOffer) return;
    // A second answer, to an offer that was sent twice.
    if (type === "answer" && connection.signalingState !== "have-local-offer") return;
    this.#settingAnswer = type === "answer";
    this.#answering = type === "offer";
    try {
      const sdp = received.sdp ?? "";
      const ours = this.#isThrifty ? withThriftyAudio(sdp) : sdp;
      await connection.setRemoteDescription({ type, sdp: ours });
      if (type === "offer") {
        this.#adoptTransceivers();
        await connection.setLocalDescription();
        this.#sendLocalDescription();
      }
    } finally {
      this.#settingAnswer = this.#answering = false;
    }
    if (!this.#offersLater) return;
    this.#offersLater = false;
    void this.#offer();
  }

  /** As the answerer: send through the transceivers of the offer. */
  #adoptTransceivers() {
    for (const transceiver of this.connection.getTransceivers()) {
      const kind = /** @type {Kind} */ (transceiver.receiver.track.kind);
      if (transceiver.mid === null || this.#senders.has(kind)) continue;
      transceiver.direction = this.#direction(kind);
      transceiver.sender.setStreams?.(this.options.stream);
      this.#senders.set(kind, transceiver.sender);
    }
  }

  #sendLocalDescription() {
    const { localDescription } = this.connection;
    if (localDescription) this.options.sendDescription(this.#wireDescription(localDescription));
  }

  /**
   * @param {RTCSessionDescription} description
   * @returns {Description}
   */
  #wireDescription({ type, sdp }) {
    return { kind: type, sdp: this.#isThrifty ? withThriftyAudio(sdp) : sdp };
  }

  /**
   * Serialized: a browser refuses parameters that were read before other ones were set.
   * @param {Kind} kind
   */
  #updateSender(kind) {
    this.#senderUpdates = this.#senderUpdates.then(() => this.#applyLimits(kind));
    return this.#senderUpdates;
  }

  /**
   * Keep video from starving audio.
   * @param {Kind} kind
   */
  async #applyLimits(kind) {
    const sender = this.#senders.get(kind);
    if (!sender?.getParameters) return;
    const parameters = sender.getParameters();
    const [encoding] = encodingsOf(parameters);
    if (!encoding) return;
    if (kind === "video" && !heedsActive(parameters)) {
      const track = this.#limits.video ? (this.#tracks.get(kind) ?? null) : null;
      if (sender.track !== track) await sender.replaceTrack(track);
    }
    if (kind === "audio") limitAudio(encoding, this.#limits);
    else {
      const { height: lines = 0 } = this.#tracks.get(kind)?.getSettings() ?? {};
      limitVideo(encoding, { bitrate: VIDEO_BITRATE, lines }, this.#limits);
      encoding.priority = "low";
    }
    // Some browsers refuse single members; their defaults are good enough.
    await sender.setParameters(parameters).catch(() => {});
  }

  #stateChanged() {
    const { connectionState } = this.connection;
    clearTimeout(this.#restartTimer);
    if (connectionState === "disconnected") this.#scheduleRestart(DISCONNECTED_GRACE);
    else if (connectionState === "failed") this.restart();
    else if (connectionState === "connecting") this.#scheduleRestart(RESTART_INTERVAL);
    this.options.onState(connectionState);
  }

  /** @param {number} delay */
  #scheduleRestart(delay) {
    clearTimeout(this.#restartTimer);
    this.#restartTimer = setTimeout(() => {
      if (this.connection.connectionState !== "connected") this.restart();
    }, delay);
  }

  /** @param {() => Promise<void>} step */
  #enqueue(step) {
    this.#operations = this.#operations
      .then(() => (this.#closed ? undefined : step()))
      .catch((error) => console.warn("negotiation failed", error));
  }
}

/**
 * @param {RTCIceCandidate} candidate
 * @returns {CandidateInit}
 */
function wireCandidate(candidate) {
  return {
    candidate: candidate.candidate,
    sdp_mid: candidate.sdpMid,
    sdp_m_line_index: candidate.sdpMLineIndex,
    username_fragment: candidate.usernameFragment,
  };
}
