/** What a guest's page shows of a call. It comes without, as nobody waits for that. */

import { byId, readPage } from "../../shared/dom.js";

/**
 * Put each part behind the element that it names.
 * @param {string} text HTML of our own server
 */
export function placeMarkup(text) {
  for (const part of readPage(text).querySelectorAll("div")) {
    const { after } = part.dataset;
    if (after) byId(after, HTMLElement).after(...document.importNode(part, true).childNodes);
  }
}
