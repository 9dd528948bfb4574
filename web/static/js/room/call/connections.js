/**
 * The call: kept in step with what the room says. While the room says that it moves, both ways
 * live, the direct connections with every other member and the one with the relay; each person is
 * shown by the new way as soon as it brings them, and the server is told.
 */

import { timeoutFor } from "../../shared/timeouts.js";
import { mediaReceived } from "./received-media.js";
import { Peer } from "./peer.js";
import { RelayPeer } from "./relay-peer.js";
import { callPhase } from "../state.js";

/**
 * @import { CallMember, CallView, CandidateInit, ClientMessage, Description, IceServer,
 *   RelayOffer, RelayTrack } from "../../signaling/messages.js"
 * @import { Room } from "../state.js"
 * @typedef {Exclude<ClientMessage, { id: string }>} Word
 */

/**
 * @typedef {object} CallConnectionsOptions
 * @property {string} peerId of this page
 * @property {(message: Word) => boolean} send false if the line is down
 * @property {() => void} onChange tracks or states of peers changed
 * @property {(peerId: string) => boolean} [isVisible] the relay sends no picture that is not
 * @property {(options: import("./peer.js").PeerOptions) => Peer} [makePeer]
 * @property {(options: import("./relay-peer.js").RelayPeerOptions) => RelayPeer} [makeRelayPeer]
 */

/**
 * A direct connection.
 * @typedef {object} Direct
 * @property {Peer} peer
 * @property {RTCPeerConnectionState} state
 * @property {ReturnType<typeof setTimeout>} [timer]
 */

/**
 * Somebody else in the call, as the tiles show them.
 * @typedef {object} RemoteParticipant
 * @property {string} peerId
 * @property {MediaStream} stream sound and camera, whichever way they come
 * @property {MediaStream} screen
 * @property {RTCPeerConnectionState} state
 */

/** Early ones: a description may overtake the news that its sender has joined. */
const EARLY_LIMIT = 60;
/** No direct path for this long: the relay has to help. */
const PATH_WITHIN = timeoutFor(8_000, 4);
const LOOK_EVERY = 200;

export class CallConnections {
  /** @type {Map<string, Direct>} by peer id */
  #direct = new Map();
  /** @type {RelayPeer | null} */
  #relay = null;
  /** @type {Map<string, RemoteParticipant>} by participant id */
  people = new Map();
  /** @type {RTCConfiguration} */
  configuration = {};
  /** @type {RTCIceServer[]} */
  #servers = [];
  /** @type {{ sender: string, deliver: (peer: Peer) => void }[]} */
  #early = [];
  /** @type {RelayOffer | null} */
  #earlyOffer = null;
  /** @type {Map<RelayTrack["kind"], MediaStreamTrack | null>} */
  #tracks = new Map();
  #stream = new MediaStream();
  /** Neither sending nor receiving pictures, chosen by hand. */
  audioOnly = false;
  /** @type {CallView | null} the call, while this page is in it */
  #call = null;
  /** @type {CallMember[]} */
  #others = [];
  /** @type {Map<string, number>} peer ids whose sound comes by the new way, and since when */
  #heard = new Map();
  /** @type {Set<string>} peer ids that come whole by the new way */
  #ready = new Set();
  #told = "";
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #looking;

  /** @param {CallConnectionsOptions} options */
  constructor(options) {
    this.options = options;
  }

