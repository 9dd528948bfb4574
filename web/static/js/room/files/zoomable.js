/**
 * A sheet in a scrolling frame that is zoomed by two fingers, wheel, double tap and keys. Panning is
 * scrolling: by finger as the browser does it, by mouse here. The page itself is not zoomed
 * meanwhile: `touch-action` of the frame forbids it there, and nowhere else.
 */

import { CLOSE_UP, MIN_ZOOM, pinch, wheelFactor, withinLimits, ZOOM_STEP } from "./zoom.js";

/** @typedef {import("./zoom.js").Point} Point */

/** Milliseconds and pixels between the two taps of a double tap. */
const DOUBLE_TAP = 350;
const NEAR = 30;

export class Zoomable {
  zoom = MIN_ZOOM;
  /** @type {{ distance: number, middle: Point } | null} */
  #pinch = null;
  #lastTap = { at: -Infinity, x: 0, y: 0 };
  #isTap = false;

  /**
   * @param {HTMLElement} frame scrolls
   * @param {object} options
   * @param {(zoom: number) => void} options.resize give the sheet its size
   * @param {() => Element} options.sheet
   * @param {() => boolean} options.wheelZooms without Ctrl; else the wheel scrolls
   */
  constructor(frame, options) {
    this.frame = frame;
    this.options = options;
    frame.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    frame.addEventListener("touchstart", (event) => this.#touch(event), { passive: false });
    frame.addEventListener("touchmove", (event) => this.#touch(event), { passive: false });
    frame.addEventListener("touchend", (event) => this.#lift(event));
    frame.addEventListener("touchcancel", () => (this.#pinch = null));
    frame.addEventListener("dblclick", (event) => {
      if (event.timeStamp - this.#lastTap.at > 1000) this.#toggle(point(event));
    });
    frame.addEventListener("pointerdown", (event) => this.#drag(event));
  }

  /** Show the whole sheet. */
  reset() {
    this.zoom = MIN_ZOOM;
    this.options.resize(this.zoom);
    this.frame.scrollTo(0, 0);
  }

  /**
   * Zoom; what is at a point of the screen stays there.
   * @param {number} zoom
   * @param {Point} [at] default: the middle of the frame
   */
  zoomTo(zoom, at = this.#middle()) {
    const { frame, options } = this;
    const before = options.sheet().getBoundingClientRect();
    this.zoom = withinLimits(zoom);
    options.resize(this.zoom);
    const after = options.sheet().getBoundingClientRect();
    if (!before.width || !before.height) return;
    const x = after.left + ((at.x - before.left) / before.width) * after.width;
    const y = after.top + ((at.y - before.top) / before.height) * after.height;
    frame.scrollLeft += x - at.x;
    frame.scrollTop += y - at.y;
  }

  /** @param {1 | -1} way */
  step(way) {
    this.zoomTo(this.zoom * ZOOM_STEP ** way);
  }

  /** Whether anything is to the left or right of what is seen. */
  get isWide() {
    return this.frame.scrollWidth > this.frame.clientWidth + 1;
  }

  /**
   * Scroll by parts of the frame.
   * @param {number} right
   * @param {number} down
   */
  pan(right, down) {
    const { clientWidth, clientHeight } = this.frame;
    this.frame.scrollBy(right * clientWidth, down * clientHeight);
  }

  /** @returns {Point} */
  #middle() {
    const { left, top, width, height } = this.frame.getBoundingClientRect();
    return { x: left + width / 2, y: top + height / 2 };
  }

  /** @param {Point} at */
  #toggle(at) {
    this.zoomTo(this.zoom > MIN_ZOOM ? MIN_ZOOM : CLOSE_UP, at);
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    if (!event.ctrlKey && !this.options.wheelZooms()) return;
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 33 : 1;
    const pinched = event.ctrlKey && event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 3 : 1;
    this.zoomTo(this.zoom * wheelFactor(event.deltaY * lines * pinched), point(event));
  }

  /** @param {TouchEvent} event */
  #touch(event) {
    const [one, other] = event.touches;
    this.#isTap = event.type === "touchstart" && !other;
    if (!one || !other) {
      this.#pinch = null;
      return;
    }
    event.preventDefault();
    const now = pinch(point(one), point(other));
    const before = this.#pinch;
    this.#pinch = now;
    if (!before) return;
    this.frame.scrollLeft += before.middle.x - now.middle.x;
    this.frame.scrollTop += before.middle.y - now.middle.y;
    this.zoomTo(this.zoom * (now.distance / Math.max(1, before.distance)), now.middle);
  }

  /** @param {TouchEvent} event */
  #lift(event) {
    if (event.touches.length < 2) this.#pinch = null;
    const [finger] = event.changedTouches;
    if (!this.#isTap || !finger || event.touches.length) return;
    const { x, y } = point(finger);
    const last = this.#lastTap;
    const isNear = Math.hypot(x - last.x, y - last.y) < NEAR;
    const isDouble = isNear && event.timeStamp - last.at < DOUBLE_TAP;
    this.#lastTap = { at: isDouble ? -Infinity : event.timeStamp, x, y };
    // without the event, browsers that fire a double click as well would undo this
    if (!isDouble) return;
    event.preventDefault();
    this.#toggle({ x, y });
  }

  /** @param {PointerEvent} event */
  #drag(event) {
    if (event.pointerType !== "mouse" || event.button !== 0) return;
    if (event.target instanceof Element && event.target.closest("button, a, [data-draws]")) return;
    const { frame } = this;
    let { x, y } = point(event);
    frame.setPointerCapture(event.pointerId);
    /** @param {PointerEvent} moved */
    const move = (moved) => {
      frame.scrollLeft += x - moved.clientX;
      frame.scrollTop += y - moved.clientY;
      ({ x, y } = point(moved));
    };
    const end = () => {
      frame.removeEventListener("pointermove", move);
      frame.removeEventListener("pointerup", end);
      frame.removeEventListener("pointercancel", end);
    };
    frame.addEventListener("pointermove", move);
    frame.addEventListener("pointerup", end);
    frame.addEventListener("pointercancel", end);
  }
}

/** @param {{ clientX: number, clientY: number }} event @returns {Point} */
function point({ clientX, clientY }) {
  return { x: clientX, y: clientY };
}
