/** The lists of sessions: the dialog for a new invite, links to copy, QR codes to show. */

import { _, loadCatalog } from "../shared/catalog.js";
import { askBeforeSubmitting } from "../shared/confirm.js";
import { copy } from "../shared/copy.js";
import { byId, maybe, setText } from "../shared/dom.js";
import { followLists } from "../shared/live-lists.js";
import "./new-invite.js";

const dialog = maybe("new-invite", HTMLDialogElement);
maybe("open-new-invite", HTMLButtonElement)?.addEventListener("click", (event) => {
  if (!dialog) return;
  event.preventDefault();
  dialog.showModal();
});

askBeforeSubmitting();
followLists();
const ready = loadCatalog();

// Rows come and go: the document listens for all of them.
document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("button") : null;
  const address = button?.form?.action ?? "";
  if (button?.dataset.copyLink !== undefined) {
    event.preventDefault();
    void copyFrom(address);
  } else if (button?.dataset.showQr !== undefined) {
    event.preventDefault();
    byId("qr-image", HTMLImageElement).src = address;
    byId("qr-dialog", HTMLDialogElement).showModal();
  }
});

/** @param {string} address of the page that tells the link */
async function copyFrom(address) {
  const answer = await fetch(address, { headers: { Accept: "application/json" } }).catch(
    () => null,
  );
  if (!answer?.ok) {
    // The page behind the link says what is wrong.
    location.assign(address);
    return;
  }
  const { link } = await answer.json();
  await ready;
  if (await copy(link)) {
    setText(byId("row-status", HTMLElement), _("Copied."));
    return;
  }
  setText(byId("link-text", HTMLElement), link);
  byId("link-dialog", HTMLDialogElement).showModal();
}
