/** The "Copy link" button: copies what `data-copy` points at, or the address of this page. */

import { _, loadCatalog } from "../shared/catalog.js";
import { copy } from "../shared/copy.js";
import { maybe, setText } from "../shared/dom.js";

const ready = loadCatalog();

document.addEventListener("click", async ({ target }) => {
  if (!(target instanceof HTMLButtonElement) || target.id !== "copy-link") return;
  const source = target.dataset.copy ?? "location";
  const text =
    source === "location" ? location.href : (document.querySelector(source)?.textContent ?? "");
  const done = await copy(text);
  await ready;
  const place = maybe("copy-status", HTMLElement);
  if (place) setText(place, done ? _("Copied.") : _("Please copy the link by hand."));
});
