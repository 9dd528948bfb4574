/** Downloading a report reminds people to delete it from this device. */

import { maybe } from "./dom.js";

export function remindAfterExport() {
  for (const button of document.querySelectorAll("button[data-export]")) {
    // The download goes its own way; the dialog stands beside it.
    button.addEventListener("click", () => maybe("export-dialog", HTMLDialogElement)?.showModal());
  }
}
