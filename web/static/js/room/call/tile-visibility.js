/** Which tiles are on the screen and at which height, so that the relay sends no more than that. */

/** Heights are reported in steps: dragging a window larger is not worth a message each time. */
const STEP = 60;
/**
 * Around the visible part: a tile that is scrolled to has its video before it appears. On the page
 * itself both margins add up.
 */
const MARGIN = "100px";
/** Milliseconds off screen until a tile counts as hidden: scrolling up and down sends nothing. */
export const HIDE_DELAY = 3_000;

export class TileVisibility {
  /** @type {WeakSet<Element>} tiles off screen */
  #hidden = new WeakSet();
  /** @type {WeakMap<Element, ReturnType<typeof setTimeout>>} */
  #hideTimers = new WeakMap();
  /** @type {IntersectionObserver | null} */
  #observer = null;

  /**
   * @param {HTMLElement} tiles the parent of all tiles
   * @param {() => void} onChange heights may have changed
   */
  constructor(tiles, onChange) {
    this.onChange = onChange;
    new ResizeObserver(onChange).observe(tiles);
    document.addEventListener("visibilitychange", onChange);
    tiles.addEventListener("enterpictureinpicture", onChange);
    tiles.addEventListener("leavepictureinpicture", onChange);
    if (typeof IntersectionObserver === "undefined") return;
    this.#observer = new IntersectionObserver((entries) => this.#note(entries), {
      rootMargin: MARGIN,
      // On a wide screen an element scrolls, not the page.
      scrollMargin: MARGIN,
    });
  }

  /** @param {Element} tile */
  watch(tile) {
    this.#observer?.observe(tile);
  }

  /**
   * @param {Element} tile
   * @returns {number | null} in device pixels, null if it is not on the screen
   */
  height(tile) {
    // Picture-in-picture stays visible when the page does not (Firefox opens it from a menu of its
    // own, without an event).
    const seen =
      tile.contains(document.pictureInPictureElement) ||
      !(document.hidden || this.#hidden.has(tile));
    return (seen && Math.ceil((tile.clientHeight * devicePixelRatio) / STEP) * STEP) || null;
  }

  /** @param {IntersectionObserverEntry[]} entries */
  #note(entries) {
    for (const { target, isIntersecting } of entries) {
      clearTimeout(this.#hideTimers.get(target));
      if (isIntersecting) this.#hidden.delete(target);
      else
        this.#hideTimers.set(
          target,
          setTimeout(() => this.#hide(target), HIDE_DELAY),
        );
    }
    this.onChange();
  }

  /** @param {Element} tile */
  #hide(tile) {
    this.#hidden.add(tile);
    this.onChange();
  }
}
