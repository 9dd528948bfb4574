/** The text of a chat message before it is sent: its length, and its division into parts. */

/** Where to divide a text: after a line, else a sentence, else a word. */
const PART_ENDS = [/\n/gu, /[.!?\u061f\u06d4\u0964\u104b\u1362\u3002]\s*/gu, /\s/gu];

/**
 * The text as the server stores it.
 * @param {string} typed
 */
export function cleaned(typed) {
  // A lone surrogate is no character: the server refuses messages with one.
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
 * Split a text into parts within a limit, in order; only white space between them is lost.
 * @param {string} text
 * @param {number} limit characters
 * @returns {string[]}
 */
export function inParts(text, limit) {
  const parts = [];
  let rest = text.trim();
  while (lengthOf(rest) > limit) {
    const most = [...rest].slice(0, limit).join("");
    const end = endOfPart(most);
    parts.push(rest.slice(0, end).trim());
    rest = rest.slice(end).trim();
  }
  return rest ? [...parts, rest] : parts;
}

/** @param {string} text */
function endOfPart(text) {
  for (const pattern of PART_ENDS) {
    const last = [...text.matchAll(pattern)].at(-1);
    const end = last ? (last.index ?? 0) + last[0].length : 0;
    if (end > text.length / 2) return end;
  }
  return text.length;
}
