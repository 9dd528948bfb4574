/** Text that people write, as nodes: with links, and with measures that keep their direction. */

import { patiently } from "../importing.js";
import { linkify } from "./linkify.js";

/** What is written from right to left, or may be in a line with that: all but plain words. */
const MAY_TURN =
  /[\u0590-\u08ff\u200f\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
const HAS_LETTERS = /\p{L}/u;

/** @type {typeof import("./directions.js") | null} */
let directions = null;

/**
 * Write a text into an element: at once, and again when the rules of its directions are loaded, if they
 * matter to it.
 * @param {Element} element
 * @param {string} text
 */
export function writeText(element, text) {
  element.replaceChildren(...userText(text));
  if (directions || !needsDirections(text)) return;
  void loadDirections().then(() => element.replaceChildren(...userText(text)));
}

/** @param {string} text */
function needsDirections(text) {
  return MAY_TURN.test(text) || !HAS_LETTERS.test(text);
}

export async function loadDirections() {
  directions = await patiently(() => import("./directions.js"), "shared/text/directions.js");
}

/**
 * @param {string} text
 * @returns {(Node | string)[]}
 */
export function userText(text) {
  return (directions?.directed(text) ?? [{ text }]).flatMap(({ text: part, isolate, mark }) => {
    if (mark) return [directionMark(mark)];
    if (!isolate) return linked(part);
    const whole = document.createElement("bdi");
    whole.dir = "ltr";
    whole.append(...linked(part));
    return [whole];
  });
}

/**
 * @param {string} text
 * @returns {(Node | string)[]}
 */
function linked(text) {
  return linkify(text).map((part) => (part.href ? anchor(part.text, part.href) : part.text));
}

/**
 * A direction mark from the style sheet: it is not in the text, so nobody copies it.
 * @param {string} mark
 */
function directionMark(mark) {
  const element = document.createElement("span");
  element.dataset.mark = mark;
  return element;
}

/**
 * @param {string} text
 * @param {string} href
 */
function anchor(text, href) {
  const link = document.createElement("a");
  link.href = href;
  link.textContent = text;
  link.target = "_blank";
  link.rel = "noopener noreferrer nofollow";
  return link;
}
