/** Arithmetic of the viewer: sizes in CSS pixels, turns in quarters clockwise. */

/** @typedef {{ width: number, height: number }} Size */
/** @typedef {{ x: number, y: number }} Point */

/** Times the size at which the whole picture is seen. */
export const MIN_ZOOM = 1;
export const MAX_ZOOM = 10;
/** What one press of a key or button does. */
export const ZOOM_STEP = 1.4;
/** What a double tap does. */
export const CLOSE_UP = 3;

/** @param {number} zoom */
export function withinLimits(zoom) {
  return Math.min(MAX_ZOOM, Math.max(MIN_ZOOM, zoom));
}

/**
 * A size after turning.
 * @param {Size} size
 * @param {number} turned
 * @returns {Size}
 */
export function turnedSize({ width, height }, turned) {
  return turned % 2 ? { width: height, height: width } : { width, height };
}

/**
 * @param {number} turned
 * @param {1 | -1} by 1: to the right
 * @returns {number} 0 to 3
 */
export function turnedBy(turned, by) {
  return (turned + by + 4) % 4;
}

/**
 * The largest size of these proportions that fits into a frame.
 * @param {Size} picture
 * @param {Size} frame
 * @returns {Size}
 */
export function fitted(picture, frame) {
  const scale = Math.min(frame.width / picture.width, frame.height / picture.height);
  return { width: picture.width * scale, height: picture.height * scale };
}

/**
 * How far two fingers are apart, and the point between them.
 * @param {Point} one
 * @param {Point} other
 * @returns {{ distance: number, middle: Point }}
 */
export function pinch(one, other) {
  return {
    distance: Math.hypot(one.x - other.x, one.y - other.y),
    middle: { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 },
  };
}

/**
 * What the wheel does: a notch of a mouse is some 100 pixels, a pinch on a touchpad few.
 * @param {number} delta pixels, positive towards the reader
 * @returns {number} factor
 */
export function wheelFactor(delta) {
  return Math.exp(-Math.max(-200, Math.min(200, delta)) / 300);
}

/**
 * The index of the page that is in the middle of what is seen.
 * @param {{ top: number, bottom: number }[]} pages in order
 * @param {number} middle
 * @returns {number} -1 if there are no pages
 */
export function pageAt(pages, middle) {
  const below = pages.findIndex(({ bottom }) => bottom >= middle);
  return below < 0 ? pages.length - 1 : below;
}
