/**
 * The direct connection to one remote peer. Of the two, one makes the offers, and the other one answers
 * them and asks for more: no offer has to be taken back, which costs Chromium its pictures
 * (`findings/chromium_rollback_freezes_video.sh`). A remote page that reloads is another peer with another
 * connection.
 */

import { timeoutFor } from "../../shared/timeouts.js";
import {
  encodingsOf,
  heedsActive,
  limitAudio,
  limitVideo,
  sameLimits,
  UNLIMITED,
} from "../line/sending-limits.js";
import { withThriftyAudio } from "../line/thrifty-audio.js";
import { HeldCandidates } from "./held-candidates.js";

/**
 * @import { Limits } from "../line/sending-limits.js"
 * @import { CandidateInit, Description } from "../../signaling/values.js"
 */

/**
 * @typedef {object} PeerOptions
 * @property {boolean} offers makes the offers; the other side asks for them
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
/** @typedef {"needed" | "restart"} Wish an offer, or one that restarts ICE */

/** Bits per second of a face at 540 lines. */
const VIDEO_BITRATE = 900_000;

/** Longer than the short gaps of a phone on the move, shorter than the other person's patience. */
const DISCONNECTED_GRACE = 3_000;
/** What brings no path or answer is repeated: descriptions are lost with the signaling channel. */
const REPEAT_INTERVAL = timeoutFor(8_000, 4);
const MAX_REVISION = 2 ** 31;

export class Peer {
  #makingOffer = false;
  #answering = false;
  #candidates;
  /** A change came at a moment when none can be offered. */
  #offersLater = false;
  /** The next offer is to restart ICE, and whether the one that was made last does. */
  #restarts = false;
  #offeredRestart = false;
  /** @type {number | null | undefined} of the offer that was made or answered last */
  #revision;
  /** @type {Wish | null} what the other side is asked for and has not offered yet */
  #wish = null;
  #operations = Promise.resolve();
  #closed = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #restartTimer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #answerTimer;
  /** @type {Map<Kind, RTCRtpSender>} */
  #senders = new Map();
  /** @type {Map<Kind, MediaStreamTrack | null>} what is to be sent, limits permitting */
  #tracks = new Map();
  #receivesVideo = true;
  #limits;
  #senderUpdates = Promise.resolve();
  #isThrifty;

  /** @param {PeerOptions} options */
  constructor(options) {
    this.options = options;
    this.#candidates = new HeldCandidates(options.sendCandidate);
    this.#isThrifty = options.thrifty ?? false;
    this.#limits = options.limits ?? UNLIMITED;
    const make = options.makeConnection ?? ((given) => new RTCPeerConnection(given));
    this.connection = make(options.configuration);
    const { connection } = this;
    // Whoever answers knows what there is to ask for: a section that only its own offer could add never is.
    if (options.offers) connection.onnegotiationneeded = () => void this.#offer();
    connection.onicecandidate = ({ candidate }) => {
      // The end of candidates needs no message: browsers do without.
      if (candidate?.candidate) this.#candidates.send(wireCandidate(candidate));
    };
    connection.ontrack = ({ track }) => options.onTrack(track);
    connection.onconnectionstatechange = () => this.#stateChanged();
    this.#scheduleRestart(REPEAT_INTERVAL);
  }

  /** Start: an offer is made at once, even with nothing to send. */
  start() {
    if (!this.options.offers) return;
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
    } else if (track && this.options.offers) {
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
    this.#limitAgain();
  }

