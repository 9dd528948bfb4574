/** Downloading a report reminds people to delete it from this device. */

import { maybe } from "./dom.js";

export function remindAfterExport() {
  // The download goes its own way; the dialog stands beside it. Lists are replaced, the page stays.
  document.addEventListener("click", ({ target }) => {
    if (!(target instanceof Element) || !target.closest("button[data-export]")) return;
    maybe("export-dialog", HTMLDialogElement)?.showModal();
  });
}
