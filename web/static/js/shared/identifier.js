/** Identifiers from the browser: of commands, chat messages and this page's peer. */

/** @returns {string} a random identifier of 24 hexadecimal characters */
export function newId() {
  // randomUUID needs a secure context; a clinic may try this on a plain local address.
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
