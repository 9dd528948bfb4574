/** "New invite": the choice shows its form without another page load. */

import { loadCatalog } from "../shared/catalog.js";
import { maybe, show } from "../shared/dom.js";
import { wireInvitation } from "../forms/invitation.js";

const form = maybe("invitation", HTMLFormElement);
/** @type {NodeListOf<HTMLButtonElement>} */
const choices = document.querySelectorAll("button[data-choice]");

/** @param {string} kind */
function choose(kind) {
  for (const choice of choices) {
    if (choice.dataset.choice === kind) choice.setAttribute("aria-current", "true");
    else choice.removeAttribute("aria-current");
  }
  const chosen = form?.querySelector("input[name=kind]");
  if (!form || !(chosen instanceof HTMLInputElement)) return;
  chosen.value = kind;
  const inPerson = kind === "in_person";
  show(maybe("awaited", HTMLElement), !inPerson);
  show(maybe("nobody-awaited", HTMLElement), inPerson);
  const colleague = maybe("colleague", HTMLInputElement);
  if (colleague && inPerson) colleague.checked = true;
  show(form, true);
  const first = inPerson ? "colleague_1_address" : "first_name";
  maybe(first, HTMLInputElement)?.focus();
}

for (const choice of choices) {
  choice.addEventListener("click", (event) => {
    event.preventDefault();
    choose(choice.dataset.choice ?? "");
  });
}
if (form) {
  // Focus the errors first.
  const summary = form.querySelector("[role=alert]");
  if (summary instanceof HTMLElement) summary.focus();
  wireInvitation(form);
  void loadCatalog();
}
