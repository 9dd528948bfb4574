/** The lists of sessions: the dialog for a new invite, and what can be done in a row. */

import { askBeforeSubmitting } from "../shared/confirm.js";
import { maybe } from "../shared/dom.js";
import { followLists } from "../shared/live-lists.js";
import { wireRowActions } from "../shared/row-actions.js";
import "./new-invite.js";

const dialog = maybe("new-invite", HTMLDialogElement);
maybe("open-new-invite", HTMLButtonElement)?.addEventListener("click", (event) => {
  if (!dialog) return;
  event.preventDefault();
  dialog.showModal();
});

askBeforeSubmitting();
wireRowActions();
followLists();
