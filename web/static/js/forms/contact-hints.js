/** What an address or a number is taken for, beside the field where it is typed. */

import { _, fill } from "../shared/catalog.js";

/**
 * @typedef {{ address: string, shown: string }} Offer
 * @typedef {{ shown: string, country: string, doubt: string, offers: Offer[] }} ContactHint
 */

/**
 * What has not changed is not read out again.
 * @type {WeakMap<Element, string>}
 */
const lastSaid = new WeakMap();

/**
 * @param {HTMLFormElement} form
 * @param {Record<string, ContactHint>} told by the name of the field
 */
export function showContactHints(form, told) {
  for (const place of form.querySelectorAll("[data-understood]")) {
    if (!(place instanceof HTMLElement)) continue;
    const name = place.dataset.understood ?? "";
    const field = form.elements.namedItem(name);
    const now = told[name];
    const said = JSON.stringify(now ?? "");
    if (lastSaid.get(place) === said || !(field instanceof HTMLInputElement)) continue;
    lastSaid.set(place, said);
    place.replaceChildren(...(now ? parts(now, field) : []));
  }
}

/**
 * @param {ContactHint} told
 * @param {HTMLInputElement} field
 * @returns {(Node | string)[]}
 */
function parts({ shown, country, doubt, offers }, field) {
  const doubtful = document.createElement("span");
  doubtful.className = "error";
  doubtful.textContent = doubt;
  const place = country && ` (${country})`;
  const known = shown ? [leftToRight(shown), place, " "] : [];
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
