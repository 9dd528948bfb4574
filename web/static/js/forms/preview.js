/** Asks the server about what is typed so far: how many SMS it takes, what numbers are taken for. */

import { maybe, setText } from "../shared/dom.js";
import { _, _n, fill } from "../shared/catalog.js";
import { showContactHints } from "./contact-hints.js";

/** Somebody is still typing. */
const PREVIEW_AFTER = 500;

/**
 * @typedef {Record<string, import("./contact-hints.js").ContactHint>} Contacts
 * @typedef {{ channel: string, segments: number, price: string, contacts: Contacts }} Answer
 */

/** @param {HTMLFormElement} form */
export function wirePreview(form) {
  const address = form.dataset.preview;
  if (!address) return;
  const place = maybe("preview", HTMLElement);
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let asked = 0;

  const ask = async () => {
    const number = asked;
    const told = anybody(form) ? await answer(address, form) : null;
    if (number !== asked) return;
    if (place) setText(place, told ? sentence(told) : "");
    showContactHints(form, told?.contacts ?? {});
  };
  const later = () => {
    clearTimeout(timer);
    asked += 1;
    timer = setTimeout(() => void ask(), PREVIEW_AFTER);
  };
  form.addEventListener("input", later);
  // What stands there already; where something was refused, that says it.
  if (anybody(form) && !form.querySelector("[aria-invalid]")) later();
}

/** @param {HTMLFormElement} form */
function anybody(form) {
  return [...form.elements].some(
    (field) => field instanceof HTMLInputElement && field.name.endsWith("address") && field.value,
  );
}

/**
 * @param {string} address
 * @param {HTMLFormElement} form
 * @returns {Promise<Answer | null>}
 */
async function answer(address, form) {
  const fields = new URLSearchParams();
  for (const [name, value] of new FormData(form)) fields.append(name, String(value));
  const headers = { Accept: "application/json" };
  const options = { method: "POST", body: fields, headers };
  // An unfinished number is no mistake yet: whatever goes wrong, nothing is said.
  return fetch(address, options)
    .then((response) => (response.ok ? response.json() : null))
    .catch(() => null);
}

/** @param {Answer} told */
function sentence({ channel, segments, price }) {
  if (channel !== "sms") return "";
  const size = fill(
    _n("The invitation takes %(count)s SMS.", "The invitation takes %(count)s SMS.", segments),
    { count: segments },
  );
  return price ? `${size} ${fill(_("It costs about %(price)s."), { price })}` : size;
}
