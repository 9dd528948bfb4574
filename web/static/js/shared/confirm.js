/** Asking before something that cannot be taken back: `<form data-confirm="id of a dialog">`. */

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
    // The last answer would count again when the dialog is left by the Escape key.
    dialog.returnValue = "";
    dialog.onclose = () => {
      // A refused `submit()` asks nothing: the event above is not fired by it.
      if (dialog.returnValue === "yes") asked?.submit();
    };
    dialog.showModal();
  });
}
