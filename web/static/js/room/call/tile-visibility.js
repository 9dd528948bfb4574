/** Which tiles are on the screen, and how high: what the relay need not send. */

/** Heights are told in steps: a window being dragged larger is no reason to speak. */
const STEP = 60;
/**
 * Round what is seen: a tile that is scrolled to has its picture before it is there. For the page
 * both margins add up.
 */
const MARGIN = "100px";
/** Milliseconds out of sight that count: who scrolls to and fro does not flood the server. */
export const HIDE_DELAY = 3_000;

export class TileVisibility {
  /** @type {WeakSet<Element>} tiles out of sight */
  #gone = new WeakSet();
  /** @type {WeakMap<Element, ReturnType<typeof setTimeout>>} */
  #leaving = new WeakMap();
  /** @type {IntersectionObserver | null} */
  #observer = null;

  /**
   * @param {HTMLElement} tiles what holds them
   * @param {() => void} onChange heights may be others now
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
      // On a wide screen it is not the page that scrolls.
      scrollMargin: MARGIN,
    });
  }

  /** @param {Element} tile */
  watch(tile) {
    this.#observer?.observe(tile);
  }

  /**
   * @param {Element} tile
   * @returns {number | null} in the lines of this screen, null if it is not there
   */
  height(tile) {
    // A browser's own menu may put the picture in a window that stays when the page does not
    // (Firefox does so without telling the page).
    const seen =
      tile.contains(document.pictureInPictureElement) || !(document.hidden || this.#gone.has(tile));
    return (seen && Math.ceil((tile.clientHeight * devicePixelRatio) / STEP) * STEP) || null;
  }

  /** @param {IntersectionObserverEntry[]} entries */
  #note(entries) {
    for (const { target, isIntersecting } of entries) {
      clearTimeout(this.#leaving.get(target));
      if (isIntersecting) this.#gone.delete(target);
      else
        this.#leaving.set(
          target,
          setTimeout(() => this.#leave(target), HIDE_DELAY),
        );
    }
    this.onChange();
  }

  /** @param {Element} tile */
  #leave(tile) {
    this.#gone.add(tile);
    this.onChange();
  }
}
