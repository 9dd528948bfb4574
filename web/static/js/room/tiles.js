/** The pictures of a call: one tile for every other member, and our own. */

import { _ } from "../shared/catalog.js";
import { byId, clone, follow, inside, setText, show } from "../shared/dom.js";
import { nameOf } from "./state.js";

/**
 * @import { CallMember } from "./messages.js"
 * @import { RemotePeer } from "./call.js"
 * @import { Room } from "./state.js"
 */

/** @typedef {{ member: CallMember, remote: RemotePeer | undefined }} Seen */

export class Tiles {
  #tiles = byId("tiles", HTMLElement);
  #own = byId("self-tile", HTMLElement);
  #hear = byId("hear", HTMLButtonElement);
  #speaker = "";
  audioOnly = false;

  constructor() {
    this.#hear.addEventListener("click", () => {
      for (const video of this.#tiles.querySelectorAll("video")) this.#play(video);
    });
  }

  /**
   * @param {Room} room
   * @param {Iterable<RemotePeer>} remotes
   */
  render(room, remotes) {
    const byParticipant = new Map([...remotes].map((remote) => [remote.participantId, remote]));
    const members = (room.call?.members ?? []).filter(
      (member) =>
        member.participant_id !== room.me &&
        (member.state === "joined" || member.state === "ringing"),
    );
    follow(
      this.#tiles,
      members.map((member) => ({ member, remote: byParticipant.get(member.participant_id) })),
      ({ member }) => member.participant_id,
      () => clone("tile"),
      (tile, seen) => this.#update(tile, seen, nameOf(room, seen.member.participant_id)),
    );
    this.#tiles.dataset.count = String(members.length);
    if (!members.length) show(this.#hear, false);
  }

  /**
   * @param {MediaStreamTrack | null} picture
   * @param {boolean} mirrored as in a mirror: people find their own face the other way round odd
   */
  showOwn(picture, mirrored) {
    const video = /** @type {HTMLVideoElement} */ (inside(this.#own, "video"));
    const [current = null] =
      video.srcObject instanceof MediaStream ? video.srcObject.getTracks() : [];
    if (current !== picture) {
      video.muted = true;
      video.srcObject = picture ? new MediaStream([picture]) : null;
      if (picture) video.play().catch(() => {});
    }
    this.#own.classList.toggle("mirrored", mirrored);
    show(this.#own, picture !== null);
  }

  /**
   * @param {HTMLElement} tile
   * @param {Seen} seen
   * @param {string} name
   */
  #update(tile, { member, remote }, name) {
    const video = /** @type {HTMLVideoElement} */ (inside(tile, "video"));
    tile.dataset.participant = member.participant_id;
    video.dataset.participantId = member.participant_id;
    video.setAttribute("aria-label", name);
    setText(inside(tile, ".name"), name);
    setText(inside(tile, ".initial"), [...name][0] ?? "");
    setText(inside(tile, ".status"), this.#status(member, remote));
    const picture = this.audioOnly
      ? false
      : member.media
        ? member.media.camera || member.media.screen === true
        : true;
    tile.classList.toggle("pictured", picture && remote?.state === "connected");
    tile.classList.toggle("whole", member.media?.screen === true);
    const stream = remote?.stream ?? null;
    if (video.srcObject !== stream) {
      video.srcObject = stream;
    }
    this.#route(video);
    if (stream?.getTracks().length && video.paused) this.#play(video);
  }

  /**
   * @param {CallMember} member
   * @param {RemotePeer | undefined} remote
   */
  #status(member, remote) {
    if (member.state === "ringing") return _("ringing…");
    if (member.reconnecting || remote?.state === "disconnected" || remote?.state === "failed") {
      return _("reconnecting…");
    }
    if (remote?.state !== "connected") return _("connecting…");
    if (member.media && !member.media.microphone) return _("muted");
    if (member.quality === "poor") return _("poor connection");
    return "";
  }

  /**
   * Play through this speaker.
   * @param {string} id
   */
  setSpeaker(id) {
    this.#speaker = id;
    for (const video of this.#tiles.querySelectorAll("video")) this.#route(video);
  }

  /** @param {HTMLVideoElement} video */
  #route(video) {
    if (!("setSinkId" in video) || video.sinkId === this.#speaker) return;
    // A speaker that was unplugged: the system's own goes on.
    video.setSinkId(this.#speaker).catch(() => {});
  }

  /** @param {HTMLVideoElement} video */
  #play(video) {
    video.play().then(
      () => show(this.#hear, false),
      (error) => {
        // AbortError only says that the picture changed meanwhile.
        if (error.name === "NotAllowedError") show(this.#hear, true);
      },
    );
  }
}
