/** The text of a chat message before it is sent: how long it is, and how it is divided. */

/** Where a text is best divided: between lines, else sentences, else words. */
const ENDS = [/\n/gu, /[.!?\u061f\u06d4\u0964\u104b\u1362\u3002]\s*/gu, /\s/gu];

/**
 * As the server will have it.
 * @param {string} typed
 */
export function cleaned(typed) {
  // Half of a pair of surrogates is no character, and no message that holds one arrives.
  return typed
    .trim()
    .normalize("NFC")
    .replace(/\p{Cs}/gu, "\ufffd");
}

/**
 * @param {string} text
 * @returns {number} characters, as the server counts them
 */
export function lengthOf(text) {
  return [...text].length;
}

/**
 * A text in pieces that are short enough, in their order; nothing but space between them is lost.
 * @param {string} text
 * @param {number} limit characters
 * @returns {string[]}
 */
export function inParts(text, limit) {
  const parts = [];
  let rest = text.trim();
  while (lengthOf(rest) > limit) {
    const most = [...rest].slice(0, limit).join("");
    const end = goodEnd(most);
    parts.push(rest.slice(0, end).trim());
    rest = rest.slice(end).trim();
  }
  return rest ? [...parts, rest] : parts;
}

/** @param {string} text */
function goodEnd(text) {
  for (const pattern of ENDS) {
    const last = [...text.matchAll(pattern)].at(-1);
    const end = last ? (last.index ?? 0) + last[0].length : 0;
    if (end > text.length / 2) return end;
  }
  return text.length;
}
