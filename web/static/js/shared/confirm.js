/** Confirmation of what cannot be undone: `<form data-confirm="id of a dialog">`. */

import { maybe, setText } from "./dom.js";

/** @type {HTMLFormElement | null} */
let asked = null;
/** @type {HTMLFormElement | null} whose question was answered by "yes" */
let confirmed = null;

export function askBeforeSubmitting() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !form.dataset.confirm) return;
    if (form === confirmed) {
      confirmed = null;
      return;
    }
    const dialog = maybe(form.dataset.confirm, HTMLDialogElement);
    if (!dialog) return;
    event.preventDefault();
    asked = form;
    const who = dialog.querySelector(".name");
    if (who) setText(who, form.dataset.who ?? "");
    // Escape keeps the return value: without this the last answer would count again.
    dialog.returnValue = "";
    dialog.onclose = () => {
      if (dialog.returnValue === "yes" && asked) send(asked);
    };
    dialog.showModal();
  });
}

/**
 * As if its button were pressed, so that a script may still send the form in its own way.
 * @param {HTMLFormElement} form
 */
function send(form) {
  confirmed = form;
  if ("requestSubmit" in form) form.requestSubmit();
  // Older browsers: this does not fire the event above.
  else /** @type {HTMLFormElement} */ (form).submit();
}
