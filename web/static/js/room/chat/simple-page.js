/**
 * The simple page where scripts do run: what is typed there is kept in the browser, as on the full page,
 * and what was written on that one and not sent stands in the field.
 */

import { openStore } from "../../shared/browser-store.js";
import { heldAt, heldInTab } from "./drafts.js";

/** @import { Change } from "../../shared/browser-store.js" */
/** @import { Unsent } from "./drafts.js" */

/**
 * @param {HTMLTextAreaElement} field
 * @param {string} seat what keys in the browser's store begin with
 */
export async function keepTyped(field, seat) {
  const store = await openStore();
  const key = `${seat}text`;
  const [commands, draft = ""] = await Promise.all([
    store.entries("commands", seat),
    store.get("drafts", key),
  ]);
  const held = heldInTab(seat);
  const written = [...messages(commands.map(([, kept]) => kept)), ...messages(held.unsent)];
  const text = [...written, held.draft, draft, field.value].reduce(merged);
  if (text !== field.value) field.value = text;
  // from now on it is sent when its author presses the button here
  /** @type {Change[]} */
  const sent = commands.map(([name]) => ["commands", name]);
  await store.write([...sent, ["drafts", key, text || undefined]]);
  forgetInTab(seat);
  field.addEventListener("input", () => {
    void store.write([["drafts", key, field.value || undefined]]);
  });
  field.form?.addEventListener("submit", () => void store.delete("drafts", key));
}

/** @param {readonly (Unsent & { order?: number })[]} kept */
function messages(kept) {
  return [...kept]
    .sort((one, other) => (one.order ?? 0) - (other.order ?? 0))
    .map(({ message }) => message.text);
}

/**
 * @param {string} one
 * @param {string} other
 */
function merged(one, other) {
  if (one.includes(other)) return one;
  return other.includes(one) ? other : `${one}\n${other}`;
}

/** @param {string} seat */
function forgetInTab(seat) {
  try {
    sessionStorage.removeItem(heldAt(seat));
  } catch {
    // Where storage is forbidden nothing was stored.
  }
}
