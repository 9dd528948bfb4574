/** Cut a text where parts of it keep their own direction. The rule is that of `web/texts/directions.py`. */

import { BREAK, LEFT, RIGHT, TOKEN } from "./direction-patterns.js";

/** @typedef {{ kind: "measure" | "right" | "left" | "part" | "mark", start: number, end: number, signed: boolean }} Token */

const ANY_LEFT = new RegExp(`[${LEFT}]`, "u");
const ANY_RIGHT = new RegExp(`[${RIGHT}\\u061b\\u061f\\u0660-\\u0669]`, "u");
const LETTER_LAST = new RegExp(`[${LEFT}0-9]$`, "u");
const PARTS = new RegExp(BREAK);
const LEFT_MARK = "\u200e";
const RIGHT_MARK = "\u200f";

/**
 * @param {string} text
 * @returns {{ text: string, isolate?: boolean, mark?: string }[]} the parts in order: what is to be
 *   isolated from left to right, what is not, and marks of direction between them, which have no text
 */
export function directed(text) {
  if (ANY_LEFT.test(text) && !ANY_RIGHT.test(text)) return [{ text }];
  /** @type {{ text: string, isolate?: boolean, mark?: string }[]} */
  const parts = [];
  const tokens = tokensOf(text);
  let done = 0;
  /** @param {number} start @param {number} end @param {string} before @param {string} [after] */
  const cut = (start, end, before, after = "") => {
    parts.push({ text: text.slice(done, start) }, { text: "", mark: before });
    parts.push({ text: text.slice(start, end), isolate: true }, { text: "", mark: after });
    done = end;
  };
  let base = "";
  let last = "";
  for (let place = 0; place < tokens.length; place += 1) {
    const { kind, start, end, signed } = tokens[place];
    if (kind === "mark") {
      last = "";
      if (text[start] === "\n") base = "";
    } else if (kind === "part") {
      // Arabic semicolons and question marks count as letters.
      last = "right";
      base ||= last;
    } else if (kind !== "measure") {
      last = kind;
      base ||= kind;
      if (signed && base === "right") cut(end, end, LEFT_MARK);
    } else if (
      leads(text, tokens, place) &&
      !(last === "left" && tokens[place + 1]?.kind === "left")
    ) {
      const mark = base === "right" ? RIGHT_MARK : LEFT_MARK;
      place = endOfList(text, tokens, place);
      cut(start, tokens[place].end, last === base ? "" : mark);
    } else if (last === "left") {
      // Its numbers and letters join the phrase by themselves.
      const mark = base === "right" ? LEFT_MARK : "";
      const gap = text.slice(tokens[place - 1].end, start + 1);
      if (signed || /[()[\]{}]/.test(gap) || /[\u0660-\u0669]/.test(text.slice(start, end))) {
        cut(start, end, mark, mark);
      }
    } else {
      place = endOfList(text, tokens, place);
      const stays = last === "right" && base === "left" && end === tokens[place].end;
      cut(start, tokens[place].end, "", stays ? RIGHT_MARK : "");
    }
  }
  parts.push({ text: text.slice(done) });
  return parts.filter((part) => part.text || part.mark);
}

/**
 * @param {string} text
 * @returns {Token[]}
 */
function tokensOf(text) {
  return [...text.matchAll(new RegExp(TOKEN, "gu"))].map((match) => {
    const [whole, measure, right, left, signs] = match;
    return {
      kind: measure
        ? "measure"
        : left
          ? "left"
          : right
            ? /[؛؟]/.test(right)
              ? "part"
              : "right"
            : "mark",
      start: match.index,
      end: match.index + whole.length,
      signed: measure ? !LETTER_LAST.test(measure) : Boolean(signs),
    };
  });
}

/**
 * Whether a comma, an edge of the line or the like parts a token from the one before.
 * @param {string} text
 * @param {Token[]} tokens
 * @param {number} place
 */
function parted(text, tokens, place) {
  const before = tokens[place - 1];
  const after = tokens[place];
  return !before || !after || PARTS.test(text.slice(before.end - 1, after.start + 1));
}

/** @param {Token | undefined} token */
const isWord = (token) => token?.kind === "left" || token?.kind === "right";

/**
 * Whether a measure begins an item of a list, as the one of the item before did.
 * @param {string} text
 * @param {Token[]} tokens
 * @param {number} place
 */
function leads(text, tokens, place) {
  if (tokens[place]?.kind !== "measure") return false;
  if (!parted(text, tokens, place) || parted(text, tokens, place + 1)) return false;
  let last = tokens[place - 1]?.kind === "part" ? place - 2 : place - 1;
  // How often, behind the name of what is taken.
  if (tokens[last]?.kind === "measure" && !parted(text, tokens, last)) last -= 1;
  let item = last;
  while (isWord(tokens[item]) && !parted(text, tokens, item)) item -= 1;
  return item < last && tokens[item]?.kind === "measure";
}

/**
 * The end of a list of doses and left-to-right words that a measure begins, or itself.
 * @param {string} text
 * @param {Token[]} tokens
 * @param {number} place
 */
function endOfList(text, tokens, place) {
  let end = place;
  let more = false;
  let closed = false;
  while (!parted(text, tokens, end + 1) && tokens[end + 1]?.kind === "left") {
    while (tokens[end + 1]?.kind === "left") end += 1;
    if (!parted(text, tokens, end + 1) && (closed || parted(text, tokens, end + 2))) {
      closed = tokens[end + 1].kind === "measure";
      if (closed) end += 1;
    }
    const measure = tokens[end + 1]?.kind === "measure";
    if (measure && !leads(text, tokens, end + 1)) return place;
    if (!measure || tokens[end + 2]?.kind !== "left") break;
    more = true;
    end += 1;
  }
  return more ? end : place;
}
