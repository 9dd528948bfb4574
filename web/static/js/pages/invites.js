/** The lists of sessions: the dialog for a new invite, links to copy, QR codes to show. */

import { _, loadCatalog } from "../shared/catalog.js";
import { copy } from "../shared/copy.js";
import { byId, maybe, setText } from "../shared/dom.js";
import "./new-invite.js";

const dialog = maybe("new-invite", HTMLDialogElement);
maybe("open-new-invite", HTMLButtonElement)?.addEventListener("click", (event) => {
  if (!dialog) return;
  event.preventDefault();
  dialog.showModal();
});

await loadCatalog();

for (const button of buttons("button[data-copy-link]")) {
  button.addEventListener("click", async (event) => {
    event.preventDefault();
    const address = button.form?.action ?? "";
    const answer = await fetch(address, { headers: { Accept: "application/json" } }).catch(
      () => null,
    );
    if (!answer?.ok) {
      // The page behind the link says what is wrong.
      location.assign(address);
      return;
    }
    await hand((await answer.json()).link);
  });
}

for (const button of buttons("button[data-show-qr]")) {
  button.addEventListener("click", (event) => {
    event.preventDefault();
    byId("qr-image", HTMLImageElement).src = button.form?.action ?? "";
    byId("qr-dialog", HTMLDialogElement).showModal();
  });
}

/**
 * @param {string} selector
 * @returns {NodeListOf<HTMLButtonElement>}
 */
function buttons(selector) {
  return document.querySelectorAll(selector);
}

/** @param {string} text */
async function hand(text) {
  if (await copy(text)) {
    setText(byId("row-status", HTMLElement), _("Copied."));
    return;
  }
  setText(byId("link-text", HTMLElement), text);
  byId("link-dialog", HTMLDialogElement).showModal();
}
