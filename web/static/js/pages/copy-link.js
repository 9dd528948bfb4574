/** The "Copy link" button: copies what `data-copy` points at, or the address of this page. */

import { _, loadCatalog } from "../shared/catalog.js";
import { copy } from "../shared/copy.js";
import { maybe, setText } from "../shared/dom.js";

const ready = loadCatalog();

maybe("copy-link", HTMLButtonElement)?.addEventListener("click", async (event) => {
  const button = /** @type {HTMLButtonElement} */ (event.currentTarget);
  const source = button.dataset.copy ?? "location";
  const text =
    source === "location" ? location.href : (document.querySelector(source)?.textContent ?? "");
  const done = await copy(text);
  await ready;
  const place = maybe("copy-status", HTMLElement);
  if (place) setText(place, done ? _("Copied.") : _("Please copy the link by hand."));
});
