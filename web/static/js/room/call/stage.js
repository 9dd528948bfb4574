/**
 * The call as the screen: its pictures where `layout.js` places them, one of them enlarged, all of
 * them filled, the whole screen, or a window that stays while the page does not.
 */

import { _, fill } from "../../shared/catalog.js";
import { byId, inside, show } from "../../shared/dom.js";
import { fitCaptions } from "./captions.js";
import { arrange } from "./layout.js";
import { OwnPicture } from "./own-picture.js";

/** @import { Box, Scene } from "./layout.js" */

export class Stage {
  #room = byId("room", HTMLElement);
  #call = byId("call", HTMLElement);
  #tiles = byId("tiles", HTMLElement);
  #own = byId("self-tile", HTMLElement);
  #fill = byId("fill", HTMLButtonElement);
  #full = byId("full-screen", HTMLButtonElement);
  #small = byId("small-window", HTMLButtonElement);
  /** Key of the tile that is enlarged. */
  #enlarged = "";
  #fills = false;
  /** @type {{ key: string, pictures: Box[], own: Box | null }} */
  #arrangement = { key: "", pictures: [], own: null };

  constructor() {
    const icons = document.body.dataset.icons?.replace("icons.svg", "call-icons.svg");
    for (const use of this.#call.querySelectorAll("use")) {
      use.setAttribute("href", `${icons}#${use.dataset.icon}`);
    }
    fitCaptions(inside(this.#call, ".call-bar"));
    const place = () => this.#place();
    this.ownPicture = new OwnPicture(place);
    new ResizeObserver(place).observe(this.#tiles);
    // a picture has its shape from its first frame on, and another one when a phone is turned
    for (const kind of ["loadedmetadata", "resize"]) this.#call.addEventListener(kind, place, true);
    this.#tiles.addEventListener("click", ({ target }) => this.#pressed(target));
    this.#fill.addEventListener("click", () => {
      this.#fills = !this.#fills;
      this.#place();
    });
    this.#full.addEventListener("click", () => void this.#toggleFullScreen());
    this.#small.addEventListener("click", () => void this.#toggleSmallWindow());
    show(this.#full, document.fullscreenEnabled ?? false);
    show(this.#small, document.pictureInPictureEnabled ?? false);
    document.addEventListener("fullscreenchange", place);
    for (const kind of ["enterpictureinpicture", "leavepictureinpicture"])
      this.#tiles.addEventListener(kind, place);
    // a keyboard on the screen leaves less of it
    window.visualViewport?.addEventListener("resize", () => this.#fitScreen());
  }

  /** @param {boolean} inCall */
  render(inCall) {
    const { dataset } = document.body;
    if (inCall) dataset.calling = "true";
    else if (dataset.calling) this.#leave();
    if (inCall) this.#place();
  }

  #leave() {
    delete document.body.dataset.calling;
    this.#enlarged = "";
    if (document.fullscreenElement) void document.exitFullscreen().catch(() => {});
    if (document.pictureInPictureElement) void document.exitPictureInPicture().catch(() => {});
  }

  #place() {
    const tiles = /** @type {HTMLElement[]} */ ([...this.#tiles.children]);
    if (!tiles.some(({ dataset }) => dataset.key === this.#enlarged)) this.#enlarged = "";
    const scene = {
      width: this.#tiles.clientWidth,
      height: this.#tiles.clientHeight,
      ratios: tiles.map((tile) => (tile.classList.contains("has-video") ? ratioOf(tile) : 0)),
      enlarged: tiles.findIndex(({ dataset }) => dataset.key === this.#enlarged),
      own: this.#own.hidden ? 0 : ratioOf(this.#own) || 4 / 3,
      corner: this.ownPicture.corner,
      fill: this.#fills,
    };
    const { pictures, own } = this.#arranged(scene);
    for (const [index, tile] of tiles.entries()) {
      const box = pictures[index];
      if (box) put(tile, box);
      this.#label(tile, tiles.length > 1);
    }
    this.#own.classList.toggle("away", !own);
    if (own) put(this.#own, own);
    this.#call.classList.toggle("filled", this.#fills);
    setPressed(this.#fill, this.#fills);
    setPressed(this.#full, document.fullscreenElement === this.#room);
    setPressed(this.#small, document.pictureInPictureElement !== null);
    this.#small.disabled = !this.#tiles.querySelector(".has-video");
  }

  /**
   * Rendered at every event: only what has changed is arranged anew.
   * @param {Scene} scene
   */
  #arranged(scene) {
    const key = JSON.stringify(scene);
    if (key !== this.#arrangement.key) this.#arrangement = { key, ...arrange(scene) };
    return this.#arrangement;
  }

  /**
   * @param {HTMLElement} tile
   * @param {boolean} isOneOfMany
   */
  #label(tile, isOneOfMany) {
    const cover = inside(tile, ".cover");
    const name = inside(tile, ".name").textContent ?? "";
    cover.setAttribute("aria-label", fill(_("Enlarge %(name)s"), { name }));
    cover.setAttribute("aria-pressed", String(tile.dataset.key === this.#enlarged));
    show(cover, isOneOfMany);
  }

  /** @param {EventTarget | null} target */
  #pressed(target) {
    if (!(target instanceof Element) || !target.closest(".cover")) return;
    const key = /** @type {HTMLElement | null} */ (target.closest(".tile"))?.dataset.key ?? "";
    this.#enlarged = this.#enlarged === key ? "" : key;
    this.#place();
  }

  async #toggleFullScreen() {
    try {
      if (document.fullscreenElement) await document.exitFullscreen();
      else await this.#room.requestFullscreen();
    } catch {
      // The browser does not allow it here.
    }
  }

  async #toggleSmallWindow() {
    const seen = /** @type {HTMLElement[]} */ ([...this.#tiles.querySelectorAll(".has-video")]);
    const tile =
      seen.find(({ dataset }) => dataset.key === this.#enlarged) ??
      seen.find(({ classList }) => classList.contains("speaking")) ??
      seen[0];
    try {
      if (document.pictureInPictureElement) await document.exitPictureInPicture();
      else await tile?.querySelector("video")?.requestPictureInPicture();
    } catch {
      // The picture has just ended.
    }
  }

  #fitScreen() {
    const { height = innerHeight } = window.visualViewport ?? {};
    const isCovered = height < innerHeight - 100;
    document.body.style.setProperty("--screen", isCovered ? `${height}px` : "");
    if (isCovered && document.body.dataset.calling) scrollTo(0, 0);
  }
}

/**
 * @param {Element} tile
 * @returns {number} width by height, 0 if it is not known yet
 */
function ratioOf(tile) {
  const video = tile.querySelector("video");
  return video?.videoHeight ? video.videoWidth / video.videoHeight : 0;
}

/**
 * @param {HTMLElement} tile
 * @param {Box} box
 */
function put({ style }, { x, y, width, height }) {
  style.insetInlineStart = `${x}px`;
  style.insetBlockStart = `${y}px`;
  style.inlineSize = `${width}px`;
  style.blockSize = `${height}px`;
}

/**
 * @param {HTMLElement} button
 * @param {boolean} pressed
 */
function setPressed(button, pressed) {
  button.setAttribute("aria-pressed", String(pressed));
}
