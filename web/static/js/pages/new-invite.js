/** "New invite": another choice changes the form without another page load. */

import { loadCatalog } from "../shared/catalog.js";
import { maybe, show } from "../shared/dom.js";
import { wireInvitation } from "../forms/invitation.js";

/** @type {NodeListOf<HTMLButtonElement>} */
const choices = document.querySelectorAll("button[data-choice]");

// A form that is sent again after a fault is another one.
const form = () => maybe("invitation", HTMLFormElement);

/** @param {string} kind */
function choose(kind) {
  for (const choice of choices) {
    const chosen = choice.dataset.choice === kind;
    choice.setAttribute("aria-pressed", String(chosen));
    show(maybe(choice.getAttribute("aria-describedby") ?? "", HTMLElement), chosen);
  }
  const chosen = form()?.querySelector("input[name=kind]");
  if (!(chosen instanceof HTMLInputElement)) return;
  chosen.value = kind;
  const inPerson = kind === "in_person";
  show(maybe("awaited", HTMLElement), !inPerson);
  show(maybe("nobody-awaited", HTMLElement), inPerson);
  const colleague = maybe("colleague", HTMLInputElement);
  if (colleague && inPerson) colleague.checked = true;
  const first = inPerson ? "colleague_1_address" : "address";
  maybe(first, HTMLInputElement)?.focus();
}

for (const choice of choices) {
  choice.addEventListener("click", (event) => {
    event.preventDefault();
    choose(choice.dataset.choice ?? "");
  });
}
const first = form();
if (first) {
  const address = maybe("address", HTMLInputElement);
  if (address) address.autofocus = true; // once the dialog opens
  wireInvitation(first);
  void loadCatalog();
}
