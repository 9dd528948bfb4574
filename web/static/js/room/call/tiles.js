/** The tiles of a call: one for every other member, one for each shared screen, and our own. */

import { _, fill } from "../../shared/catalog.js";
import { byId, clone, follow, inside, setText, show } from "../../shared/dom.js";
import { TileVisibility } from "./tile-visibility.js";
import { nameOf } from "../state.js";

/**
 * @import { CallMember } from "../../signaling/values.js"
 * @import { RemoteParticipant } from "./connections.js"
 * @import { Room } from "../state.js"
 */

/** @typedef {{ member: CallMember, remote: RemoteParticipant | undefined, screen: boolean }} Shown */
/** @typedef {{ peerId: string, kind: "video" | "screen", height: number | null }} Height */

export class Tiles {
  #tiles = byId("tiles", HTMLElement);
  #own = byId("self-tile", HTMLElement);
  #unmuteButton = byId("hear", HTMLButtonElement);
  #visibility;
  #speaker = "";
  audioOnly = false;
  /** Peer id of the active speaker; known only while the relay carries the call. */
  speaker = "";
  /** @type {Set<string>} videos that the relay has paused for bandwidth */
  #paused = new Set();

  /** @param {() => void} onHeights the heights of tiles may have changed */
  constructor(onHeights) {
    this.#unmuteButton.addEventListener("click", () => {
      for (const video of this.#tiles.querySelectorAll("video")) this.#play(video);
    });
    this.#visibility = new TileVisibility(this.#tiles, onHeights);
  }

  /**
   * @param {Room} room
   * @param {Map<string, RemoteParticipant>} remotes by participant id
   */
  render(room, remotes) {
    const members = (room.call?.members ?? []).filter(
      (member) =>
        member.participant_id !== room.me &&
        (member.state === "joined" || member.state === "ringing"),
    );
    /** @type {Shown[]} */
    const shown = [];
    for (const member of members) {
      const remote = remotes.get(member.participant_id);
      shown.push({ member, remote, screen: false });
      // Through the relay a shared screen is a video of its own.
      if (member.media?.screen && remote?.screen.getTracks().length) {
        shown.push({ member, remote, screen: true });
      }
    }
    follow(
      this.#tiles,
      shown,
      ({ member, screen }) => `${member.participant_id} ${screen}`,
      () => {
        const tile = clone("tile");
        this.#visibility.watch(tile);
        return tile;
      },
      (tile, shown) => this.#update(tile, shown, nameOf(room, shown.member.participant_id)),
    );
    this.#tiles.dataset.count = String(shown.length);
    if (!members.length) show(this.#unmuteButton, false);
  }

  /**
   * The relay has paused a video for bandwidth, or sends it again.
   * @param {string} peerId
   * @param {string} kind
   * @param {boolean} paused
   */
  setPaused(peerId, kind, paused) {
    const name = `${peerId} ${kind}`;
    if (paused) this.#paused.add(name);
    else this.#paused.delete(name);
  }

  /** The relay does not carry the call: no active speaker and no paused video is known. */
  forgetRelay() {
    this.speaker = "";
    this.#paused.clear();
  }

  /** @returns {Height[]} at which each video is shown */
  heights() {
    /** @type {Height[]} */
    const found = [];
    for (const tile of this.#tiles.children) {
      if (!(tile instanceof HTMLElement) || !tile.dataset.peer) continue;
      found.push({
        peerId: tile.dataset.peer,
        kind: tile.dataset.screen === "true" ? "screen" : "video",
        height: this.#visibility.height(tile),
      });
    }
    return found;
  }

  /**
   * @param {MediaStreamTrack | null} track
   * @param {boolean} mirrored people know their own face from mirrors
   */
  showOwn(track, mirrored) {
    const video = /** @type {HTMLVideoElement} */ (inside(this.#own, "video"));
    const [current = null] =
      video.srcObject instanceof MediaStream ? video.srcObject.getTracks() : [];
    if (current !== track) {
      video.muted = true;
      video.srcObject = track ? new MediaStream([track]) : null;
      if (track) video.play().catch(() => {});
    }
    this.#own.classList.toggle("mirrored", mirrored);
    show(this.#own, track !== null);
  }

  /**
   * @param {HTMLElement} tile
   * @param {Shown} shown
   * @param {string} name
   */
  #update(tile, { member, remote, screen }, name) {
    const video = /** @type {HTMLVideoElement} */ (inside(tile, "video"));
    tile.dataset.participant = member.participant_id;
    tile.dataset.peer = remote?.peerId ?? "";
    tile.dataset.screen = String(screen);
    if (screen) video.dataset.screenOf = member.participant_id;
    else video.dataset.participantId = member.participant_id;
    const label = screen ? fill(_("Screen of %(name)s"), { name }) : name;
    video.setAttribute("aria-label", label);
    setText(inside(tile, ".name"), label);
    setText(inside(tile, ".initial"), [...name][0] ?? "");
    const media = member.media;
    const dropped = this.#paused.has(`${remote?.peerId} ${screen ? "screen" : "video"}`);
    const paused = dropped || media?.paused === true;
    setText(inside(tile, ".status"), screen ? "" : this.#status(member, remote, dropped));
    // On a direct connection, camera and screen are one video.
    const alone = media?.screen === true && !remote?.screen.getTracks().length;
    const sent = screen || !media || media.camera || alone;
    const hasVideo = sent && !this.audioOnly && !paused && remote?.state === "connected";
    tile.classList.toggle("has-video", hasVideo);
    tile.classList.toggle("paused", paused);
    tile.classList.toggle("uncropped", screen || alone);
    tile.classList.toggle("speaking", !screen && !!remote && remote.peerId === this.speaker);
    const stream = (screen ? remote?.screen : remote?.stream) ?? null;
    if (video.srcObject !== stream) {
      video.srcObject = stream;
    }
    this.#setSink(video);
    if (stream?.getTracks().length && video.paused) this.#play(video);
  }

  /**
   * @param {CallMember} member
   * @param {RemoteParticipant | undefined} remote
   * @param {boolean} dropped by the relay, for this page's line
   */
  #status(member, remote, dropped) {
    if (member.state === "ringing") return _("ringing…");
    if (member.reconnecting || remote?.state === "disconnected" || remote?.state === "failed") {
      return _("reconnecting…");
    }
    if (member.media?.asking) return _("has answered, still has to allow microphone and camera…");
    if (remote?.state !== "connected") return _("connecting…");
    if (member.media && !member.media.microphone) return _("muted");
    if (dropped) return _("no picture: your connection is too slow");
    if (member.media?.paused) return _("no picture: the connection is too slow");
    if (member.quality === "poor") return _("poor connection");
    return "";
  }

  /**
   * Play through this speaker.
   * @param {string} id a device id, empty for the system's own
   */
  setSpeaker(id) {
    this.#speaker = id;
    for (const video of this.#tiles.querySelectorAll("video")) this.#setSink(video);
  }

  /** @param {HTMLVideoElement} video */
  #setSink(video) {
    if (!("setSinkId" in video) || video.sinkId === this.#speaker) return;
    // The speaker was unplugged: playback goes on through the system's own.
    video.setSinkId(this.#speaker).catch(() => {});
  }

  /** @param {HTMLVideoElement} video */
  #play(video) {
    video.play().then(
      () => show(this.#unmuteButton, false),
      (error) => {
        // AbortError only says that the stream changed meanwhile.
        if (error.name === "NotAllowedError") show(this.#unmuteButton, true);
      },
    );
  }
}
