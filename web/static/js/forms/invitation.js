/** The form of an invitation while it is filled in. Without scripts it shows every field. */

import { inside, maybe, show } from "../shared/dom.js";
import { wireWays } from "./ways.js";
import { forgetCorrected } from "./corrected.js";
import { submitInDialog } from "./dialog-submission.js";
import { wirePlanLater } from "./plan-later.js";
import { wirePreview } from "./preview.js";

/** @param {HTMLFormElement} form */
export function wireInvitation(form) {
  if (form.closest("dialog")) submitInDialog(form, wireInvitation);
  else sendOnce(form);
  forgetCorrected(form);
  wirePlanLater(form);
  wireExperts();
  wireInterpreter();
  wirePreview(form, wireWays(form));
  // What is wrong is read first.
  const summary = form.querySelector("[role=alert]");
  if (summary instanceof HTMLElement) summary.focus();
}

/**
 * Submit the form once: a double click would invite everybody twice.
 * @param {HTMLFormElement} form
 */
function sendOnce(form) {
  let sent = false;
  form.addEventListener("submit", (event) => {
    if (sent) event.preventDefault();
    sent = true;
  });
  // It may be submitted again after going back to it.
  window.addEventListener("pageshow", () => (sent = false));
}

/** Show one expert; a button shows the next ones. */
export function wireExperts() {
  const button = maybe("add-expert", HTMLButtonElement);
  if (!button) return;
  const experts = [...document.querySelectorAll(".expert")];
  const hidden = () => experts.filter((expert) => expert instanceof HTMLElement && expert.hidden);
  for (const expert of experts.slice(1)) {
    const typed = [...expert.querySelectorAll("input")].some((input) => input.value);
    const wrong = expert.querySelector("[aria-invalid]") !== null;
    show(expert, typed || wrong);
  }
  show(button, hidden().length > 0);
  button.addEventListener("click", () => {
    const [next] = hidden();
    if (!next) return;
    show(next, true);
    inside(next, "input").focus();
    show(button, hidden().length > 0);
  });
}

/** Only languages that an organization offers can be requested. */
function wireInterpreter() {
  const needed = maybe("interpreter", HTMLInputElement);
  const language = maybe("language", HTMLSelectElement);
  const wanted = maybe("interpreter_language", HTMLSelectElement);
  if (!needed || !language || !wanted) return;
  const follow = () => {
    const spoken = [...wanted.options].some((option) => option.value === language.value);
    if (spoken) wanted.value = language.value;
    needed.disabled = !spoken;
    if (!spoken) needed.checked = false;
    show(maybe("no-interpreter", HTMLElement), !spoken);
  };
  language.addEventListener("input", follow);
  if (!needed.checked) follow();
}
