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
/** Of more pictures there are too many to try all. */
const LARGEST_MOSAIC = 6;
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
  const besideOwn = {
    x: corner.inline === "start" ? taken.width : 0,
    y: 0,
    width: width - taken.width,
    height,
  };
  const belowOwn = {
    x: 0,
    y: corner.block === "start" ? taken.height : 0,
    width,
    height: height - taken.height,
  };
  const [one, other] = [place(besideOwn, scene), place(belowOwn, scene)];
  return { pictures: value(one) >= value(other) ? one : other, own };
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
  const found = value(first.main) >= value(second.main) ? first : second;
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
 * In equal cells or as a mosaic: as it shows the most.
 * @param {Box} box
 * @param {number[]} ratios
 * @param {boolean} fill
 * @returns {Box[]}
 */
function grid(box, ratios, fill) {
  const shapes = ratios.map((ratio) => ratio || USUAL_RATIO);
  const ways = shapes.map((_, index) => cellsOf(box, shapes.length, index + 1));
  const mosaic = fill ? null : bestMosaic(box, shapes);
  if (mosaic) ways.push(mosaic.place(contained(box, mosaic.ratio)));
  const whole = ways.map((cells) => cells.map((cell, n) => contained(cell, shapes[n] ?? 0)));
  const values = whole.map(value);
  const best = values.indexOf(Math.max(...values));
  const [cells = [], pictures = []] = [ways[best], whole[best]];
  return cells.map((cell, n) => (fill || !ratios[n] ? cell : (pictures[n] ?? cell)));
}

/**
 * Pictures beside and below each other without space between them.
 * @typedef {object} Mosaic
 * @property {number} ratio of the whole
 * @property {number} value at a height of 1
 * @property {(box: Box) => Box[]} place
 */

/** Of the pictures that were arranged last: a window that is dragged has many sizes. */
let latest = { shapes: "", found: mosaics([USUAL_RATIO]) };

/**
 * @param {Box} box
 * @param {number[]} ratios
 * @returns {Mosaic | null}
 */
function bestMosaic(box, ratios) {
  if (ratios.length > LARGEST_MOSAIC) return null;
  /** @param {Mosaic} one */
  const valueIn = (one) => one.value * Math.min(box.height, box.width / one.ratio);
  const shapes = ratios.join();
  if (shapes !== latest.shapes) latest = { shapes, found: mosaics(ratios) };
  return latest.found.reduce((best, one) => (valueIn(one) > valueIn(best) ? one : best));
}

/**
 * All mosaics of these pictures, in their order.
 * @param {number[]} ratios
 * @returns {[Mosaic, ...Mosaic[]]}
 */
function mosaics(ratios) {
  /** @type {Mosaic[]} */
  const found = [];
  for (let count = 1; count < ratios.length; count += 1) {
    for (const one of mosaics(ratios.slice(0, count))) {
      for (const other of mosaics(ratios.slice(count))) {
        found.push(beside(one, other), below(one, other));
      }
    }
  }
  const [ratio = USUAL_RATIO] = ratios;
  const alone = { ratio, value: Math.sqrt(ratio), place: (/** @type {Box} */ box) => [box] };
  const [first = alone, ...rest] = found;
  return [first, ...rest];
}

/**
 * @param {Mosaic} one
 * @param {Mosaic} other
 * @returns {Mosaic}
 */
function beside(one, other) {
  const ratio = one.ratio + other.ratio;
  return {
    ratio,
    value: one.value + other.value,
    place: ({ x, y, width, height }) => {
      const first = ((width - GAP) * one.ratio) / ratio;
      const rest = { x: x + first + GAP, y, width: width - GAP - first, height };
      return [...one.place({ x, y, width: first, height }), ...other.place(rest)];
    },
  };
}

/**
 * @param {Mosaic} one
 * @param {Mosaic} other
 * @returns {Mosaic}
 */
function below(one, other) {
  const ratio = 1 / (1 / one.ratio + 1 / other.ratio);
  return {
    ratio,
    value: (one.value / one.ratio + other.value / other.ratio) * ratio,
    place: ({ x, y, width, height }) => {
      const first = ((height - GAP) * ratio) / one.ratio;
      const rest = { x, y: y + first + GAP, width, height: height - GAP - first };
      return [...one.place({ x, y, width, height: first }), ...other.place(rest)];
    },
  };
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

/**
 * How much they show. Roots: one picture twice as large is not worth another one that vanishes.
 * @param {Box[]} boxes
 */
function value(boxes) {
  return boxes.reduce((sum, { width, height }) => sum + Math.sqrt(width * height), 0);
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
