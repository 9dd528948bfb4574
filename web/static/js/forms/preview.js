/** The server's preview of a form: the number of SMS, and how it reads the contacts. */

import { maybe, setText } from "../shared/dom.js";
import { _, _n, fill } from "../shared/catalog.js";
import { showContactHints } from "./contact-hints.js";

/** Waits for a pause in typing. */
const PREVIEW_DELAY = 500;

/**
 * @typedef {Record<string, import("./contact-hints.js").ContactHint>} Contacts
 * @typedef {object} Answer
 * @property {string} channel
 * @property {string[]} ways the channels by which a number can be reached
 * @property {string} trouble why nothing would arrive
 * @property {number} segments
 * @property {string} price
 * @property {Contacts} contacts
 */

/**
 * @param {HTMLFormElement} form
 * @param {(answer: Answer | null) => void} told
 */
export function wirePreview(form, told = () => {}) {
  const address = form.dataset.preview;
  if (!address) return;
  const place = maybe("preview", HTMLElement);
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let requests = 0;

  const request = async () => {
    const number = requests;
    const preview = hasContact(form) ? await fetchPreview(address, form) : null;
    if (number !== requests) return;
    if (place) setText(place, preview ? sentence(preview) : "");
    showContactHints(form, preview?.contacts ?? {});
    told(preview);
  };
  const later = () => {
    clearTimeout(timer);
    requests += 1;
    timer = setTimeout(() => void request(), PREVIEW_DELAY);
  };
  form.addEventListener("input", later);
  // Preview what the form already holds, unless it shows errors.
  if (hasContact(form) && !form.querySelector("[aria-invalid]")) later();
}

/** @param {HTMLFormElement} form */
function hasContact(form) {
  return [...form.elements].some(
    (field) => field instanceof HTMLInputElement && field.name.endsWith("address") && field.value,
  );
}

/**
 * @param {string} address
 * @param {HTMLFormElement} form
 * @returns {Promise<Answer | null>}
 */
async function fetchPreview(address, form) {
  const fields = new URLSearchParams();
  for (const [name, value] of new FormData(form)) fields.append(name, String(value));
  const headers = { Accept: "application/json" };
  const options = { method: "POST", body: fields, headers };
  // An unfinished number is no mistake yet: errors are ignored.
  return fetch(address, options)
    .then((response) => (response.ok ? response.json() : null))
    .catch(() => null);
}

/** @param {Answer} preview */
function sentence({ channel, segments, price }) {
  if (channel !== "sms") return "";
  const size = fill(
    _n("The invitation takes %(count)s SMS.", "The invitation takes %(count)s SMS.", segments),
    { count: segments },
  );
  return price ? `${size} ${fill(_("It costs about %(price)s."), { price })}` : size;
}
