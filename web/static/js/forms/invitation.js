/** The form of an invitation while it is filled in. Without scripts it shows every field. */

import { inside, maybe, show } from "../shared/dom.js";
import { wirePlanLater } from "./plan-later.js";
import { wirePreview } from "./preview.js";

/** @param {HTMLFormElement} form */
export function wireInvitation(form) {
  sendOnce(form);
  wirePlanLater(form);
  wireChannel();
  wireExperts();
  wireInterpreter();
  wirePreview(form);
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

/**
 * Whether the input is an email address, a telephone number, or neither yet.
 * @param {string} typed
 * @returns {"" | "email" | "number"}
 */
export function kindOf(typed) {
  if (typed.includes("@")) return "email";
  // Digits of any script, as keyboards are set. A copied number may have text before it.
  return /^[+(\s]*\p{Nd}|(\p{Nd}\P{L}*){7}/u.test(typed) ? "number" : "";
}

function wireChannel() {
  const address = maybe("address", HTMLInputElement);
  const group = maybe("channel", HTMLFieldSetElement);
  if (!address || !group) return;
  const radios = [...group.querySelectorAll("input")];
  /** @param {boolean} typing */
  const follow = (typing) => {
    const kind = kindOf(address.value.trim());
    for (const radio of radios) {
      const phone = radio.value === "sms" || radio.value === "whatsapp";
      const offered = phone ? kind !== "email" : radio.value !== "" || kind !== "number";
      show(radio.closest("label"), offered);
      if (offered || !radio.checked) continue;
      const other = kind === "number" ? "sms" : "";
      if (typing) for (const choice of radios) choice.checked = choice.value === other;
    }
  };
  address.addEventListener("input", () => follow(true));
  follow(false);
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
