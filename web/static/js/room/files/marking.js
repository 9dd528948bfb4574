/**
 * Drawing on the photo in the viewer, by mouse, finger, pen or keys, and the marked copy. With the
 * keyboard, arrow keys move a cross, and Enter sets where a mark begins and ends; a free line then
 * has corners at each step, which is as far as keys go.
 */

import { _, fill } from "../../shared/catalog.js";
import { button, element } from "./elements.js";
import { begun, COLORS, drawnTo, inside, isSeen, outline, widths } from "./marks.js";

/**
 * @import { Color, Mark, Shape } from "./marks.js"
 * @import { Point } from "./zoom.js"
 * @import { PhotoView } from "./photo-view.js"
 */

const SVG = "http://www.w3.org/2000/svg";
/** What a press of an arrow key moves, as a part of the picture; less with Shift. */
const STEP = 0.04;
const SMALL_STEP = 0.01;
const QUALITY = 0.9;

export class Marking {
  /** @type {Mark[]} */
  marks = [];
  /** @type {Mark | null} being drawn */
  #open = null;
  /** @type {Shape} */
  #shape = "arrow";
  /** @type {Color} */
  #color = "yellow";
  /** @type {Point | null} where the cross of the keyboard is */
  #cross = null;
  surface = /** @type {SVGSVGElement} */ (document.createElementNS(SVG, "svg"));
  tools = element("div", { class: "tools marking", role: "group" });
  #undo = button(_("Undo"), () => this.undo());
  #send;
  /** @type {HTMLButtonElement[]} */
  #choices = [];

