/**
 * The connections of a call: direct ones with every other member (mesh), or one with the relay
 * (forwarded), as the room says. While the call moves from one topology to the other, both are up
 * (make before break): each participant is shown over the target as soon as it brings all their
 * media, and the server is told.
 */

import { timeoutFor } from "../../shared/timeouts.js";
import { Allowances } from "../line/allowances.js";
import { mediaReceived, setTracks, withOneVideo } from "./received-media.js";
import { makesOffers, Peer } from "./peer.js";
import { RelayPeer } from "./relay-peer.js";
import { callPhase } from "../state.js";

/**
 * @import { Limits } from "../line/sending-limits.js"
 * @import { ClientMessage, RelayOffer } from "../../signaling/messages.js"
 * @import { CallMember, CallView, CandidateInit, Description, IceServer, RelayTrack } from "../../signaling/values.js"
 * @import { Room } from "../state.js"
 * @typedef {Exclude<ClientMessage, { id: string }>} Signal
 */

/**
 * @typedef {object} CallConnectionsOptions
 * @property {string} peerId of this page
 * @property {(message: Signal) => boolean} send false if the signaling channel is not open
 * @property {() => void} onChange tracks or connection states changed
 * @property {Allowances} [allowances] without, everything may be sent
 * @property {(peerId: string) => boolean} [isVisible] the relay sends no video that is not shown
 * @property {(options: import("./peer.js").PeerOptions) => Peer} [makePeer]
 * @property {(options: import("./relay-peer.js").RelayPeerOptions) => RelayPeer} [makeRelayPeer]
 */

/**
 * A direct connection.
 * @typedef {object} DirectConnection
 * @property {Peer} peer
 * @property {RTCPeerConnectionState} state
 * @property {ReturnType<typeof setTimeout>} [timer]
 */

/**
 * Another member of the call, as the tiles show them.
 * @typedef {object} RemoteParticipant
 * @property {string} peerId
 * @property {MediaStream} stream microphone and camera, over either topology
 * @property {MediaStream} screen
 * @property {RTCPeerConnectionState} state
 */

/** Signals held for unknown peers: a description may overtake the news that its sender joined. */
const MAX_EARLY_SIGNALS = 60;
/** Without a direct path for this long, the relay has to help. */
const PATH_TIMEOUT = timeoutFor(8_000, 4);
const POLL_INTERVAL = 200;

export class CallConnections {
  /** @type {Map<string, DirectConnection>} by peer id */
  #direct = new Map();
  /** @type {RelayPeer | null} */
  #relay = null;
  /** @type {Map<string, RemoteParticipant>} by participant id */
  remotes = new Map();
  /** @type {RTCConfiguration} */
  configuration = {};
  /** @type {RTCIceServer[]} */
  #servers = [];
  /** @type {{ sender: string, deliver: (peer: Peer) => void }[]} */
  #earlySignals = [];
  /** @type {RelayOffer | null} */
  #earlyOffer = null;
  /** @type {Map<RelayTrack["kind"], MediaStreamTrack | null>} */
  #tracks = new Map();
  #stream = new MediaStream();
  /** Neither sending nor receiving video, chosen by the reader. */
  audioOnly = false;
  #allowances;
  /** @type {CallView | null} while this page is in the call */
  #call = null;
  /** @type {CallMember[]} */
  #others = [];
  /** @type {Map<string, number>} by peer id: since when their audio arrives over the target */
  #audioSince = new Map();
  /** @type {Set<string>} ids of peers whose media all arrives over the target */
  #arrived = new Set();
  #reported = "";
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #pollTimer;

  /** @param {CallConnectionsOptions} options */
  constructor(options) {
    this.options = options;
    this.#allowances = options.allowances ?? new Allowances({});
  }

