/**
 * Marks on a photo: arrows, circles and free lines, in pixels of the picture as it is shown. The
 * same outline is drawn on the screen (SVG) and into the copy that is sent (canvas).
 */

/** @typedef {"arrow" | "circle" | "line"} Shape */
/** @typedef {"yellow" | "blue"} Color */
/** @typedef {import("./zoom.js").Point} Point */
/** @typedef {import("./zoom.js").Size} Size */

/**
 * @typedef {object} Mark
 * @property {Shape} shape
 * @property {Color} color
 * @property {Point[]} points arrow: tail and tip; circle: two corners around it
 */

/**
 * Seen on skin and on X-rays, and told apart by people who see no red or green. The edge keeps a
 * mark visible on its own color.
 * @type {Record<Color, { fill: string, edge: string }>}
 */
export const COLORS = {
  yellow: { fill: "#ffd400", edge: "#1a1a1a" },
  blue: { fill: "#1457ff", edge: "#ffffff" },
};

/** Widths of a mark and of its edge, as parts of the picture's longer side. */
const WIDTH = 1 / 160;
const EDGE = 1.7;
/** Length of an arrow's head, in widths. */
const HEAD = 5;
const HEAD_ANGLE = Math.PI / 7;

/** @param {Size} picture */
export function widths({ width, height }) {
  const line = Math.max(width, height) * WIDTH;
  return { line, edge: line * EDGE };
}

/**
 * @param {Shape} shape
 * @param {Color} color
 * @param {Point} point
 * @returns {Mark}
 */
export function begun(shape, color, point) {
  return { shape, color, points: [point] };
}

/**
 * The mark drawn on to a point: a line goes through all of them, the others end at the last one.
 * @param {Mark} mark
 * @param {Point} point
 * @returns {Mark}
 */
export function drawnTo(mark, point) {
  const [first] = mark.points;
  if (!first) return { ...mark, points: [point] };
  const points = mark.shape === "line" ? [...mark.points, point] : [first, point];
  return { ...mark, points };
}

/**
 * Whether a mark is more than a slip of the finger.
 * @param {Mark} mark
 * @param {Size} picture
 */
export function isSeen({ points }, picture) {
  const [first] = points;
  const { edge } = widths(picture);
  return !!first && points.some(({ x, y }) => Math.hypot(x - first.x, y - first.y) > edge * 1.5);
}

/**
 * A point within the picture.
 * @param {Point} point
 * @param {Size} picture
 * @returns {Point}
 */
export function inside({ x, y }, { width, height }) {
  return { x: Math.min(width, Math.max(0, x)), y: Math.min(height, Math.max(0, y)) };
}

/**
 * The outline of a mark in the language of SVG paths.
 * @param {Mark} mark
 * @param {Size} picture
 * @returns {string} empty while there is only one point
 */
export function outline({ shape, points }, picture) {
  const [first] = points;
  const last = points.at(-1);
  if (!first || !last || points.length < 2) return "";
  if (shape === "circle") return ellipse(first, last);
  const [start, ...rest] = points.map(({ x, y }) => `${round(x)} ${round(y)}`);
  const line = `M${start}${rest.map((point) => `L${point}`).join("")}`;
  return shape === "arrow" ? line + head(first, last, picture) : line;
}

/** @param {Point} one @param {Point} other */
function ellipse(one, other) {
  const [rx, ry] = [round(Math.abs(one.x - other.x) / 2), round(Math.abs(one.y - other.y) / 2)];
  const y = round((one.y + other.y) / 2);
  const left = round(Math.min(one.x, other.x));
  const arc = (/** @type {number} */ x) => `A${rx} ${ry} 0 1 1 ${round(x)} ${y}`;
  return `M${left} ${y}${arc(left + 2 * rx)}${arc(left)}Z`;
}

/** @param {Point} tail @param {Point} tip @param {Size} picture */
function head(tail, tip, picture) {
  const angle = Math.atan2(tip.y - tail.y, tip.x - tail.x);
  const length = widths(picture).line * HEAD;
  const [one, other] = [angle - HEAD_ANGLE, angle + HEAD_ANGLE].map(
    (side) => `${round(tip.x - length * Math.cos(side))} ${round(tip.y - length * Math.sin(side))}`,
  );
  return `M${one}L${round(tip.x)} ${round(tip.y)}L${other}`;
}

/** @param {number} value */
function round(value) {
  return Math.round(value * 10) / 10;
}
