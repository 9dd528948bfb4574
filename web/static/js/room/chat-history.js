/**
 * The part of the chat that this page holds: consecutive lines, anywhere in the whole. Pure functions.
 * The positions of lines are 1, 2, 3 ... without gaps.
 */

/** @import { ChatLine } from "../signaling/values.js" */

/**
 * @typedef {object} History
 * @property {ChatLine[]} chat in the order of their positions
 * @property {number} last position of the newest line, held or not
 */

/** What an old phone shows without getting slow; beyond it, the lines far from the reader are dropped. */
export const MAX_HELD_LINES = 1000;

/**
 * Whether the newest line is held: only then new lines are added.
 * @param {History} history
 */
export function isAtEnd({ chat, last }) {
  return (chat.at(-1)?.position ?? 0) >= last;
}

/** @param {History} history */
export function isAtStart({ chat }) {
  return (chat[0]?.position ?? 1) <= 1;
}

/**
 * After a snapshot. Older lines that are being read stay; otherwise the newest lines are held, with
 * earlier ones if no line is missing between them.
 * @template {History} T
 * @param {T} history
 * @param {ChatLine[]} newest
 * @returns {T}
 */
export function withNewest(history, newest) {
  const last = newest.at(-1)?.position ?? 0;
  const held = history.chat.at(-1)?.position ?? 0;
  if (held > last) return { ...history, chat: newest, last };
  if (held && !isAtEnd(history)) return { ...history, last };
  return { ...history, chat: joined(history.chat, newest) ?? newest, last };
}

/**
 * After a new line.
 * @template {History} T
 * @param {T} history
 * @param {ChatLine} line
 * @returns {T}
 */
export function withLine(history, line) {
  const { chat } = history;
  const last = Math.max(history.last, line.position);
  const first = chat[0]?.position ?? 0;
  const end = chat.at(-1)?.position ?? 0;
  const late = line.position <= end && line.position >= first - 1;
  // While older lines are being read, the part still does not grow without limit.
  const next = line.position > end && isAtEnd(history) && chat.length < 2 * MAX_HELD_LINES;
  return { ...history, chat: late || next ? merged(chat, [line]) : chat, last };
}

/**
 * After a page of lines was read. One that does not adjoin the held lines came too late.
 * @template {History} T
 * @param {T} history
 * @param {ChatLine[]} page
 * @returns {T}
 */
export function withPage(history, page) {
  const lines = joined(history.chat, page);
  if (!lines) return history;
  const earlier = (page[0]?.position ?? 0) < (history.chat[0]?.position ?? 0);
  return {
    ...history,
    chat: earlier ? lines.slice(0, MAX_HELD_LINES) : lines.slice(-MAX_HELD_LINES),
    last: Math.max(history.last, page.at(-1)?.position ?? 0),
  };
}

/**
 * Without the oldest lines beyond the limit, while the newest ones are being read.
 * @template {History} T
 * @param {T} history
 * @returns {T}
 */
export function withoutOldest(history) {
  return { ...history, chat: history.chat.slice(-MAX_HELD_LINES) };
}

/**
 * @param {ChatLine[]} held
 * @param {ChatLine[]} lines
 * @returns {ChatLine[] | null} null if there are lines between the two
 */
function joined(held, lines) {
  const [first, end] = [held[0], held.at(-1)];
  const [from, to] = [lines[0], lines.at(-1)];
  if (!first || !end) return lines;
  if (!from || !to) return held;
  const apart = from.position > end.position + 1 || to.position < first.position - 1;
  return apart ? null : merged(held, lines);
}

/**
 * @param {ChatLine[]} held
 * @param {ChatLine[]} lines
 */
function merged(held, lines) {
  const byPosition = new Map([...held, ...lines].map((line) => [line.position, line]));
  return [...byPosition.values()].sort((one, other) => one.position - other.position);
}
