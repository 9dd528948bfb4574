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
 * As if its button were pressed, so that a script may still send the form in its own way. A list that
 * was shown anew during the question has another form for the same.
 * @param {HTMLFormElement} asked
 */
function send(asked) {
  const form = asked.isConnected ? asked : (sameForm(asked) ?? asked);
  if (!form.isConnected) {
    // Nobody sees it; the server says why this is not possible any more.
    form.hidden = true;
    document.body.append(form);
  }
  confirmed = form;
  if ("requestSubmit" in form) form.requestSubmit();
  // Older browsers: this does not fire the event above.
  else /** @type {HTMLFormElement} */ (form).submit();
}

/**
 * @param {HTMLFormElement} form
 * @returns {HTMLFormElement | undefined}
 */
function sameForm(form) {
  const address = form.getAttribute("action");
  return [...document.forms].find((other) => other.getAttribute("action") === address);
}
