/**
 * The captions below the icons of a call's buttons: only where there is space for the whole of it, in
 * any language. A button whose caption does not fit shows it to whoever points at it; its accessible
 * name does not come from it.
 */

import { inside } from "../../shared/dom.js";

/** @param {Element} bar */
export function fitCaptions(bar) {
  const buttons = /** @type {HTMLElement[]} */ ([...bar.querySelectorAll(".round")]);
  const fit = () => {
    // all at once: measuring one after another would lay out the page for each
    for (const button of buttons) captionOf(button).hidden = false;
    const cut = buttons.filter(isCut);
    for (const button of buttons) {
      const isAway = cut.includes(button);
      captionOf(button).hidden = isAway;
      button.title = isAway ? (captionOf(button).textContent ?? "") : "";
    }
  };
  const observer = new ResizeObserver(fit);
  for (const button of buttons) observer.observe(button);
}

/** @param {HTMLElement} button */
const captionOf = (button) => inside(button, ".caption");

/** @param {HTMLElement} button */
function isCut(button) {
  const caption = captionOf(button);
  if (caption.scrollWidth > caption.clientWidth) return true;
  return caption.getBoundingClientRect().bottom > button.getBoundingClientRect().bottom;
}
