/** Confirmation of what cannot be undone: `<form data-confirm="id of a dialog">`. */

import { maybe, setText } from "./dom.js";

/** @type {HTMLFormElement | null} */
let asked = null;

export function askBeforeSubmitting() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !form.dataset.confirm) return;
    const dialog = maybe(form.dataset.confirm, HTMLDialogElement);
    if (!dialog) return;
    event.preventDefault();
    asked = form;
    const who = dialog.querySelector(".name");
    if (who) setText(who, form.dataset.who ?? "");
    // Escape keeps the return value: without this the last answer would count again.
    dialog.returnValue = "";
    dialog.onclose = () => {
      // `submit()` does not fire the event above, so there is no second confirmation.
      if (dialog.returnValue === "yes") asked?.submit();
    };
    dialog.showModal();
  });
}
