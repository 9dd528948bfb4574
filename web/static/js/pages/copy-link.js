/**
 * The "Copy link" button: copies what `data-copy` points at, or the link beside it, or the address of
 * this page.
 */

import { _, loadCatalog } from "../shared/catalog.js";
import { copy } from "../shared/copy.js";
import { inside, setText, show } from "../shared/dom.js";

const ready = loadCatalog();

document.addEventListener("click", async ({ target }) => {
  if (!(target instanceof HTMLButtonElement) || !target.matches("#copy-link, .copy-link")) return;
  const own = target.closest(".own-link");
  const link = own?.querySelector("code") ?? document.querySelector(target.dataset.copy ?? "none");
  const done = await copy(link?.textContent ?? location.href);
  await ready;
  if (own && link && !done) {
    show(link, true);
    getSelection()?.selectAllChildren(link);
  }
  const place = own?.querySelector("[role=status]") ?? document.querySelector("#copy-status");
  if (place) setText(place, done ? _("Copied.") : _("Please copy the link by hand."));
});

/**
 * Let links be copied by the button, where those without scripts select them by hand.
 * @param {ParentNode} root
 */
export function offerCopying(root) {
  for (const own of root.querySelectorAll(".own-link")) {
    show(inside(own, "code"), false);
    const place = inside(own, ".copy-link");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy-link";
    setText(button, place.dataset.says ?? "");
    place.replaceWith(button);
  }
}
