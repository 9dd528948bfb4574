/** After the download of a report, a reminder to delete it from this device. */

import { maybe } from "./dom.js";

export function remindAfterExport() {
  // The dialog does not hold up the download. Lists are replaced, so the document listens.
  document.addEventListener("click", ({ target }) => {
    if (!(target instanceof Element) || !target.closest("button[data-export]")) return;
    maybe("export-dialog", HTMLDialogElement)?.showModal();
  });
}
