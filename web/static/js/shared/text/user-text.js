/** What people write, as nodes: links can be followed, measures keep their direction. */

import { directed } from "./directions.js";
import { linkify } from "./linkify.js";

/**
 * @param {string} text
 * @returns {(Node | string)[]}
 */
export function userText(text) {
  return directed(text).flatMap(({ text: part, isolate, mark }) => {
    if (mark) return [unwritten(mark)];
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
 * A mark that steers and that nobody copies, because it is not in the text.
 * @param {string} mark
 */
function unwritten(mark) {
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