  /** @returns {RTCPeerConnection[]} all that are open */
  get connections() {
    const relay = this.#relay?.connection;
    return [
      ...[...this.#direct.values()].map(({ peer }) => peer.connection),
      ...(relay ? [relay] : []),
    ];
  }

  /** Whether the relay carries the call, or is about to. */
  get forwarded() {
    return this.#relay !== null;
  }

  /**
   * @param {IceServer[]} servers
   * @param {"auto" | "relay"} policy
   */
  configure(servers, policy) {
    this.#servers = servers.map(({ urls, username, credential }) => ({
      urls,
      username: username ?? undefined,
      credential: credential ?? undefined,
    }));
    this.configuration = {
      iceServers: this.#servers,
      iceTransportPolicy: policy === "relay" ? "relay" : "all",
    };
    for (const { peer } of this.#direct.values()) {
      // TURN credentials expire; an ICE restart must not use old ones.
      peer.connection.setConfiguration?.(this.configuration);
      peer.resume();
    }
    this.#relay?.resume();
    this.#reported = "";
  }

  /**
   * Connect to exactly the other members of the call, over the topology that the room says.
   * @param {Room} room
   */
  update(room) {
    const joined = callPhase(room, this.options.peerId) === "joined";
    const call = joined ? room.call : null;
    if (call?.moving_to !== this.#call?.moving_to || call?.call_id !== this.#call?.call_id) {
      this.#audioSince.clear();
      this.#arrived.clear();
      this.#reported = "";
    }
    this.#call = call;
    this.#others = (call?.members ?? []).filter(
      (member) => member.state === "joined" && member.peer_id && member.participant_id !== room.me,
    );
    this.#updateDirect(call);
    this.#updateRelay(call);
    this.#applyLimits();
    if (!room.call) this.#earlySignals = [];
    clearInterval(this.#pollTimer);
    if (call?.moving_to)
      this.#pollTimer = setInterval(() => void this.#pollTarget(), POLL_INTERVAL);
    this.#updateRemotes();
  }

  /** @param {CallView | null} call */
  #updateDirect(call) {
    const isMesh = call?.topology === "mesh" || call?.moving_to === "mesh";
    const wanted = new Set(isMesh ? this.#others.map(({ peer_id }) => peer_id ?? "") : []);
    for (const [remoteId, direct] of this.#direct) {
      if (wanted.has(remoteId)) continue;
      clearTimeout(direct.timer);
      direct.peer.close();
      this.#direct.delete(remoteId);
    }
    // Whoever joins during a move to the relay needs no direct connection any more.
    if (call?.moving_to === "forwarded") return;
    for (const remoteId of wanted) {
      if (!this.#direct.has(remoteId)) this.#connect(remoteId);
    }
  }

  /** @param {CallView | null} call */
  #updateRelay(call) {
    if (call?.topology !== "forwarded" && call?.moving_to !== "forwarded") {
      this.#relay?.close();
      this.#relay = this.#earlyOffer = null;
      return;
    }
    if (this.#relay) return;
    const make = this.options.makeRelayPeer ?? ((options) => new RelayPeer(options));
    this.#relay = make({
      // ICE lite: the relay's offers hold its own addresses, and nobody else sees this page's.
      configuration: { iceServers: this.#servers, bundlePolicy: "max-bundle" },
      send: this.options.send,
      onChange: () => {
        this.#updateRemotes();
        this.options.onChange();
      },
      onFailure: () => this.options.send({ type: "path_failed" }),
      limits: this.#allowances.ofNew,
      thrifty: this.#allowances.isThrifty,
    });
    for (const [kind, track] of this.#tracks) this.#relay.setTrack(kind, track);
    if (this.#earlyOffer) this.#relay.receiveOffer(this.#earlyOffer);
    this.#earlyOffer = null;
  }

  /**
   * @param {RelayTrack["kind"]} kind
   * @param {MediaStreamTrack | null} track
   */
  setTrack(kind, track) {
    this.#tracks.set(kind, track);
    this.#relay?.setTrack(kind, track);
    for (const { peer } of this.#direct.values()) this.#sendTracks(peer);
  }

  /**
   * A direct connection carries one video: the screen, or else the camera.
   * @param {Peer} peer
   */
  #sendTracks(peer) {
    const audio = this.#tracks.get("audio") ?? null;
    const video = this.#tracks.get("screen") ?? this.#tracks.get("video") ?? null;
    void peer.setTrack("audio", audio);
    void peer.setTrack("video", video);
  }

  /** Whether there is video to send. */
  get sendsVideo() {
    return Boolean(this.#tracks.get("screen") ?? this.#tracks.get("video"));
  }

  /**
   * @param {RTCPeerConnection} connection
   * @param {Limits} limits of its line from now on
   */
  limit(connection, limits) {
    this.#allowances.note(connection, limits);
    this.#applyLimits();
  }

  /** The reader saves data, or not any more. */
  followSaving() {
    for (const { peer } of this.#direct.values()) peer.setThrifty(this.#allowances.isThrifty);
    this.#applyLimits();
  }

  /** Have each connection send what its line carries, and no more than either end wants. */
  #applyLimits() {
    for (const [remoteId, { peer }] of this.#direct) {
      const member = this.#others.find(({ peer_id }) => peer_id === remoteId);
      peer.limit(this.#allowances.of(peer.connection, member?.media?.saving ?? false));
    }
    const isMuch = this.#others.some(({ media }) => media?.saving);
    this.#relay?.setThrifty(isMuch || this.#allowances.isThrifty);
    const relayed = this.#relay?.connection;
    if (relayed) this.#relay?.limit(this.#allowances.ofRelay(relayed, isMuch));
  }

  /** @param {boolean} on */
  setAudioOnly(on) {
    this.audioOnly = on;
    for (const { peer } of this.#direct.values()) peer.setReceiveVideo(!on);
  }

  /**
   * @param {string} sender
   * @param {Description} description
   */
  receiveDescription(sender, description) {
    this.#deliver(sender, (peer) => peer.receiveDescription(description));
  }

  /**
   * @param {string} sender
   * @param {CandidateInit} candidate
   */
  receiveCandidate(sender, candidate) {
    this.#deliver(sender, (peer) => peer.receiveCandidate(candidate));
  }

  /** @param {RelayOffer} offer */
  receiveOffer(offer) {
    if (this.#relay) this.#relay.receiveOffer(offer);
    else this.#earlyOffer = offer;
  }

  /** The network changed: the old path may look alive for a long time. */
  restart() {
    for (const { peer } of this.#direct.values()) peer.restart();
  }

  /**
   * @param {string} sender
   * @param {(peer: Peer) => void} deliver
   */
  #deliver(sender, deliver) {
    const direct = this.#direct.get(sender);
    if (direct) deliver(direct.peer);
    else if (this.#earlySignals.length < MAX_EARLY_SIGNALS)
      this.#earlySignals.push({ sender, deliver });
  }

  /** @param {string} remoteId */
  #connect(remoteId) {
    const { send, onChange, peerId } = this.options;
    const make = this.options.makePeer ?? ((options) => new Peer(options));
    const changed = () => {
      this.#updateRemotes();
      onChange();
    };
    const peer = make({
      offers: makesOffers(peerId, remoteId),
      configuration: this.configuration,
      stream: this.#stream,
      limits: this.#allowances.ofNew,
      thrifty: this.#allowances.isThrifty,
      sendDescription: (description) =>
        send({ type: "send_description", to: remoteId, description }),
      sendCandidate: (candidate) => send({ type: "send_candidate", to: remoteId, candidate }),
      onTrack: (track) => {
        track.onmute = track.onunmute = changed;
        changed();
      },
      onState: (state) => {
        direct.state = state;
        this.#watchPath(remoteId, direct);
        changed();
      },
    });
    /** @type {DirectConnection} */
    const direct = { peer, state: "new" };
    this.#direct.set(remoteId, direct);
    this.#watchPath(remoteId, direct);
    this.#sendTracks(peer);
    if (this.audioOnly) peer.setReceiveVideo(false);
    peer.start();
    const early = this.#earlySignals.filter(({ sender }) => sender === remoteId);
    this.#earlySignals = this.#earlySignals.filter(({ sender }) => sender !== remoteId);
    for (const { deliver } of early) deliver(peer);
    onChange();
  }

  /**
   * Report a missing direct path, again for as long as it is missing.
   * @param {string} remoteId
   * @param {DirectConnection} direct
   */
  #watchPath(remoteId, direct) {
    if (direct.state === "connected") {
      clearTimeout(direct.timer);
      direct.timer = undefined;
    }
    if (direct.state === "connected" || direct.timer !== undefined) return;
    direct.timer = setTimeout(() => {
      direct.timer = undefined;
      this.options.send({ type: "path_failed", to: remoteId });
      this.#watchPath(remoteId, direct);
    }, PATH_TIMEOUT);
  }

  // --- what is shown, and over which topology it comes

  /**
   * @param {CallMember} member
   * @returns {"mesh" | "forwarded"}
   */
  #topologyOf({ peer_id }) {
    const { topology = "mesh", moving_to = null } = this.#call ?? {};
    if (!moving_to || !peer_id || this.#arrived.has(peer_id)) return moving_to ?? topology;
    // Newcomers only have the target.
    return this.#receivers(topology, peer_id).length ? topology : moving_to;
  }

  /**
   * @param {"mesh" | "forwarded"} topology
   * @param {string} peerId
   * @returns {{ kind: RelayTrack["kind"], receiver: RTCRtpReceiver }[]}
   */
  #receivers(topology, peerId) {
    if (topology === "forwarded") return this.#relay?.receiversOf(peerId) ?? [];
    const peer = this.#direct.get(peerId)?.peer;
    if (!peer?.connection.remoteDescription) return [];
    const receivers = withOneVideo(peer.connection.getReceivers(), peer.ownVideoReceiver);
    return receivers.map((receiver) => ({
      kind: receiver.track.kind === "audio" ? "audio" : "video",
      receiver,
    }));
  }

  #updateRemotes() {
    const gone = new Set(this.remotes.keys());
    for (const member of this.#others) {
      const { participant_id, peer_id } = member;
      gone.delete(participant_id);
      let remote = this.remotes.get(participant_id);
      if (!remote) {
        remote = { peerId: "", stream: new MediaStream(), screen: new MediaStream(), state: "new" };
        this.remotes.set(participant_id, remote);
      }
      remote.peerId = peer_id ?? "";
      const topology = this.#topologyOf(member);
      const receivers = this.#receivers(topology, remote.peerId);
      const tracks = receivers.filter(({ kind }) => kind !== "screen");
      const screens = receivers.filter(({ kind }) => kind === "screen");
      setTracks(remote.stream, tracks);
      setTracks(remote.screen, screens);
      if (topology === "mesh") remote.state = this.#direct.get(remote.peerId)?.state ?? "new";
      else remote.state = receivers.length ? (this.#relay?.state ?? "new") : "new";
    }
    for (const participantId of gone) this.remotes.delete(participantId);
  }

  /** Find out what arrives over the target of a move, show it, and tell the server. */
  async #pollTarget() {
    const call = this.#call;
    const target = call?.moving_to;
    if (!call || !target) return;
    const { size } = this.#arrived;
    for (const member of this.#others) {
      const peerId = member.peer_id ?? "";
      if (this.#arrived.has(peerId) || !member.media) continue;
      const state = target === "mesh" ? this.#direct.get(peerId)?.state : this.#relay?.state;
      if (state !== "connected") continue;
      const receivers = this.#receivers(target, peerId);
      const shown = target === "mesh" || (this.options.isVisible?.(peerId) ?? true);
      const found = await mediaReceived(receivers, member.media, this.audioOnly || !shown);
      if (call !== this.#call) return;
      if (found.audio && !this.#audioSince.has(peerId)) this.#audioSince.set(peerId, Date.now());
      if (found.audio && (found.video || audioSuffices(this.#audioSince.get(peerId)))) {
        this.#arrived.add(peerId);
      }
    }
    const peers = [...this.#arrived].sort();
    const report = peers.join();
    if (
      report !== this.#reported &&
      this.options.send({ type: "path_ready", topology: target, peers })
    ) {
      this.#reported = report;
    }
    if (size === this.#arrived.size) return;
    this.#updateRemotes();
    this.options.onChange();
  }
}

/**
 * Video may be paused for bandwidth: with audio for this long, a move does not wait for it.
 * @param {number | undefined} since
 */
function audioSuffices(since) {
  return since !== undefined && Date.now() - since > 3_000;
}