  /**
   * @param {PhotoView} photo
   * @param {object} options
   * @param {(sentence: string) => void} options.say
   * @param {() => void} options.send
   * @param {() => void} options.stop
   */
  constructor(photo, options) {
    this.photo = photo;
    this.options = options;
    this.#send = button(_("Send the marked copy"), options.send, { class: "primary" });
    this.tools.setAttribute("aria-label", _("Marking"));
    /** @type {[Shape, string][]} */
    const shapes = [
      ["arrow", _("Arrow")],
      ["circle", _("Circle")],
      ["line", _("Free line")],
    ];
    /** @type {[Color, string][]} */
    const colors = [
      ["yellow", _("Yellow")],
      ["blue", _("Blue")],
    ];
    for (const [shape, label] of shapes) this.#choice(label, "shape", shape);
    for (const [color, label] of colors) this.#choice(label, "color", color);
    this.tools.append(this.#undo, this.#send, button(_("Stop marking"), options.stop));
    this.#prepareSurface();
    this.draw();
  }

  undo() {
    if (this.#open) this.#open = null;
    else this.marks = this.marks.slice(0, -1);
    this.draw();
  }

  /** Show the marks as they are. */
  draw() {
    const { surface, photo } = this;
    const { width, height } = photo.size;
    surface.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const shown = this.#open ? [...this.marks, this.#open] : this.marks;
    surface.replaceChildren(...shown.flatMap((mark) => this.#paths(mark)), ...this.#crossPaths());
    this.#undo.disabled = !shown.length;
    this.#send.disabled = !this.marks.length;
    for (const choice of this.#choices) {
      const { kind, value } = choice.dataset;
      const isChosen = value === (kind === "shape" ? this.#shape : this.#color);
      choice.setAttribute("aria-pressed", String(isChosen));
    }
  }

  /**
   * The photo with its marks.
   * @returns {Promise<Blob | null>} a JPEG; null where the browser cannot make one
   */
  async copy() {
    const found = this.photo.drawn();
    if (!found) return null;
    const { canvas, context } = found;
    const { line, edge } = widths(this.photo.size);
    context.lineCap = context.lineJoin = "round";
    for (const mark of this.marks) {
      const path = new Path2D(outline(mark, this.photo.size));
      const { fill: color, edge: edgeColor } = COLORS[mark.color];
      context.lineWidth = edge;
      context.strokeStyle = edgeColor;
      context.stroke(path);
      context.lineWidth = line;
      context.strokeStyle = color;
      context.stroke(path);
    }
    return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
  }

  /**
   * @param {string} label
   * @param {"shape" | "color"} kind
   * @param {string} value
   */
  #choice(label, kind, value) {
    const choose = () => {
      if (kind === "shape") this.#shape = /** @type {Shape} */ (value);
      else this.#color = /** @type {Color} */ (value);
      this.#open = null;
      this.draw();
    };
    const choice = button(label, choose, { "data-kind": kind, "data-value": value });
    this.#choices.push(choice);
    this.tools.append(choice);
  }

  #prepareSurface() {
    const { surface } = this;
    surface.setAttribute("class", "marks");
    surface.setAttribute("data-draws", "");
    surface.setAttribute("tabindex", "0");
    // a screen reader passes the arrow keys on
    surface.setAttribute("role", "application");
    surface.setAttribute(
      "aria-label",
      _("Drawing area. Arrow keys move the cross, Enter begins and ends a mark, Escape drops it."),
    );
    surface.addEventListener("pointerdown", (event) => this.#press(event));
    surface.addEventListener("pointermove", (event) => this.#move(event));
    surface.addEventListener("pointerup", (event) => this.#finish(event));
    surface.addEventListener("pointercancel", () => this.#drop());
    surface.addEventListener("keydown", (event) => this.#key(event));
    surface.addEventListener("blur", () => {
      this.#cross = null;
      this.draw();
    });
  }

  /** @param {PointerEvent} event */
  #press(event) {
    if (event.button !== 0) return;
    // a second finger zooms
    if (!event.isPrimary) return this.#drop();
    this.#cross = null;
    this.surface.setPointerCapture(event.pointerId);
    this.#open = begun(this.#shape, this.#color, this.#pointOf(event));
    this.draw();
  }

  /** @param {PointerEvent} event */
  #move(event) {
    if (!this.#open || !event.isPrimary || !event.buttons) return;
    const steps = event.getCoalescedEvents?.() ?? [];
    for (const step of steps.length ? steps : [event]) {
      this.#open = drawnTo(this.#open, this.#pointOf(step));
    }
    this.draw();
  }

  /** @param {PointerEvent} event */
  #finish(event) {
    if (!this.#open || !event.isPrimary) return;
    this.#open = drawnTo(this.#open, this.#pointOf(event));
    this.#keep();
  }

  #drop() {
    this.#open = null;
    this.draw();
  }

  #keep() {
    if (this.#open && isSeen(this.#open, this.photo.size)) this.marks = [...this.marks, this.#open];
    this.#drop();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const { width, height } = this.photo.size;
    const step = event.shiftKey ? SMALL_STEP : STEP;
    /** @type {Record<string, [number, number]>} */
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const move = moves[event.key];
    const cross = this.#cross ?? { x: width / 2, y: height / 2 };
    if (move) {
      const longer = Math.max(width, height) * step;
      this.#cross = inside(
        { x: cross.x + move[0] * longer, y: cross.y + move[1] * longer },
        this.photo.size,
      );
      if (this.#open) this.#open = drawnTo(this.#open, this.#cross);
    } else if (event.key === "Enter" || event.key === " ") {
      this.#cross = cross;
      if (this.#open) this.#keep();
      else this.#open = begun(this.#shape, this.#color, cross);
    } else if (event.key === "Escape" && this.#open) this.#drop();
    else return;
    event.preventDefault();
    event.stopPropagation();
    this.draw();
    this.#tell(event.key);
  }

  /** @param {string} key */
  #tell(key) {
    const { width, height } = this.photo.size;
    if (key === "Escape") return this.options.say(_("The mark was dropped."));
    if (key.startsWith("Arrow") && this.#cross) {
      const sentence = _("%(left)s percent from the left, %(top)s percent from the top");
      const left = Math.round((100 * this.#cross.x) / width);
      const top = Math.round((100 * this.#cross.y) / height);
      return this.options.say(fill(sentence, { left, top }));
    }
    this.options.say(this.#open ? _("The mark begins here.") : _("The mark ends here."));
  }

  /** @param {{ clientX: number, clientY: number }} event @returns {Point} */
  #pointOf({ clientX, clientY }) {
    const { left, top, width, height } = this.surface.getBoundingClientRect();
    const { size } = this.photo;
    const x = ((clientX - left) / width) * size.width;
    return inside({ x, y: ((clientY - top) / height) * size.height }, size);
  }

  /** @param {Mark} mark */
  #paths(mark) {
    const { line, edge } = widths(this.photo.size);
    const { fill: color, edge: edgeColor } = COLORS[mark.color];
    const d = outline(mark, this.photo.size);
    return [path(d, edgeColor, edge), path(d, color, line)];
  }

  #crossPaths() {
    const at = this.#cross;
    if (!at) return [];
    const { line } = widths(this.photo.size);
    const arm = line * 4;
    const d = `M${at.x - arm} ${at.y}H${at.x + arm}M${at.x} ${at.y - arm}V${at.y + arm}`;
    return [path(d, "#ffffff", line), path(d, "#000000", line / 2)];
  }
}

/**
 * @param {string} d
 * @param {string} stroke
 * @param {number} width
 */
function path(d, stroke, width) {
  const made = document.createElementNS(SVG, "path");
  const attributes = {
    d,
    stroke,
    fill: "none",
    "stroke-width": String(width),
    "stroke-linecap": "round",
    "stroke-linejoin": "round",
  };
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}
