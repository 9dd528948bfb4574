/** Pages without a script of their own. */

import { isStored } from "../shared/clear-storage.js";
import { setUpPage } from "./every-page.js";

setUpPage();

// A message was sent before the scripts of the full page ran. They do run here.
const { full, seat } = document.body.dataset;
const field = document.querySelector("textarea");
if (full) location.replace(full);
else if (seat && field) void keepTyped(field, seat);

/**
 * @param {HTMLTextAreaElement} place
 * @param {string} key
 */
async function keepTyped(place, key) {
  if (!place.value && !(await isStored())) {
    await new Promise((done) => place.addEventListener("focus", done, { once: true }));
  }
  const simplePage = await import("../room/chat/simple-page.js");
  await simplePage.keepTyped(place, key);
}
