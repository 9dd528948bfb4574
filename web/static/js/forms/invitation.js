/** What the form of an invitation does while it is filled in. Without it every field shows. */

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
 * A second press while the first is on its way would invite everybody twice.
 * @param {HTMLFormElement} form
 */
function sendOnce(form) {
  let sent = false;
  form.addEventListener("submit", (event) => {
    if (sent) event.preventDefault();
    sent = true;
  });
  // Back from the next page, it may be sent again.
  window.addEventListener("pageshow", () => (sent = false));
}

/**
 * What somebody types is an address, a number, or nothing yet.
 * @param {string} typed
 * @returns {"" | "email" | "number"}
 */
export function kindOf(typed) {
  if (typed.includes("@")) return "email";
  // Digits of every script: phones write what their keyboard is set to. Where a number is copied
  // from, something may stand before it.
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
      if (typing) for (const one of radios) one.checked = one.value === other;
    }
  };
  address.addEventListener("input", () => follow(true));
  follow(false);
}

/** One expert is shown, the others behind a button. */
export function wireExperts() {
  const button = maybe("add-expert", HTMLButtonElement);
  if (!button) return;
  const experts = [...document.querySelectorAll(".expert")];
  const hidden = () => experts.filter((one) => one instanceof HTMLElement && one.hidden);
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

/** Only a language that an organization speaks can be asked for. */
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
