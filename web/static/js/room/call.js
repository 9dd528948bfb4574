/**
 * The call: one peer for every other member, kept in step with what the room says. Descriptions
 * and candidates travel through the channel; tracks come from the devices.
 */

import { Peer } from "./peer.js";
import { callPhase } from "./state.js";

/**
 * @import { CandidateInit, ClientMessage, Description, IceServer } from "./messages.js"
 * @import { Room } from "./state.js"
 */

/**
 * @typedef {object} CallOptions
 * @property {string} peerId of this page
 * @property {(message: Extract<ClientMessage, { type: "send_description" | "send_candidate" }>) => void} send
 * @property {() => void} onChange tracks or states of peers changed
 * @property {(options: import("./peer.js").PeerOptions) => Peer} [makePeer]
 */

/**
 * @typedef {object} RemotePeer
 * @property {Peer} peer
 * @property {string} participantId
 * @property {MediaStream} stream what comes from there
 * @property {RTCPeerConnectionState} state
 */

/** Early ones: a description may overtake the news that its sender has joined. */
const EARLY_LIMIT = 60;

export class Call {
  /** @type {Map<string, RemotePeer>} by peer id */
  remotes = new Map();
  /** @type {RTCConfiguration} */
  configuration = {};
  /** @type {{ sender: string, deliver: (peer: Peer) => void }[]} */
  #early = [];
  /** @type {{ audio: MediaStreamTrack | null, video: MediaStreamTrack | null }} */
  #tracks = { audio: null, video: null };
  #stream = new MediaStream();
  /** Neither sending nor receiving pictures, chosen by hand. */
  audioOnly = false;

  /** @param {CallOptions} options */
  constructor(options) {
    this.options = options;
  }

  /**
   * @param {IceServer[]} servers
   * @param {"auto" | "relay"} policy
   */
  configure(servers, policy) {
    this.configuration = {
      iceServers: servers.map(({ urls, username, credential }) => ({
        urls,
        username: username ?? undefined,
        credential: credential ?? undefined,
      })),
      iceTransportPolicy: policy === "relay" ? "relay" : "all",
    };
    for (const { peer } of this.remotes.values()) {
      // Credentials of the relay expire; a restart must not come with old ones.
      peer.connection.setConfiguration?.(this.configuration);
      peer.resume();
    }
  }

  /**
   * Connect to whoever is in the call, and to nobody else.
   * @param {Room} room
   */
  follow(room) {
    const { peerId } = this.options;
    const wanted = new Map();
    if (room.call && callPhase(room, peerId) === "joined") {
      for (const member of room.call.members) {
        if (member.state === "joined" && member.peer_id && member.participant_id !== room.me) {
          wanted.set(member.peer_id, member.participant_id);
        }
      }
    }
    for (const [remoteId, remote] of this.remotes) {
      if (wanted.has(remoteId)) continue;
      remote.peer.close();
      this.remotes.delete(remoteId);
    }
    for (const [remoteId, participantId] of wanted) {
      if (!this.remotes.has(remoteId)) this.#connect(remoteId, participantId);
    }
    if (!room.call) this.#early = [];
  }

  /**
   * @param {"audio" | "video"} kind
   * @param {MediaStreamTrack | null} track
   */
  setTrack(kind, track) {
    this.#tracks[kind] = track;
    for (const { peer } of this.remotes.values()) void peer.setTrack(kind, track);
  }

  /** @param {boolean} on */
  setAudioOnly(on) {
    this.audioOnly = on;
    for (const { peer } of this.remotes.values()) peer.setPictureWanted(!on);
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

  /** Another network: the old path may look alive for a long time. */
  restart() {
    for (const { peer } of this.remotes.values()) peer.restart();
  }

  /**
   * @param {string} sender
   * @param {(peer: Peer) => void} deliver
   */
  #deliver(sender, deliver) {
    const remote = this.remotes.get(sender);
    if (remote) deliver(remote.peer);
    else if (this.#early.length < EARLY_LIMIT) this.#early.push({ sender, deliver });
  }

  /**
   * @param {string} remoteId
   * @param {string} participantId
   */
  #connect(remoteId, participantId) {
    const { send, onChange, peerId } = this.options;
    const make = this.options.makePeer ?? ((options) => new Peer(options));
    const stream = new MediaStream();
    const peer = make({
      polite: peerId < remoteId,
      configuration: this.configuration,
      stream: this.#stream,
      sendDescription: (description) =>
        send({ type: "send_description", to: remoteId, description }),
      sendCandidate: (candidate) => send({ type: "send_candidate", to: remoteId, candidate }),
      onTrack: (track) => {
        for (const old of stream.getTracks()) {
          if (old.kind === track.kind) stream.removeTrack(old);
        }
        stream.addTrack(track);
        track.onmute = track.onunmute = onChange;
        onChange();
      },
      onState: (state) => {
        remote.state = state;
        onChange();
      },
    });
    /** @type {RemotePeer} */
    const remote = { peer, participantId, stream, state: "new" };
    this.remotes.set(remoteId, remote);
    const { audio, video } = this.#tracks;
    if (audio) void peer.setTrack("audio", audio);
    if (video) void peer.setTrack("video", video);
    if (this.audioOnly) peer.setPictureWanted(false);
    peer.start();
    const early = this.#early.filter((one) => one.sender === remoteId);
    this.#early = this.#early.filter((one) => one.sender !== remoteId);
    for (const { deliver } of early) deliver(peer);
    onChange();
  }
}
