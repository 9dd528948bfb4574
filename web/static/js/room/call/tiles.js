/** The pictures of a call: one tile for every other member, and our own. */

import { _, fill } from "../../shared/catalog.js";
import { byId, clone, follow, inside, setText, show } from "../../shared/dom.js";
import { TileVisibility } from "./tile-visibility.js";
import { nameOf } from "../state.js";

/**
 * @import { CallMember } from "../../signaling/messages.js"
 * @import { RemoteParticipant } from "./connections.js"
 * @import { Room } from "../state.js"
 */

/** @typedef {{ member: CallMember, person: RemoteParticipant | undefined, screen: boolean }} Seen */
/** @typedef {{ peerId: string, kind: "video" | "screen", height: number | null }} Height */

export class Tiles {
  #tiles = byId("tiles", HTMLElement);
  #own = byId("self-tile", HTMLElement);
  #hear = byId("hear", HTMLButtonElement);
  #sight;
  #speaker = "";
  audioOnly = false;
  /** Peer id of who speaks; known only where the relay listens. */
  speaker = "";
  /** @type {Set<string>} pictures that the relay holds back */
  #held = new Set();

  /** @param {() => void} onHeights of tiles, which may be others now */
  constructor(onHeights) {
    this.#hear.addEventListener("click", () => {
      for (const video of this.#tiles.querySelectorAll("video")) this.#play(video);
    });
    this.#sight = new TileVisibility(this.#tiles, onHeights);
  }

  /**
   * @param {Room} room
   * @param {Map<string, RemoteParticipant>} people by participant id
   */
  render(room, people) {
    const members = (room.call?.members ?? []).filter(
      (member) =>
        member.participant_id !== room.me &&
        (member.state === "joined" || member.state === "ringing"),
    );
    /** @type {Seen[]} */
    const seen = [];
    for (const member of members) {
      const person = people.get(member.participant_id);
      seen.push({ member, person, screen: false });
      // By way of the relay a shared screen is a picture of its own.
      if (member.media?.screen && person?.screen.getTracks().length) {
        seen.push({ member, person, screen: true });
      }
    }
    follow(
      this.#tiles,
      seen,
      ({ member, screen }) => `${member.participant_id} ${screen}`,
      () => {
        const tile = clone("tile");
        this.#sight.watch(tile);
        return tile;
      },
      (tile, one) => this.#update(tile, one, nameOf(room, one.member.participant_id)),
    );
    this.#tiles.dataset.count = String(seen.length);
    if (!members.length) show(this.#hear, false);
  }

  /**
   * The relay holds somebody's picture back, or no longer.
   * @param {string} peerId
   * @param {string} kind
   * @param {boolean} held
   */
  hold(peerId, kind, held) {
    const name = `${peerId} ${kind}`;
    if (held) this.#held.add(name);
    else this.#held.delete(name);
  }

  /** The relay does not carry the call: it says nothing of who speaks and what it holds back. */
  forgetRelay() {
    this.speaker = "";
    this.#held.clear();
  }

  /** @returns {Height[]} at which each picture is shown */
  heights() {
    /** @type {Height[]} */
    const found = [];
    for (const tile of this.#tiles.children) {
      if (!(tile instanceof HTMLElement) || !tile.dataset.peer) continue;
      found.push({
        peerId: tile.dataset.peer,
        kind: tile.dataset.screen === "true" ? "screen" : "video",
        height: this.#sight.height(tile),
      });
    }
    return found;
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
  #update(tile, { member, person, screen }, name) {
    const video = /** @type {HTMLVideoElement} */ (inside(tile, "video"));
    tile.dataset.participant = member.participant_id;
    tile.dataset.peer = person?.peerId ?? "";
    tile.dataset.screen = String(screen);
    if (screen) video.dataset.screenOf = member.participant_id;
    else video.dataset.participantId = member.participant_id;
    const label = screen ? fill(_("Screen of %(name)s"), { name }) : name;
    video.setAttribute("aria-label", label);
    setText(inside(tile, ".name"), label);
    setText(inside(tile, ".initial"), [...name][0] ?? "");
    const held = this.#held.has(`${person?.peerId} ${screen ? "screen" : "video"}`);
    setText(inside(tile, ".status"), screen ? "" : this.#status(member, person, held));
    const media = member.media;
    // Sent directly, camera and screen are one picture.
    const alone = media?.screen === true && !person?.screen.getTracks().length;
    const sent = screen || !media || media.camera || alone;
    const pictured = sent && !this.audioOnly && !held && person?.state === "connected";
    tile.classList.toggle("pictured", pictured);
    tile.classList.toggle("held", held);
    tile.classList.toggle("whole", screen || alone);
    tile.classList.toggle("speaking", !screen && !!person && person.peerId === this.speaker);
    const stream = (screen ? person?.screen : person?.stream) ?? null;
    if (video.srcObject !== stream) {
      video.srcObject = stream;
    }
    this.#route(video);
    if (stream?.getTracks().length && video.paused) this.#play(video);
  }

  /**
   * @param {CallMember} member
   * @param {RemoteParticipant | undefined} person
   * @param {boolean} held
   */
  #status(member, person, held) {
    if (member.state === "ringing") return _("ringing…");
    if (member.reconnecting || person?.state === "disconnected" || person?.state === "failed") {
      return _("reconnecting…");
    }
    if (member.media?.asking) return _("has answered, still has to allow microphone and camera…");
    if (person?.state !== "connected") return _("connecting…");
    if (member.media && !member.media.microphone) return _("muted");
    if (held) return _("no picture: your connection is too slow");
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
