/** How the server reads an address or a number, shown beside its field. */

import { _, fill } from "../shared/catalog.js";

/**
 * @typedef {{ address: string, shown: string }} Offer
 * @typedef {{ shown: string, country: string, doubt: string, offers: Offer[] }} ContactHint
 */

/**
 * The last hints, which screen readers must not read again unless they change.
 * @type {WeakMap<Element, string>}
 */
const lastHints = new WeakMap();

/**
 * @param {HTMLFormElement} form
 * @param {Record<string, ContactHint>} hints by field name
 */
export function showContactHints(form, hints) {
  for (const element of form.querySelectorAll("[data-understood]")) {
    if (!(element instanceof HTMLElement)) continue;
    const name = element.dataset.understood ?? "";
    const field = form.elements.namedItem(name);
    const hint = hints[name];
    const json = JSON.stringify(hint ?? "");
    if (lastHints.get(element) === json || !(field instanceof HTMLInputElement)) continue;
    lastHints.set(element, json);
    element.replaceChildren(...(hint ? parts(hint, field) : []));
  }
}

/**
 * @param {ContactHint} hints
 * @param {HTMLInputElement} field
 * @returns {(Node | string)[]}
 */
function parts({ shown, country, doubt, offers }, field) {
  const doubtful = document.createElement("span");
  doubtful.className = "error";
  doubtful.textContent = doubt;
  const element = country && ` (${country})`;
  const known = shown ? [leftToRight(shown), element, " "] : [];
  return [...known, doubtful, ...offers.flatMap((offer) => [" ", button(offer, field)])];
}

/** @param {string} text */
function leftToRight(text) {
  const isolated = document.createElement("bdi");
  isolated.dir = "ltr";
  isolated.textContent = text;
  return isolated;
}

/**
 * @param {Offer} offer
 * @param {HTMLInputElement} field
 */
function button({ shown }, field) {
  const use = document.createElement("button");
  use.type = "button";
  use.textContent = fill(_("Use %(number)s"), { number: shown });
  use.addEventListener("click", () => {
    field.value = shown;
    field.focus();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
  return use;
}
