/** The channel follows from the address: what is typed decides which ways are offered. */

import { inside, maybe, setText, show } from "../shared/dom.js";

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

/**
 * @param {HTMLFormElement} form
 * @returns {(preview: { ways: string[], trouble: string } | null) => void} takes what the server says of
 *   the address; null while it is not known
 */
export function wireWays(form) {
  const address = maybe("address", HTMLInputElement);
  const group = maybe("channel", HTMLFieldSetElement);
  if (!address || !group) return () => {};
  const radios = [...group.querySelectorAll("input")];
  const byMail = radios.find((radio) => radio.value === "");
  /** @type {string[] | null} */
  let ways = null;
  const follow = (/** @type {boolean} */ typing) => {
    const kind = kindOf(address.value.trim());
    const offered = radios.filter(({ value }) => {
      if (value === "none") return true;
      const phone = value === "sms" || value === "whatsapp";
      if (!phone) return kind === "email";
      return kind === "number" && (!ways || ways.includes(value));
    });
    for (const radio of radios) show(radio.closest("label"), offered.includes(radio));
    const chosen = radios.find((radio) => radio.checked);
    if (!typing || (chosen && offered.includes(chosen))) return;
    // Giving the link by hand is chosen by people alone.
    const other = offered.find(({ value }) => value !== "none") ?? byMail;
    for (const radio of radios) radio.checked = radio === other;
  };
  address.addEventListener("input", () => {
    ways = null;
    follow(true);
  });
  maybe("pass-on", HTMLButtonElement)?.addEventListener("click", () => {
    for (const radio of radios) radio.checked = radio.value === "none";
    follow(false);
    form.dispatchEvent(new Event("input"));
    radios.find((radio) => radio.checked)?.focus();
  });
  const label = byMail?.closest("label")?.querySelector("span");
  const word = maybe("no-way", HTMLElement)?.dataset.byEmail;
  if (label && word) setText(label, word);
  follow(false);
  return (preview) => {
    const place = maybe("no-way", HTMLElement);
    if (place) setText(inside(place, "p"), preview?.trouble ?? "");
    show(place, Boolean(preview?.trouble));
    if (!preview?.ways.length) return;
    ways = preview.ways;
    follow(true);
  };
}
