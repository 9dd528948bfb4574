/** Identifiers made by the browser: for commands, chat messages and this page's peer. */

/** @returns {string} 24 characters of a fresh random identifier. */
export function newId() {
  // randomUUID exists in secure contexts only; a clinic may try this on a plain local address.
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