  /** @returns {RTCPeerConnection[]} that carry something now */
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
      // Credentials of the relay expire; a restart must not come with old ones.
      peer.connection.setConfiguration?.(this.configuration);
      peer.resume();
    }
    this.#relay?.resume();
    this.#told = "";
  }

  /**
   * Connect to whoever is in the call, in the way the room says, and to nobody else.
   * @param {Room} room
   */
  follow(room) {
    const joined = callPhase(room, this.options.peerId) === "joined";
    const call = joined ? room.call : null;
    if (call?.moving_to !== this.#call?.moving_to || call?.call_id !== this.#call?.call_id) {
      this.#heard.clear();
      this.#ready.clear();
      this.#told = "";
    }
    this.#call = call;
    this.#others = (call?.members ?? []).filter(
      (one) => one.state === "joined" && one.peer_id && one.participant_id !== room.me,
    );
    this.#followDirect(call);
    this.#followRelay(call);
    if (!room.call) this.#early = [];
    clearInterval(this.#looking);
    if (call?.moving_to) this.#looking = setInterval(() => void this.#look(), LOOK_EVERY);
    this.#show();
  }

  /** @param {CallView | null} call */
  #followDirect(call) {
    const lives = call?.topology === "mesh" || call?.moving_to === "mesh";
    const wanted = new Set(lives ? this.#others.map((one) => one.peer_id ?? "") : []);
    for (const [remoteId, direct] of this.#direct) {
      if (wanted.has(remoteId)) continue;
      clearTimeout(direct.timer);
      direct.peer.close();
      this.#direct.delete(remoteId);
    }
    // Who comes in while everybody goes over to the relay needs no way that is about to end.
    if (call?.moving_to === "forwarded") return;
    for (const remoteId of wanted) {
      if (!this.#direct.has(remoteId)) this.#connect(remoteId);
    }
  }

  /** @param {CallView | null} call */
  #followRelay(call) {
    if (call?.topology !== "forwarded" && call?.moving_to !== "forwarded") {
      this.#relay?.close();
      this.#relay = this.#earlyOffer = null;
      return;
    }
    if (this.#relay) return;
    const make = this.options.makeRelayPeer ?? ((options) => new RelayPeer(options));
    this.#relay = make({
      // The server shows its own addresses only, and this page's to nobody.
      configuration: { iceServers: this.#servers, bundlePolicy: "max-bundle" },
      send: this.options.send,
      onChange: () => {
        this.#show();
        this.options.onChange();
      },
      onFailure: () => this.options.send({ type: "path_failed" }),
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
    for (const { peer } of this.#direct.values()) this.#send(peer);
  }

  /**
   * A direct connection carries one picture: the screen, or else the camera.
   * @param {Peer} peer
   */
  #send(peer) {
    const audio = this.#tracks.get("audio") ?? null;
    const video = this.#tracks.get("screen") ?? this.#tracks.get("video") ?? null;
    void peer.setTrack("audio", audio);
    void peer.setTrack("video", video);
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

  /** Another network: the old path may look alive for a long time. */
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
    else if (this.#early.length < EARLY_LIMIT) this.#early.push({ sender, deliver });
  }

  /** @param {string} remoteId */
  #connect(remoteId) {
    const { send, onChange, peerId } = this.options;
    const make = this.options.makePeer ?? ((options) => new Peer(options));
    const changed = () => {
      this.#show();
      onChange();
    };
    const peer = make({
      polite: peerId < remoteId,
      configuration: this.configuration,
      stream: this.#stream,
      sendDescription: (description) =>
        send({ type: "send_description", to: remoteId, description }),
      sendCandidate: (candidate) => send({ type: "send_candidate", to: remoteId, candidate }),
      onTrack: (track) => {
        track.onmute = track.onunmute = onChange;
        changed();
      },
      onState: (state) => {
        direct.state = state;
        this.#watch(remoteId, direct);
        changed();
      },
    });
    /** @type {Direct} */
    const direct = { peer, state: "new" };
    this.#direct.set(remoteId, direct);
    this.#watch(remoteId, direct);
    this.#send(peer);
    if (this.audioOnly) peer.setReceiveVideo(false);
    peer.start();
    const early = this.#early.filter((one) => one.sender === remoteId);
    this.#early = this.#early.filter((one) => one.sender !== remoteId);
    for (const { deliver } of early) deliver(peer);
    onChange();
  }

  /**
   * Say when there is no direct path, as long as there is none.
   * @param {string} remoteId
   * @param {Direct} direct
   */
  #watch(remoteId, direct) {
    if (direct.state === "connected") {
      clearTimeout(direct.timer);
      direct.timer = undefined;
    }
    if (direct.state === "connected" || direct.timer !== undefined) return;
    direct.timer = setTimeout(() => {
      direct.timer = undefined;
      this.options.send({ type: "path_failed", to: remoteId });
      this.#watch(remoteId, direct);
    }, PATH_WITHIN);
  }

  // --- what is shown, and by which way it comes

  /**
   * @param {CallMember} member
   * @returns {"mesh" | "forwarded"}
   */
  #way({ peer_id }) {
    const { topology = "mesh", moving_to = null } = this.#call ?? {};
    if (!moving_to || !peer_id || this.#ready.has(peer_id)) return moving_to ?? topology;
    // Newcomers have only the new way.
    return this.#receivers(topology, peer_id).length ? topology : moving_to;
  }

  /**
   * @param {"mesh" | "forwarded"} way
   * @param {string} peerId
   * @returns {{ kind: RelayTrack["kind"], receiver: RTCRtpReceiver }[]}
   */
  #receivers(way, peerId) {
    if (way === "forwarded") return this.#relay?.from(peerId) ?? [];
    const connection = this.#direct.get(peerId)?.peer.connection;
    if (!connection?.remoteDescription) return [];
    return connection.getReceivers().map((receiver) => ({
      kind: receiver.track.kind === "audio" ? "audio" : "video",
      receiver,
    }));
  }

  #show() {
    const gone = new Set(this.people.keys());
    for (const member of this.#others) {
      const { participant_id, peer_id } = member;
      gone.delete(participant_id);
      let person = this.people.get(participant_id);
      if (!person) {
        person = { peerId: "", stream: new MediaStream(), screen: new MediaStream(), state: "new" };
        this.people.set(participant_id, person);
      }
      person.peerId = peer_id ?? "";
      const way = this.#way(member);
      const receivers = this.#receivers(way, person.peerId);
      const tracks = receivers.filter((one) => one.kind !== "screen");
      const screens = receivers.filter((one) => one.kind === "screen");
      follow(person.stream, tracks);
      follow(person.screen, screens);
      if (way === "mesh") person.state = this.#direct.get(person.peerId)?.state ?? "new";
      else person.state = receivers.length ? (this.#relay?.state ?? "new") : "new";
    }
    for (const participantId of gone) this.people.delete(participantId);
  }

  /** Look what comes by the new way, show it, and tell the server. */
  async #look() {
    const call = this.#call;
    const target = call?.moving_to;
    if (!call || !target) return;
    const { size } = this.#ready;
    for (const member of this.#others) {
      const peerId = member.peer_id ?? "";
      if (this.#ready.has(peerId) || !member.media) continue;
      const state = target === "mesh" ? this.#direct.get(peerId)?.state : this.#relay?.state;
      if (state !== "connected") continue;
      const receivers = this.#receivers(target, peerId);
      const shown = target === "mesh" || (this.options.isVisible?.(peerId) ?? true);
      const found = await mediaReceived(receivers, member.media, this.audioOnly || !shown);
      if (call !== this.#call) return;
      if (found.sound && !this.#heard.has(peerId)) this.#heard.set(peerId, Date.now());
      if (found.sound && (found.picture || enough(this.#heard.get(peerId)))) {
        this.#ready.add(peerId);
      }
    }
    const peers = [...this.#ready].sort();
    const words = peers.join();
    if (
      words !== this.#told &&
      this.options.send({ type: "path_ready", topology: target, peers })
    ) {
      this.#told = words;
    }
    if (size === this.#ready.size) return;
    this.#show();
    this.options.onChange();
  }
}

/**
 * A picture may be held back on a narrow line; nobody waits for it longer than this.
 * @param {number | undefined} since
 */
function enough(since) {
  return since !== undefined && Date.now() - since > 3_000;
}

/**
 * Let a stream hold these tracks. What plays it goes on without a break: the new ones come first.
 * @param {MediaStream} stream
 * @param {{ receiver: RTCRtpReceiver }[]} receivers
 */
function follow(stream, receivers) {
  const tracks = receivers.map(({ receiver }) => receiver.track);
  const before = stream.getTracks();
  for (const track of tracks) if (!before.includes(track)) stream.addTrack(track);
  for (const track of before) if (!tracks.includes(track)) stream.removeTrack(track);
}