  /** @param {boolean} thrifty see `PeerOptions` */
  setThrifty(thrifty) {
    if (this.#isThrifty === thrifty) return;
    this.#isThrifty = thrifty;
    // A description that is on its way says otherwise.
    if (this.#isOut || this.connection.remoteDescription) this.#negotiate();
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
    if (!this.options.offers) this.#negotiate();
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
        this.#candidates.theirsCame();
      } catch (error) {
        console.warn("candidate refused", error);
      }
    });
  }

  /** The signaling channel is back: send again what may have been lost with it. */
  resume() {
    // The other side takes an answer by its revision, and once.
    if (!this.options.offers && this.#revision) this.#sendLocalDescription();
    if (this.#isWaiting) this.#repeat();
    else if (this.connection.connectionState !== "connected") this.restart();
  }

  /** Restart ICE; media goes on over the old path meanwhile. */
  restart() {
    if (this.#closed) return;
    if (!this.options.offers) this.#ask("restart");
    else if (!this.#isOut || !this.#offeredRestart) {
      this.#restarts = true;
      this.connection.restartIce();
    }
    this.#scheduleRestart(REPEAT_INTERVAL);
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#restartTimer);
    clearTimeout(this.#answerTimer);
    this.#candidates.drop();
    this.connection.close();
  }

  #negotiate() {
    if (this.options.offers) void this.#offer();
    // The first offer comes unasked.
    else if (this.connection.remoteDescription) this.#ask("needed");
  }

  /** Whether an offer is not answered yet. */
  get #isOut() {
    return this.#makingOffer || this.connection.signalingState === "have-local-offer";
  }

  /** Whether something that was sent is to be sent again if nothing comes of it. */
  get #isWaiting() {
    return this.connection.signalingState === "have-local-offer" || this.#wish !== null;
  }

  /** @param {Wish} wish */
  #ask(wish) {
    if (this.#closed) return;
    if (this.#wish !== "restart") this.#wish = wish;
    // What came too late for an answer is asked for after it.
    if (!this.#answering) this.#repeat();
  }

  /** Send what is not answered, again after a while. */
  #repeat() {
    if (this.connection.signalingState === "have-local-offer") this.#sendLocalDescription();
    else if (this.#wish) this.options.sendDescription({ kind: this.#wish, sdp: "" });
    clearTimeout(this.#answerTimer);
    this.#answerTimer = setTimeout(() => this.#isWaiting && this.#repeat(), REPEAT_INTERVAL);
  }

  async #offer() {
    if (this.#closed) return;
    // Natively the event waits for that.
    const isFree = !this.#makingOffer && !this.#answering;
    if (!isFree || this.connection.signalingState !== "stable") {
      this.#offersLater = true;
      return;
    }
    // The first offer is as good.
    this.#offeredRestart = this.#restarts || this.connection.remoteDescription === null;
    this.#restarts = false;
    const { remoteDescription, localDescription } = this.connection;
    if (remoteDescription) this.#candidates.hold(localDescription?.sdp);
    try {
      this.#makingOffer = true;
      await this.connection.setLocalDescription();
      this.#revision = 1 + Math.floor(Math.random() * MAX_REVISION);
      this.#repeat();
    } catch (error) {
      console.warn("offer failed", error);
    } finally {
      this.#makingOffer = false;
    }
  }

  /** @param {Description} received */
  async #receiveDescription(received) {
    const { kind } = received;
    if (kind === "needed" || kind === "restart") this.#grant(kind);
    else if (kind === "offer") await this.#answer(received);
    else if (kind === "answer") await this.#receiveAnswer(received);
    if (!this.#offersLater) return;
    this.#offersLater = false;
    void this.#offer();
  }

  /**
   * The other side asks for an offer. One that is out already does as well: whoever answers it later
   * answers with what they want by then.
   * @param {Wish} wish
   */
  #grant(wish) {
    if (wish === "restart") this.restart();
    else if (!this.#isOut) void this.#offer();
  }

  /** @param {Description} offer */
  async #answer({ sdp = "", revision }) {
    const { connection } = this;
    // A page that was loaded before the server was renewed may offer too: ours comes first.
    if (this.#isOut) return;
    if (!revision || revision !== this.#revision) {
      this.#answering = true;
      this.#wish = null;
      try {
        await connection.setRemoteDescription({ type: "offer", sdp: this.#asWanted(sdp) });
        await this.#adoptTransceivers();
        await connection.setLocalDescription();
        this.#revision = revision;
      } finally {
        this.#answering = false;
      }
    }
    // To an offer that was sent twice, the same answer.
    this.#sendLocalDescription();
    this.#limitAgain();
    if (this.#wish) this.#repeat();
  }

  /** @param {Description} answer */
  async #receiveAnswer({ sdp = "", revision = this.#revision }) {
    if (this.connection.signalingState !== "have-local-offer" || revision !== this.#revision)
      return;
    await this.connection.setRemoteDescription({ type: "answer", sdp: this.#asWanted(sdp) });
    this.#candidates.answered(sdp);
    this.#limitAgain();
  }

  /** As the answerer: send through the transceivers of the offer. */
  async #adoptTransceivers() {
    for (const transceiver of this.connection.getTransceivers()) {
      const kind = /** @type {Kind} */ (transceiver.receiver.track.kind);
      if (transceiver.mid === null || this.#senders.has(kind)) continue;
      transceiver.direction = this.#direction(kind);
      transceiver.sender.setStreams?.(this.options.stream);
      this.#senders.set(kind, transceiver.sender);
      // Some engines know no parameters before the answer: video that is held waits for them.
      const isSent = kind === "audio" || this.#limits.video;
      await transceiver.sender.replaceTrack((isSent && this.#tracks.get(kind)) || null);
    }
  }

  #sendLocalDescription() {
    const { localDescription } = this.connection;
    if (!localDescription) return;
    const { type, sdp } = localDescription;
    this.options.sendDescription({
      kind: type,
      sdp: this.#asWanted(sdp),
      revision: this.#revision,
    });
  }

  /** @param {string} sdp of either side */
  #asWanted(sdp) {
    return this.#isThrifty ? withThriftyAudio(sdp) : sdp;
  }

  /** What was set while a description was being made is refused or lost. */
  #limitAgain() {
    for (const kind of this.#senders.keys()) void this.#updateSender(kind);
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
    const parameters = sender?.getParameters?.();
    const [encoding] = parameters ? encodingsOf(parameters) : [];
    if (!sender || !parameters || !encoding) return;
    if (kind === "audio") limitAudio(encoding, this.#limits);
    else {
      const { height: lines = 0 } = this.#tracks.get(kind)?.getSettings() ?? {};
      limitVideo(encoding, { bitrate: VIDEO_BITRATE, lines }, this.#limits);
      encoding.priority = "low";
    }
    // Some browsers refuse single members; their defaults are good enough.
    await sender.setParameters(parameters).catch(() => {});
    const isSent = kind === "audio" || this.#limits.video || heedsActive(parameters);
    const sent = (isSent && this.#tracks.get(kind)) || null;
    if (sender.track !== sent) await sender.replaceTrack(sent);
  }

  #stateChanged() {
    const { connectionState } = this.connection;
    clearTimeout(this.#restartTimer);
    if (connectionState === "disconnected") this.#scheduleRestart(DISCONNECTED_GRACE);
    else if (connectionState === "failed") this.restart();
    else if (connectionState === "connecting") this.#scheduleRestart(REPEAT_INTERVAL);
    this.options.onState(connectionState);
  }

  /** @param {number} delay */
  #scheduleRestart(delay) {
    clearTimeout(this.#restartTimer);
    this.#restartTimer = setTimeout(() => {
      if (this.connection.connectionState === "connected") return;
      if (this.connection.signalingState !== "have-local-offer") return this.restart();
      // Its answer may bring the path.
      this.#repeat();
      this.#scheduleRestart(REPEAT_INTERVAL);
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
 * Which of two makes the offers: both ends come to the same answer without asking.
 * @param {string} ownId of this page's peer
 * @param {string} remoteId
 */
export function makesOffers(ownId, remoteId) {
  return ownId > remoteId;
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
