/** What can be done with a message that was refused. Loaded when there is one. */

import { _, loadFileSentences } from "../../shared/catalog.js";
import { copy } from "../../shared/copy.js";
import { clone, inside, setText, show } from "../../shared/dom.js";

/**
 * Offer to copy it and, while anything can be sent, to send it again.
 * @param {HTMLElement} element its line
 * @param {string} text
 * @param {boolean} writable
 * @param {() => void} again
 */
export function offerAgain(element, text, writable, again) {
  if (!element.querySelector(".again")) {
    const offered = clone("unsent");
    element.append(offered);
    inside(offered, ".copy").addEventListener("click", async () => {
      const [done] = await Promise.all([copy(text), loadFileSentences()]);
      setText(inside(offered, ".done"), done ? _("Copied.") : _("Please copy the text by hand."));
    });
    inside(offered, ".again").addEventListener("click", again);
  }
  show(inside(element, ".again"), writable);
}
