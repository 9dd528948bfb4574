/** The own picture of a call: in one of four corners, moved with a finger, a mouse or the keyboard. */

import { byId } from "../../shared/dom.js";

/** @import { Corner } from "./layout.js" */

/** Pixels from which on a press is a move. */
const MOVED = 8;
/** @type {Corner[]} around the stage */
const AROUND = [
  { block: "start", inline: "end" },
  { block: "end", inline: "end" },
  { block: "end", inline: "start" },
  { block: "start", inline: "start" },
];

export class OwnPicture {
  #tile = byId("self-tile", HTMLElement);
  #stage = byId("tiles", HTMLElement);
  #isMoved = false;
  /** @type {Corner} */
  corner = { block: "start", inline: "end" };

  /** @param {() => void} onMove */
  constructor(onMove) {
    this.onMove = onMove;
    const button = byId("move-self", HTMLButtonElement);
    button.addEventListener("pointerdown", (event) => this.#drag(button, event));
    button.addEventListener("click", () => {
      if (!this.#isMoved) this.#go(this.#next());
      this.#isMoved = false;
    });
    button.addEventListener("keydown", (event) => {
      const corner = this.#towards(event.key);
      if (!corner) return;
      event.preventDefault();
      this.#go(corner);
    });
  }

  /** @param {Corner} corner */
  #go(corner) {
    this.corner = corner;
    this.onMove();
  }

  #next() {
    const { block, inline } = this.corner;
    const index = AROUND.findIndex((one) => one.block === block && one.inline === inline);
    return /** @type {Corner} */ (AROUND[(index + 1) % AROUND.length]);
  }

  /**
   * @param {string} key
   * @returns {Corner | null}
   */
  #towards(key) {
    if (key === "ArrowUp") return { ...this.corner, block: "start" };
    if (key === "ArrowDown") return { ...this.corner, block: "end" };
    if (key === "ArrowLeft") return { ...this.corner, inline: this.#inline(true) };
    if (key === "ArrowRight") return { ...this.corner, inline: this.#inline(false) };
    return null;
  }

  /** @param {boolean} isLeft */
  #inline(isLeft) {
    return isLeft === (getComputedStyle(this.#stage).direction === "rtl") ? "end" : "start";
  }

  /**
   * @param {HTMLElement} button
   * @param {PointerEvent} start
   */
  #drag(button, { pointerId, clientX, clientY }) {
    const { style } = this.#tile;
    this.#isMoved = false;
    button.setPointerCapture(pointerId);
    button.onpointermove = (event) => {
      const [x, y] = [event.clientX - clientX, event.clientY - clientY];
      if (Math.hypot(x, y) > MOVED) this.#isMoved = true;
      if (this.#isMoved) style.transform = `translate(${x}px, ${y}px)`;
    };
    button.onpointerup = button.onpointercancel = () => {
      button.onpointermove = null;
      if (this.#isMoved) this.#go(this.#nearest());
      style.transform = "";
    };
  }

  /** @returns {Corner} */
  #nearest() {
    const [own, stage] = [this.#tile, this.#stage].map((one) => one.getBoundingClientRect());
    if (!own || !stage) return this.corner;
    return {
      block: own.top + own.bottom < stage.top + stage.bottom ? "start" : "end",
      inline: this.#inline(own.left + own.right < stage.left + stage.right),
    };
  }
}
