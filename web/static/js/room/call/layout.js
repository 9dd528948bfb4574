/**
 * Where the pictures of a call stand, as a function of sizes alone: all are whole and as large as
 * possible, and the own one covers none of them. Distances are from the start of the line and from
 * the top, in pixels, so that the arrangement mirrors from right to left.
 */

/** @typedef {{ x: number, y: number, width: number, height: number }} Box */
/** @typedef {{ block: "start" | "end", inline: "start" | "end" }} Corner */

/**
 * @typedef {object} Scene
 * @property {number} width of the stage
 * @property {number} height
 * @property {number[]} ratios width by height of each picture; 0: takes whatever space there is
 * @property {number} enlarged index of the picture that gets the most space, -1: none
 * @property {number} own width by height of the own picture, 0: there is none
 * @property {Corner} corner of the own picture
 * @property {boolean} fill pictures may be cropped to take all their space
 */

const GAP = 4;
/** Around the own picture. */
const MARGIN = 8;
/** A lower stage has no space for it. */
const LOWEST_WITH_OWN = 160;
/** Of the picture of somebody whose picture has not arrived: only to judge columns by. */
const USUAL_RATIO = 4 / 3;
/** The least that the others keep when somebody is enlarged, of the stage. */
const STRIP = 0.2;

/**
 * @param {Scene} scene
 * @returns {{ pictures: Box[], own: Box | null }}
 */
export function arrange(scene) {
  const { width, height, own: ratio, corner } = scene;
  const stage = { x: 0, y: 0, width, height };
  if (!ratio || height < LOWEST_WITH_OWN) return { pictures: place(stage, scene), own: null };
  const own = cornered(stage, ownSize(stage, ratio), corner);
  if (!scene.ratios.length) return { pictures: [], own };
  const whole = place(stage, scene);
  if (scene.fill || !whole.some((box) => overlap(box, own))) return { pictures: whole, own };
  // what is set aside for it is at its side, or above or below: where more is left
  const taken = { width: own.width + 2 * MARGIN, height: own.height + 2 * MARGIN };
  const beside = {
    x: corner.inline === "start" ? taken.width : 0,
    y: 0,
    width: width - taken.width,
    height,
  };
  const apart = {
    x: 0,
    y: corner.block === "start" ? taken.height : 0,
    width,
    height: height - taken.height,
  };
  const [one, other] = [place(beside, scene), place(apart, scene)];
  return { pictures: area(one) >= area(other) ? one : other, own };
}

/**
 * Large enough to see oneself, small beside everybody else.
 * @param {Box} stage
 * @param {number} ratio
 */
function ownSize(stage, ratio) {
  const side = Math.max(72, Math.min(168, 0.24 * Math.min(stage.width, stage.height)));
  return ratio > 1
    ? { width: side * Math.min(ratio, 4 / 3), height: (side * Math.min(ratio, 4 / 3)) / ratio }
    : { width: side * ratio, height: side };
}

/**
 * @param {Box} stage
 * @param {{ width: number, height: number }} size
 * @param {Corner} corner
 * @returns {Box}
 */
function cornered(stage, { width, height }, { block, inline }) {
  return {
    x: inline === "start" ? MARGIN : stage.width - width - MARGIN,
    y: block === "start" ? MARGIN : stage.height - height - MARGIN,
    width,
    height,
  };
}

/**
 * @param {Box} stage
 * @param {Scene} scene
 * @returns {Box[]}
 */
function place(stage, { ratios, enlarged, fill }) {
  if (ratios.length < 2 || !(enlarged in ratios)) return grid(stage, ratios, fill);
  const main = ratios.filter((_, index) => index === enlarged);
  const rest = ratios.filter((_, index) => index !== enlarged);
  const ways = split(stage).map(([large, strip]) => ({
    main: grid(large, main, fill),
    rest: grid(strip, rest, fill),
  }));
  const [first, second] = /** @type {[typeof ways[0], typeof ways[0]]} */ (ways);
  const found = area(first.main) >= area(second.main) ? first : second;
  found.rest.splice(enlarged, 0, ...found.main);
  return found.rest;
}

/**
 * Into a large part and a strip, below it or at its end.
 * @param {Box} stage
 * @returns {[Box, Box][]}
 */
function split({ x, y, width, height }) {
  const low = Math.round(height * STRIP);
  const narrow = Math.round(width * STRIP);
  return [
    [
      { x, y, width, height: height - low - GAP },
      { x, y: y + height - low, width, height: low },
    ],
    [
      { x, y, width: width - narrow - GAP, height },
      { x: x + width - narrow, y, width: narrow, height },
    ],
  ];
}

/**
 * In the number of columns that shows the most.
 * @param {Box} box
 * @param {number[]} ratios
 * @param {boolean} fill
 * @returns {Box[]}
 */
function grid(box, ratios, fill) {
  /** @type {Box[]} */
  let best = [];
  let most = -1;
  for (let columns = 1; columns <= ratios.length; columns += 1) {
    const cells = cellsOf(box, ratios.length, columns);
    const shown = area(cells.map((cell, index) => contained(cell, ratios[index] || USUAL_RATIO)));
    if (shown <= most) continue;
    most = shown;
    best = cells;
  }
  return best.map((cell, index) => (fill ? cell : contained(cell, ratios[index] ?? 0)));
}

/**
 * Equal cells, row by row; the last row is in the middle.
 * @param {Box} box
 * @param {number} count
 * @param {number} columns
 * @returns {Box[]}
 */
function cellsOf(box, count, columns) {
  const rows = Math.ceil(count / columns);
  const width = Math.max(0, (box.width - (columns - 1) * GAP) / columns);
  const height = Math.max(0, (box.height - (rows - 1) * GAP) / rows);
  return Array.from({ length: count }, (_, index) => {
    const row = Math.floor(index / columns);
    const inRow = Math.min(columns, count - row * columns);
    const indent = (box.width - inRow * width - (inRow - 1) * GAP) / 2;
    return {
      x: box.x + indent + (index % columns) * (width + GAP),
      y: box.y + row * (height + GAP),
      width,
      height,
    };
  });
}

/**
 * The largest box of this ratio in the middle of a cell.
 * @param {Box} cell
 * @param {number} ratio
 * @returns {Box}
 */
function contained(cell, ratio) {
  if (!ratio) return cell;
  const width = Math.min(cell.width, cell.height * ratio);
  const height = width / ratio;
  return {
    x: cell.x + (cell.width - width) / 2,
    y: cell.y + (cell.height - height) / 2,
    width,
    height,
  };
}

/** @param {Box[]} boxes */
function area(boxes) {
  return boxes.reduce((sum, { width, height }) => sum + width * height, 0);
}

/**
 * @param {Box} one
 * @param {Box} other
 */
function overlap(one, other) {
  return (
    one.x < other.x + other.width &&
    other.x < one.x + one.width &&
    one.y < other.y + other.height &&
    other.y < one.y + one.height
  );
}
